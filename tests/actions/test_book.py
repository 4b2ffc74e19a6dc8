"""A booking is made within what a team has: its days, its terms, its people's shifts; and for the right customer."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from gateway.actions import book, booking_view, rebook
from gateway.actions.app_visit import enter
from gateway.actions.book import Once, Rules, Wish
from gateway.actions.booker import Linked
from gateway.actions.call import Order, call
from gateway.actions.pass_on import pass_on
from gateway.domain.author import AgentId, CustomerId
from gateway.domain.days import Days, read_exceptions
from gateway.domain.hours import Hours
from gateway.domain.instant import micros
from gateway.domain.message import ThreadId
from gateway.domain.routing import Teams
from gateway.domain.slots import Callbacks, Kind, SlotKey
from gateway.domain.team import Team
from gateway.errors import IllegalMove, Invalid, NobodyThere, NotFound, SlotFull, Unauthenticated
from gateway.store import visitors
from gateway.store.credentials import secret_hash
from gateway.store.forgetting import SILENT_FOR, forget_silent
from gateway.store.visitors import Token
from tests.actions.test_app_visit import NOBODY, PHONE, VERIFIED, entry
from tests.company import FRONT, LAKES, Company

DENVER: Final = ZoneInfo("America/Denver")
OFFICE: Final = Team(FRONT, "Front Range", DENVER, (), Days(Hours.of(DENVER, {"mon-fri": ["09:00-17:00"]})))
_UIDS: Final = itertools.count()


def wall(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=DENVER))


MONDAY: Final = "2026-11-23"
TEN: Final = wall(f"{MONDAY} 10:00")


def rules(team: Team = OFFICE, number: Callable[[str], str] = str, **terms: int) -> Rules:
    changed = dataclasses.replace(team, callbacks=Callbacks(**terms)) if terms else team
    return Rules(Teams({team.id: changed}, team.id), number)


def wish(at: int | None = TEN, kind: Kind = "call", phone: str | None = PHONE) -> Wish:
    return Wish(kind, None if at is None else SlotKey(kind, at), phone, "", None, f"uid {next(_UIDS)}")


async def visitor(company: Company, name: str) -> Token:
    secret = secret_hash(name)
    await company.store.write(visitors.create, "web", f"visitor-{name}", FRONT, secret, company.clock.tick())
    return Token(secret, frozenset({"web", "app"}))


async def made(company: Company, who: Token | Linked, wanted: Wish, given: Rules) -> dict[str, Any]:
    done = await company.store.write(book.book, who, wanted, given, Once(None, b""), company.clock.tick())
    booking: dict[str, Any] = done["booking"]
    return booking


async def works(company: Company, agent: AgentId, week: dict[str, list[str]], dates: dict[str, list[str]]) -> None:
    insert = "INSERT INTO shift (agent_id, team_id, week, dates) VALUES (?1, ?2, ?3, ?4)"
    await company.sql(insert, agent, FRONT, json.dumps(week), json.dumps(dates))


async def left(company: Company, kind: Kind, given: Rules) -> dict[str, int]:
    """Places by the wall clock of the team, on Monday."""
    who = await visitor(company, f"looks {next(_UIDS)}")
    day = wall(f"{MONDAY} 00:00"), wall(f"{MONDAY} 23:59")
    kinds: list[Kind] = [kind]
    found = await company.store.read(booking_view.slots, who, kinds, *day, given.teams, company.clock())
    starts = [(datetime.fromisoformat(one["start"]).astimezone(DENVER), one["left"]) for one in found["items"]]
    return {f"{start:%H:%M}": places for start, places in starts}


async def test_shifts_bound_the_calls(company: Company) -> None:
    """As many calls as people are there for all of it, and no more than the terms say; for chats one person is enough.
    Whoever has left the team counts no more."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    cleo = await company.hire("cleo", LAKES)
    await works(company, ana.id, {"mon": ["09:00-12:00"]}, {})
    await works(company, ben.id, {}, {MONDAY: ["11:00-13:00"]})
    await works(company, cleo.id, {"mon": ["09:00-17:00"]}, {})
    calls = await left(company, "call", rules(call=5, slot_minutes=60))
    assert {"09:00": 1, "10:00": 1, "11:00": 2, "12:00": 1} == calls
    assert {4} == set((await left(company, "chat", rules(slot_minutes=60))).values())
    await made(company, await visitor(company, "a"), wish(), rules(call=5, slot_minutes=60))
    with pytest.raises(SlotFull):
        await made(company, await visitor(company, "b"), wish(), rules(call=5, slot_minutes=60))


