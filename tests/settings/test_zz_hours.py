"""Weekly hours on a wall clock, across the nights on which it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.hours import DAY, DAYS, WEEK, Hours, HoursError, read_week

DENVER = ZoneInfo("America/Denver")
OFFICE = Hours.of(DENVER, {"mon-fri": ["07:00-21:00"], "sat": ["09:00-13:00", "14:00-17:00"]})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def denver(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DENVER)


@pytest.mark.parametrize(
    ("at", "is_open", "next_change"),
    [
        ("2026-11-23 06:59:59.999999", False, "2026-11-23 07:00"),  # a Monday
        ("2026-11-23 07:00", True, "2026-11-23 21:00"),
        ("2026-11-23 20:59:59.999999", True, "2026-11-23 21:00"),
        ("2026-11-23 21:00", False, "2026-11-24 07:00"),
        ("2026-11-28 12:00", True, "2026-11-28 13:00"),
        ("2026-11-28 13:00", False, "2026-11-28 14:00"),
        ("2026-11-28 17:00", False, "2026-11-30 07:00"),
        ("2026-11-29 12:00", False, "2026-11-30 07:00"),
    ],
)
def test_a_week(at, is_open, next_change) -> None:
    """A start belongs to the open time, an end does not."""
    assert is_open == OFFICE.is_open(denver(at))
    assert denver(next_change) == OFFICE.next_change(denver(at))


def test_without_hours_a_team_is_always_open() -> None:
    """Its default is all hours, and that never changes."""
    always = Hours(DENVER)
    assert always.is_open(utc("2026-03-08 09:30"))
    assert always.next_change(utc("2026-03-08 09:30")) is None
    assert always == Hours.of(DENVER, {"mon-sun": ["00:00-24:00"]})


def test_a_team_that_is_never_open() -> None:
    """A table of empty days is closed for good."""
    never = Hours.of(DENVER, {"mon-sun": []})
    assert not never.is_open(utc("2026-03-08 09:30"))
    assert never.next_change(utc("2026-03-08 09:30")) is None


def test_midnight_is_no_gap() -> None:
    """A day that ends at 24:00 runs on into one that starts at 00:00, over the week's end too."""
    hours = Hours.of(DENVER, {"sun": ["20:00-24:00"], "mon": ["00:00-02:00"]})
    assert ((0, 120), (6 * DAY + 1200, WEEK)) == hours.spans
    assert denver("2026-11-23 02:00") == hours.next_change(denver("2026-11-22 21:00"))


def test_the_night_the_clock_goes_forward() -> None:
    """02:00 to 03:00 does not exist, so a team that opens at 02:30 opens with the shift, at 03:00."""
    hours = Hours.of(DENVER, {"sun": ["02:30-04:00"]})
    shift = utc("2026-03-08 09:00")
    assert shift == hours.next_change(utc("2026-03-08 08:00"))
    assert utc("2026-03-08 10:00") == hours.next_change(shift)


def test_a_shift_that_swallows_the_hours() -> None:
    """A span that does not exist that night is left out until next week."""
    hours = Hours.of(DENVER, {"sun": ["02:15-02:45"]})
    assert denver("2026-03-15 02:15") == hours.next_change(denver("2026-03-07 12:00"))


def test_the_night_the_clock_goes_back() -> None:
    """01:00 to 02:00 comes twice, and so do the hours in it."""
    hours = Hours.of(DENVER, {"sun": ["01:30-03:00"]})
    changes = [utc("2026-11-01 07:00")]
    for _ in range(4):
        changes.append(hours.next_change(changes[-1]))
    assert (
        [
            utc("2026-11-01 07:30"),  # 01:30
            utc("2026-11-01 08:00"),  # 02:00 becomes 01:00 again
            utc("2026-11-01 08:30"),  # 01:30 for the second time
            utc("2026-11-01 10:00"),  # 03:00
        ]
        == changes[1:]
    )


def test_a_clock_shift_of_half_an_hour() -> None:
    """Lord Howe Island moves its clock by thirty minutes."""
    hours = Hours.of(ZoneInfo("Australia/Lord_Howe"), {"sun": ["02:15-05:00"]})
    assert utc("2026-10-03 15:30") == hours.next_change(utc("2026-10-03 12:00"))


def test_a_range_of_days_may_wrap_the_week() -> None:
    """sat-mon is three days."""
    assert ((0, 60), (5 * DAY, 5 * DAY + 60), (6 * DAY, 6 * DAY + 60)) == read_week({"sat-mon": ["00:00-01:00"]})


def test_every_mistake_is_told_at_once() -> None:
    """A table with three mistakes has three faults, each with its place."""
    with pytest.raises(HoursError) as caught:
        read_week({"mon": ["9-5"], "tuesday": [], "wed": ["08:00-12:00", "11:00-13:00"]})
    assert [("mon", 0), ("tuesday", None), ("wed", 1)] == [(fault.key, fault.place) for fault in caught.value.faults]


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


RANGES = st.lists(st.integers(0, DAY), max_size=6, unique=True).map(sorted)
TABLES = st.dictionaries(st.sampled_from(DAYS), RANGES, min_size=1).map(
    lambda table: {
        day: [f"{clock(start)}-{clock(end)}" for start, end in list(pairwise(edges))[::2]]
        for day, edges in table.items()
    }
)
ZONES = st.sampled_from(["UTC", "America/Denver", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None, max_examples=6000)
@given(TABLES, ZONES.map(ZoneInfo), INSTANTS, st.floats(0, 1))
def test_the_next_change_is_the_next_change(table, zone, at, share) -> None:
    """Between an instant and its next change the state is one, and at the change it is the other."""
    hours = Hours.of(zone, table)
    change = hours.next_change(at)
    if change is None:
        assert hours.is_open(at) == hours.is_open(at + share * timedelta(days=30))
    else:
        assert at < change
        assert hours.is_open(at) == hours.is_open(at + share * (change - at - timedelta(microseconds=1)))
        assert hours.is_open(at) == hours.is_open(change - timedelta(microseconds=1))
        assert hours.is_open(at) != hours.is_open(change)


@settings(deadline=None, max_examples=6000)
@given(TABLES, INSTANTS)
def test_the_wall_clock_decides(table, at) -> None:
    """A team is open exactly when its wall clock shows a time in a range of that day."""
    wall = at.astimezone(DENVER)
    ranges = [text.split("-") for text in table.get(DAYS[wall.weekday()], [])]
    expected = any(start <= f"{wall:%H:%M}" < end for start, end in ranges)
    assert expected == Hours.of(DENVER, table).is_open(at)
