"""When a team next closes or opens, looked for minute by minute to compare; the nights included when clocks are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.days import Days, read_exceptions
from gateway.domain.hours import DAYS, Hours

DENVER = ZoneInfo("America/Denver")
OFFICE = Hours.of(DENVER, {"mon-fri": ["07:00-21:00"], "sat": ["09:00-13:00", "14:00-17:00"]})
ZONES = ("America/Denver", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia", "Asia/Kathmandu", "UTC")
NIGHTS = (
    "2026-03-08",
    "2026-11-01",
    "2026-04-05",
    "2026-10-04",
    "2026-03-29",
    "2026-10-25",
    "2011-12-29",
    "2026-06-01",
)
MINUTES = st.integers(0, 24 * 60)


def denver(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DENVER)


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-11-23 06:59", "2026-11-23 07:00"),
        ("2026-11-23 07:00", "2026-11-23 21:00"),
        ("2026-11-23 21:00", "2026-11-24 07:00"),
        ("2026-11-28 13:30", "2026-11-28 14:00"),
        ("2026-11-28 17:00", "2026-11-30 07:00"),
    ],
)
def test_a_week(at: str, change: str) -> None:
    """The end of the hours that run, or the start of those that come."""
    assert denver(change).astimezone(UTC) == Days(OFFICE).changes_at(denver(at))


@pytest.mark.parametrize("table", [{"mon-sun": ["00:00-24:00"]}, {"mon-sun": []}])
def test_what_never_changes(table: dict[str, list[str]]) -> None:
    """A team that is always or never there has no next change."""
    assert Days(Hours.of(DENVER, table)).changes_at(denver("2026-11-23 12:00")) is None


def test_one_span_a_week() -> None:
    """The change may be nearly a week away, and just behind one that has been."""
    hours = Days(Hours.of(DENVER, {"mon": ["09:00-09:01"]}))
    assert denver("2026-11-30 09:00").astimezone(UTC) == hours.changes_at(denver("2026-11-23 09:01"))


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-12-23 21:00", "2026-12-24 09:00"),
        ("2026-12-24 10:00", "2026-12-24 12:00"),
        ("2026-12-24 12:00", "2027-01-20 07:00"),
        ("2027-01-20 21:00", "2027-01-21 07:00"),
    ],
)
def test_dates_that_differ(at: str, change: str) -> None:
    """A shorter day, and weeks in which nobody is there, however far ahead they end."""
    closed = {f"2026-12-{day}": [] for day in range(25, 32)} | {f"2027-01-{day:02}": [] for day in range(1, 20)}
    office = Days(OFFICE, read_exceptions({"2026-12-24": ["09:00-12:00"], **closed}))
    assert denver(change).astimezone(UTC) == office.changes_at(denver(at))


def test_the_table_is_what_was_read() -> None:
    """Each day with its spans; what runs over midnight ends and starts there."""
    assert [("09:00", "13:00"), ("14:00", "17:00")] == OFFICE.table()["sat"]
    assert {"sun": []}.items() <= OFFICE.table().items()
    assert {day: [("00:00", "24:00")] for day in DAYS} == Hours(DENVER).table()


@st.composite
def days(draw: st.DrawFn) -> list[str]:
    edges = sorted(draw(st.sets(MINUTES, min_size=0, max_size=4)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES), st.sampled_from(NIGHTS), st.integers(0, 26 * 60), st.lists(days(), min_size=7, max_size=7)
)
def test_it_is_the_first_minute_that_differs(zone: str, night: str, minute: int, week: list[list[str]]) -> None:
    """Until the change nothing changes, and then it does."""
    hours = Days(Hours.of(ZoneInfo(zone), dict(zip(DAYS, week, strict=True))))
    at = datetime.fromisoformat(night).replace(tzinfo=UTC) - timedelta(hours=12) + timedelta(minutes=minute)
    change = hours.changes_at(at)
    now, looked = hours.is_open(at), at
    for _ in range(3 * 24 * 60):
        looked += timedelta(minutes=1)
        if hours.is_open(looked) != now:
            assert looked == change
            return
    assert change is None or change > looked