async def test_a_closed_date(company: Company) -> None:
    """What the week offers, a date of its own may not."""
    closed = dataclasses.replace(OFFICE, days=Days(OFFICE.hours, read_exceptions({MONDAY: []})))
    with pytest.raises(Invalid, match="does not offer that time") as refused:
        await made(company, await visitor(company, "a"), wish(), rules(closed))
    assert "2026-11-24T16:00:00.000000Z" == refused.value.facts["slots"][0]["start"]
    assert [(0, 0)] == await company.rows("SELECT (SELECT count(*) FROM thread), (SELECT count(*) FROM line)")


async def test_the_hour_that_comes_twice(company: Company) -> None:
    """On the night on which clocks go back, 01:00 is two times: each has places of its own, and its own id."""
    night = dataclasses.replace(OFFICE, days=Days(Hours.of(DENVER, {"sun": ["00:00-03:00"]})))
    given = rules(night, call=1, slot_minutes=60)
    company.clock.at = wall("2026-10-31 12:00")
    first, second = (micros(datetime(2026, 11, 1, 1, fold=fold, tzinfo=DENVER)) for fold in (0, 1))
    ann, bob = await visitor(company, "a"), await visitor(company, "b")
    starts = [(await made(company, who, wish(at), given))["start"] for who, at in ((ann, first), (bob, second))]
    assert ["2026-11-01T07:00:00.000000Z", "2026-11-01T08:00:00.000000Z"] == starts


async def test_when_the_clock_looks_first(company: Company) -> None:
    """A quarter of an hour before, also after it was moved."""
    ann, given = await visitor(company, "a"), rules()
    booking = await made(company, ann, wish(), given)
    due = "SELECT at - due_at, state, step FROM booking"
    assert [(900_000_000, "booked", None)] == await company.rows(due)
    await company.sql("UPDATE booking SET state = 'claimed', step = 'ask', step_at = 1, due_at = at")
    later = rebook.Change(SlotKey("call", TEN + 1_800_000_000))
    await company.store.write(rebook.change, ann, int(booking["id"]), later, given, company.clock.tick())
    assert [(900_000_000, "booked", None)] == await company.rows(due)


async def test_what_was_begun_and_left_is_chosen_anew(company: Company) -> None:
    """While a person is at it a booking is not moved or cancelled; once it is left its customer sees the next times,
    moves it, cancels it or books anew, which takes its place. A word about it only is refused, and rings nobody."""
    given = rules()
    ana = await company.hire("ana", FRONT)
    for number, end in enumerate(("move", "cancel", "anew")):
        who = await visitor(company, f"ann {number}")
        id_ = int((await made(company, who, wish(), given))["id"])
        change = rebook.Change(SlotKey("call", TEN + 10_800_000_000))
        company.clock.at = TEN
        await company.store.write(pass_on, given.teams, company.clock(), 50)
        order = Order(ana.secret, id_, None, "", None, b"", company.clock())
        await company.store.write(call, order, given.teams)
        with pytest.raises(IllegalMove):
            await company.store.write(rebook.change, who, id_, change, given, company.clock())
        company.clock.at = TEN + 1_800_000_000
        await company.store.write(pass_on, given.teams, company.clock(), 50)
        seen = (await company.store.read(booking_view.one, who, id_, given.teams, company.clock()))["booking"]
        assert ("begun", True) == (seen["state"], len(seen["next"]) > 0)
        with pytest.raises(IllegalMove):
            await company.store.write(rebook.change, who, id_, rebook.Change(about="the modem"), given, company.clock())
        if end == "anew":
            assert str(id_ + 1) == (await made(company, who, wish(TEN + 10_800_000_000), given))["id"]
            after = await company.store.read(booking_view.one, who, id_, given.teams, company.clock())
        elif end == "move":
            after = await company.store.write(rebook.change, who, id_, change, given, company.clock())
        else:
            after = await company.store.write(rebook.cancel, who, id_, given, company.clock())
        assert ("booked" if end == "move" else "cancelled", False) == (
            after["booking"]["state"],
            "begun_by" in after["booking"],
        )
        company.clock.at = TEN - 86_400_000_000


async def test_now_is_for_open_hours(company: Company) -> None:
    """On a Sunday nobody is there; on Monday it rings at once."""
    await company.hire("ana", FRONT)
    ann = await visitor(company, "a")
    with pytest.raises(NobodyThere) as refused:
        await made(company, ann, wish(None), rules())
    assert wall(f"{MONDAY} 09:00") == micros(datetime.fromisoformat(refused.value.facts["slots"][0]["start"]))
    company.clock.at = TEN
    await made(company, ann, wish(None), rules())
    ((state, at, due, made_at),) = await company.rows("SELECT state, at, due_at, created_at FROM booking")
    assert ("ringing", made_at, made_at) == (state, at, due)


