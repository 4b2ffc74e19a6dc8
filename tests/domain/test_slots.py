"""Which times a team offers, and why it refuses the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.author import AgentId
from gateway.domain.days import Days, read_exceptions
from gateway.domain.hours import DAYS, Hours
from gateway.domain.instant import from_micros, micros
from gateway.domain.slots import REASONS, Callbacks, Offer, SlotKey, parse_slot, slot_id
from gateway.errors import Invalid

DENVER = ZoneInfo("America/Denver")
WEEK = Hours.of(DENVER, {"mon-fri": ["07:00-21:00"], "sat": ["09:00-13:00", "14:00-17:00"]})
OFFER = Offer(Days(WEEK))
MINUTE = 60_000_000
ANA, BEN, CEM = AgentId(1), AgentId(2), AgentId(3)


def at(text: str) -> int:
    """A time on a wall in Denver."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=DENVER))


NOW = at("2026-11-23 16:10")  # a Monday


def starts(offer: Offer, since: str, until: str, kind: str = "call", taken: dict[int, int] | None = None) -> list[str]:
    """Where slots start on the wall, as "17:30"."""
    found = offer.slots(kind, at(since), at(until), NOW, taken or {})
    return [f"{from_micros(slot.start).astimezone(offer.days.zone):%H:%M}" for slot in found]


def test_the_slots_of_an_evening() -> None:
    """Slots stand on the half hours of the team's clock, and the last ends when the team closes."""
    assert ["17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30"] == starts(
        OFFER, "2026-11-23 17:01", "2026-11-24"
    )


def test_a_slot_says_all_that_a_client_needs() -> None:
    """A slot has its moment in UTC, the team's zone, what is left, and an id that names the moment."""
    slot = next(OFFER.slots("chat", NOW, NOW + 240 * MINUTE, NOW, {at("2026-11-23 17:30"): 3}))
    assert ("chat-20261124T0030Z", at("2026-11-23 17:30"), at("2026-11-23 18:00"), "America/Denver", 1) == (
        slot.id,
        slot.start,
        slot.end,
        slot.zone,
        slot.left,
    )


def test_a_split_day() -> None:
    """A break at noon is not offered."""
    assert ["12:00", "12:30", "14:00"] == starts(OFFER, "2026-11-28 12:00", "2026-11-28 14:30")


def test_the_grid_stays_where_it_is() -> None:
    """Opening at a quarter past offers the same half hours as opening on the hour, without the first."""
    offer = Offer(Days(Hours.of(DENVER, {"tue": ["07:15-08:45"]})))
    assert ["07:30", "08:00"] == starts(offer, "2026-11-24", "2026-11-25")


def test_a_full_slot_is_shown_as_full() -> None:
    """A slot with all places taken is listed with none left, never with fewer."""
    taken = {at("2026-11-24 07:00"): 2, at("2026-11-24 07:30"): 9, at("2026-11-24 08:00"): 1}
    found = OFFER.slots("call", at("2026-11-24 07:00"), at("2026-11-24 08:30"), NOW, taken)
    assert [0, 0, 1] == [slot.left for slot in found]


def test_what_comes_instead_of_a_full_slot() -> None:
    """The next times are the first free ones from the one that was asked for, over the night if need be."""
    taken = {at("2026-11-23 20:00"): 2}
    found = OFFER.next_free(SlotKey("call", at("2026-11-23 20:00")), NOW, taken, most=3)
    assert [at("2026-11-23 20:30"), at("2026-11-24 07:00"), at("2026-11-24 07:30")] == [slot.start for slot in found]


def test_dates_of_their_own() -> None:
    """A closed day offers nothing, and a day with other hours offers those."""
    other = read_exceptions({"2026-11-26": [], "2026-11-27": ["10:00-11:00"], "2026-11-29": ["12:00-12:30"]})
    offer = Offer(Days(WEEK, other))
    assert ["10:00", "10:30"] == starts(offer, "2026-11-26", "2026-11-28")
    assert ["12:00"] == starts(offer, "2026-11-29", "2026-11-30")


def shift(*ranges: str) -> Days:
    return Days(Hours.of(DENVER, {"tue": list(ranges)}))


