"""Weekly hours on a wall clock, across the nights on which it is moved."""

from __future__ import annotations

from datetime import UTC, datetime
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
    ("at", "is_open"),
    [
        ("2026-11-23 06:59:59.999999", False),  # a Monday
        ("2026-11-23 07:00", True),
        ("2026-11-23 20:59:59.999999", True),
        ("2026-11-23 21:00", False),
        ("2026-11-28 12:00", True),
        ("2026-11-28 13:00", False),
        ("2026-11-28 17:00", False),
        ("2026-11-29 12:00", False),
    ],
)
def test_a_week(at, is_open) -> None:
    """A start belongs to the open time, an end does not."""
    assert is_open == OFFICE.is_open(denver(at))


def test_without_hours_a_team_is_always_open() -> None:
    """Its default is all hours."""
    always = Hours(DENVER)
    assert always.is_open(utc("2026-03-08 09:30"))
    assert always == Hours.of(DENVER, {"mon-sun": ["00:00-24:00"]})


def test_a_team_that_is_never_open() -> None:
    """A table of empty days is closed for good."""
    assert not Hours.of(DENVER, {"mon-sun": []}).is_open(utc("2026-03-08 09:30"))


def test_midnight_is_no_gap() -> None:
    """A day that ends at 24:00 runs on into one that starts at 00:00, over the week's end too."""
    hours = Hours.of(DENVER, {"sun": ["20:00-24:00"], "mon": ["00:00-02:00"]})
    assert ((0, 120), (6 * DAY + 1200, WEEK)) == hours.spans


@pytest.mark.parametrize(
    ("zone", "hours", "at", "is_open"),
    [
        ("America/Denver", "02:30-04:00", "2026-03-08 08:59:59", False),  # 01:59:59, and then it is 03:00
        ("America/Denver", "02:30-04:00", "2026-03-08 09:00", True),
        ("America/Denver", "02:15-02:45", "2026-03-08 09:00", False),  # that hour never was
        ("America/Denver", "01:30-03:00", "2026-11-01 07:30", True),
        ("America/Denver", "01:30-03:00", "2026-11-01 08:00", False),  # 02:00 becomes 01:00 again
        ("America/Denver", "01:30-03:00", "2026-11-01 08:30", True),  # 01:30 for the second time
        ("Australia/Lord_Howe", "02:15-05:00", "2026-10-03 15:29:59", False),  # 01:59:59, and then it is 02:30
        ("Australia/Lord_Howe", "02:15-05:00", "2026-10-03 15:30", True),
    ],
)
def test_the_nights_on_which_the_clock_is_moved(zone, hours, at, is_open) -> None:
    """What the wall clock leaves out is left out, and what it shows twice counts twice."""
    assert is_open == Hours.of(ZoneInfo(zone), {"sun": [hours]}).is_open(utc(at))


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
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(TABLES, INSTANTS)
def test_the_wall_clock_decides(table, at) -> None:
    """A team is open exactly when its wall clock shows a time in a range of that day."""
    wall = at.astimezone(DENVER)
    ranges = [text.split("-") for text in table.get(DAYS[wall.weekday()], [])]
    expected = any(start <= f"{wall:%H:%M}" < end for start, end in ranges)
    assert expected == Hours.of(DENVER, table).is_open(at)