async def test_a_team_that_takes_no_calls(company: Company) -> None:
    """With no places for calls there are none to book, nor now."""
    await company.hire("ana", FRONT)
    company.clock.at = TEN
    ann, given = await visitor(company, "a"), rules(call=0)
    calls: list[Kind] = ["call"]
    found = await company.store.read(booking_view.slots, ann, calls, None, None, given.teams, TEN)
    assert ([], ["chat"], {"call": False}) == (found["items"], found["kinds"], found["now"])
    for wanted in (wish(TEN + 7_200_000_000), wish(None)):
        with pytest.raises(Invalid):
            await made(company, ann, wanted, given)


async def test_a_team_that_is_gone(company: Company) -> None:
    """Bookings are refused where the config knows the team no more; nothing was made."""
    lakes = dataclasses.replace(OFFICE, id=LAKES)
    with pytest.raises(Invalid, match="takes no bookings any more"):
        await made(company, await visitor(company, "a"), wish(), rules(lakes))
    assert [(0,)] == await company.rows("SELECT count(*) FROM thread")


async def test_a_verified_phone(company: Company) -> None:
    """Who is known by the company's word may leave the number out; who is not must say it."""
    await company.store.write(enter, entry(company, b"1", "1", VERIFIED))
    await company.store.write(enter, entry(company, b"2", "2", dataclasses.replace(NOBODY, phone="+13035550199")))
    first, second = (Token(secret, frozenset({"app"})) for secret in (b"1", b"2"))
    assert PHONE == (await made(company, first, wish(phone=None), rules()))["phone"]
    with pytest.raises(Invalid, match="needs a number"):
        await made(company, second, wish(phone=None), rules())


async def test_a_number_that_is_theirs_is_looked_at_too(company: Company) -> None:
    """What may not be called is not called because somebody texts from it."""

    def nowhere(_number: str) -> str:
        raise Invalid("phone: not there")

    await company.store.write(enter, entry(company, b"1", "1", VERIFIED))
    with pytest.raises(Invalid, match="not there"):
        await made(company, Token(b"1", frozenset({"app"})), wish(phone=None), rules(number=nowhere))


async def test_who_has_booked_stays_who_they_are(company: Company) -> None:
    """A phone that is verified later joins nobody with a booking to another customer; a texter's app has one thread."""
    text = await company.text(sender=PHONE)
    await company.store.write(enter, entry(company, b"1", "1"))
    ann = Token(b"1", frozenset({"app"}))
    booking = await made(company, ann, wish(), rules())
    await company.store.write(enter, entry(company, b"2", "1", VERIFIED))
    newer = Token(b"2", frozenset({"app"}))
    team, found = await company.store.read(booking_view.all_of, newer, rules().teams, company.clock())
    assert (FRONT, [booking["id"]]) == (team, [one["booking"]["id"] for one in found])
    assert found[0]["thread"] != text.thread
    await company.store.write(enter, entry(company, b"3", "3", VERIFIED))
    both = await company.store.write(
        book.book, Token(b"3", frozenset({"app"})), wish(), rules(), Once(None, b""), company.clock.tick()
    )
    assert text.thread == both["thread"]


async def test_a_link_names_both(company: Company) -> None:
    """A thread with another customer than the one it was made for is nobody's."""
    text = await company.text(sender=PHONE)
    ((customer,),) = await company.rows("SELECT customer_id FROM thread")
    good = Linked(text.thread, CustomerId(customer))
    assert PHONE == (await made(company, good, wish(phone=None), rules()))["phone"]
    for other in (Linked(text.thread, CustomerId(customer + 1)), Linked(ThreadId(text.thread + 1), good.customer)):
        with pytest.raises(Unauthenticated):
            await company.store.read(booking_view.all_of, other, rules().teams, company.clock())


async def test_who_has_booked_is_not_forgotten(company: Company) -> None:
    """However silent they are."""
    ann = await visitor(company, "a")
    booking = await made(company, ann, wish(), rules())
    now = company.clock() + 2 * (SILENT_FOR // visitors.MICROSECOND)
    await company.store.write(forget_silent, 0, now)
    found = await company.store.read(booking_view.one, ann, int(booking["id"]), rules().teams, now)
    assert booking["id"] == found["booking"]["id"]
    with pytest.raises(NotFound):
        await company.store.read(booking_view.one, ann, int(booking["id"]) + 1, rules().teams, now)


async def test_nothing_stays_of_a_refusal(company: Company) -> None:
    """A visitor who is refused has no thread, and their key may be used again."""
    ann = await visitor(company, "a")
    order = (Once("k", b"the same"), company.clock.tick())
    with pytest.raises(Invalid):
        await company.store.write(book.book, ann, wish(TEN + 60_000_000), rules(), *order)
    assert [(0,)] == await company.rows("SELECT count(*) FROM thread")
    assert (await company.store.write(book.book, ann, wish(), rules(), *order))["booking"]["id"]