def test_people_on_shift_bound_the_calls() -> None:
    """A person takes one call in a slot, and only in one that their shift covers to its end."""
    people = {ANA: shift("07:00-08:30"), BEN: shift("07:30-08:45"), CEM: shift("07:30-08:00")}
    slots = Offer(Days(WEEK), shifts=people).slots("call", at("2026-11-24"), at("2026-11-25"), NOW, {})
    assert [("14:00", 1), ("14:30", 2), ("15:00", 2)] == [(f"{from_micros(s.start):%H:%M}", s.left) for s in slots]


def test_one_on_shift_is_enough_for_the_chats() -> None:
    """Chats keep all their places while anyone is on shift, and have none while nobody is."""
    slots = Offer(Days(WEEK), shifts={ANA: shift("07:00-08:00")}).slots("chat", NOW, at("2026-11-25"), NOW, {})
    assert [4, 4] == [slot.left for slot in slots]


def test_a_person_on_leave() -> None:
    """A shift has dates of its own too."""
    away = Days(shift("07:00-08:00").hours, {date(2026, 11, 24): ()})
    assert [] == starts(Offer(Days(WEEK), shifts={ANA: away}), "2026-11-24", "2026-11-25")


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("2026-11-23 16:00", "past"),
        ("2026-11-23 17:00", "too_soon"),
        ("2026-11-23 17:30", None),
        ("2026-11-23 17:31", "not_offered"),
        ("2026-11-23 21:00", "not_offered"),
        ("2026-11-29 12:00", "not_offered"),
        ("2026-11-24 08:00", "full"),
        ("2026-12-07 20:30", None),
        ("2026-12-08 07:00", "too_far"),
    ],
)
def test_why_a_time_is_refused(start: str, reason: str | None) -> None:
    """Each time that cannot be booked has its one reason, with words for it; the horizon is a date."""
    assert reason == OFFER.refusal(SlotKey("call", at(start)), NOW, {at("2026-11-24 08:00"): 2})
    assert reason is None or REASONS[reason]


def test_a_kind_without_places_is_not_offered() -> None:
    """A team that takes no calls offers no slot for one, and refuses it."""
    offer = Offer(Days(WEEK), Callbacks(call=0))
    assert [] == starts(offer, "2026-11-24", "2026-11-25")
    assert "not_offered" == offer.refusal(SlotKey("call", at("2026-11-24 08:00")), NOW, {})


@pytest.mark.parametrize(
    "terms",
    [
        {"call": -1},
        {"chat": -1},
        {"lead_minutes": -1},
        {"slot_minutes": 50},
        {"slot_minutes": 0},
        {"slot_minutes": 1440},
        {"horizon_days": 0},
        {"horizon_days": 367},
    ],
)
def test_terms_that_cannot_be_kept(terms: dict[str, int]) -> None:
    """Terms are refused when they are made."""
    with pytest.raises(ValueError):
        Callbacks(**terms)


@given(st.sampled_from(["call", "chat"]), st.integers(0, 250_000_000_000 // 60))
def test_an_id_names_its_slot(kind, minutes) -> None:
    """What an id was made from is what it is read as."""
    assert SlotKey(kind, minutes * MINUTE) == parse_slot(slot_id(kind, minutes * MINUTE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "call",
        "call-20261124T0030",
        "CALL-20261124T0030Z",
        "sms-20261124T0030Z",
        "call-20260231T0030Z",
        "call-20261124T2460Z",
        "call-20261124T0030Z\n",
        "call-00000101T0000Z",
        "call-\u0662\u0660261124T0030Z",
        " call-20261124T0030Z",
    ],
)
def test_what_is_no_id(text: str) -> None:
    """Only the one spelling of an id is read."""
    with pytest.raises(Invalid):
        parse_slot(text)


@given(st.text() | st.from_regex(r"(call|chat)-\d{8}T\d{4}Z", fullmatch=True))
def test_an_id_has_one_spelling(text: str) -> None:
    """Any text is refused, or is exactly the id of what it is read as."""
    try:
        key = parse_slot(text)
    except Invalid:
        return
    assert text == slot_id(*key)


ZONES = st.sampled_from(
    ["America/Denver", "Australia/Lord_Howe", "Antarctica/Troll", "Europe/Dublin", "Asia/Beirut", "America/Nuuk", "UTC"]
).map(ZoneInfo)
EDGES = st.lists(st.integers(0, 95), max_size=4, unique=True).map(sorted)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        day: EDGES.map(lambda edges: [f"{clock(a)}-{clock(b)}" for a, b in list(pairwise(edges))[::2]]) for day in DAYS
    },
).filter(bool)
NOWS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)).map(micros)  # noqa: DTZ001


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


OFFERS = st.builds(
    lambda zone, table, length, lead: Offer(
        Days(Hours.of(zone, table)), Callbacks(slot_minutes=length, lead_minutes=lead, horizon_days=7)
    ),
    ZONES,
    TABLES | st.just({"mon-sun": ["00:00-24:00"]}),
    st.sampled_from([15, 20, 30, 45, 60, 90, 240]),
    st.integers(0, 300),
)


@settings(deadline=None, max_examples=40)
@given(OFFERS, NOWS)
def test_what_every_slot_has(offer: Offer, now: int) -> None:
    """Every slot lies within open time, on the grid of the wall clock, apart from the next, and can be booked."""
    found = list(offer.slots("call", now, now + 3 * 1440 * MINUTE, now, {}))
    length = offer.terms.slot_minutes
    for slot in found:
        start = from_micros(slot.start)
        wall = start.astimezone(offer.days.zone)
        assert (length * MINUTE, 0) == (slot.end - slot.start, (wall.hour * 60 + wall.minute) % length)
        assert all(offer.days.hours.is_open(start + timedelta(minutes=minute)) for minute in range(0, length, 5))
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert {None} >= {offer.refusal(parse_slot(slot.id), now, {}) for slot in found[::7]}


@settings(deadline=None, max_examples=40)
@given(OFFERS, NOWS, st.integers(0, 7 * 1440), st.integers(0, 7 * 1440))
def test_a_range_can_be_read_in_parts(offer: Offer, now: int, one: int, other: int) -> None:
    """Two ranges that meet have the slots of the whole, so that a slot is not offered by how one asks."""
    middle, end = now + min(one, other) * MINUTE, now + max(one, other) * MINUTE
    parts = [*offer.slots("call", now, middle, now, {}), *offer.slots("call", middle, end, now, {})]
    assert list(offer.slots("call", now, end, now, {})) == parts


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.lists(st.integers(0, 6), max_size=60))
def test_never_beyond_capacity(places: int, wishes: list[int]) -> None:
    """However many ask, a slot is given as often as it has places, and to each who asks while one is left."""
    offer = Offer(Days(WEEK), Callbacks(call=places))
    taken: dict[int, int] = {}
    for wish in wishes:
        key = SlotKey("call", at("2026-11-24 07:00") + wish * 30 * MINUTE)
        if offer.refusal(key, NOW, taken) is None:
            taken[key.start] = taken.get(key.start, 0) + 1
    asked = (at("2026-11-24 07:00") + wish * 30 * MINUTE for wish in wishes)
    assert {
        start: min(places, wishes.count((start - at("2026-11-24 07:00")) // (30 * MINUTE))) for start in asked
    } == taken


def test_a_slot_that_reaches_over_midnight() -> None:
    """Where an evening's last slot goes on into the next day because the clock jumps to it, the next day starts later,
    also for one who asks from there."""
    offer = Offer(Days(Hours(ZoneInfo("America/Nuuk"))), Callbacks(slot_minutes=45, lead_minutes=0))
    now, midnight = (datetime(2027, 3, 28, hour, tzinfo=UTC) for hour in (0, 1))  # 23:00 is 00:00
    found = offer.slots("call", micros(midnight), micros(midnight) + 120 * MINUTE, micros(now), {})
    assert ["01:45", "02:30"] == [f"{from_micros(slot.start):%H:%M}" for slot in found]
    assert "not_offered" == offer.refusal(SlotKey("call", micros(midnight)), micros(now), {})


@pytest.mark.parametrize("far", [-(2**63), 0, 2**63 - 1])
def test_a_range_that_nobody_means(far: int) -> None:
    """Any two numbers are a range: what lies outside the horizon has no slots."""
    assert [] == list(OFFER.slots("call", far, far, NOW, {}))
    everything = list(OFFER.slots("call", -(2**63), 2**63 - 1, NOW, {}))
    assert (at("2026-11-23 17:30"), at("2026-12-07 20:30")) == (everything[0].start, everything[-1].start)
