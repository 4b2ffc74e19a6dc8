"""Which hours hold on a date, and what a time on the wall means."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.days import Days, read_exceptions, resolve
from gateway.domain.hours import DAY, Hours, HoursError

DENVER = ZoneInfo("America/Denver")
DAYS = Days(
    Hours.of(DENVER, {"mon-fri": ["07:00-21:00"], "sat-sun": ["00:00-24:00"]}),
    read_exceptions({"2026-11-26": [], "2026-11-27": ["10:00-12:00", "12:00-24:00"], "2026-11-01": ["01:15-03:00"]}),
)


@pytest.mark.parametrize(
    ("day", "spans"),
    [
        (date(2026, 11, 25), ((420, 1260),)),
        (date(2026, 11, 26), ()),
        (date(2026, 11, 27), ((600, DAY),)),
        (date(2026, 11, 28), ((0, DAY),)),
    ],
)
def test_a_date_has_its_own_hours_or_the_weekly_ones(day: date, spans: tuple[tuple[int, int], ...]) -> None:
    """Spans are minutes of that date; a week's span that goes over midnight is cut there."""
    assert spans == DAYS.spans(day)


@pytest.mark.parametrize(
    ("start", "minutes", "covered"),
    [
        ("2026-11-25 20:30", 30, True),
        ("2026-11-25 20:31", 30, False),
        ("2026-11-26 12:00", 1, False),
        ("2026-11-27 23:30", 90, True),  # over midnight, into the open Saturday
        ("2026-11-29 23:30", 90, False),  # and out of the open Sunday
        ("2026-11-01 01:15", 45, True),
        ("2026-11-01 01:15", 60, False),  # at 02:00 it is 01:00 again, before the opening
    ],
)
def test_open_throughout(start: str, minutes: int, covered: bool) -> None:
    """A stretch is covered when every minute of it is open."""
    first = datetime.fromisoformat(start).replace(tzinfo=DENVER).astimezone(UTC)
    assert covered == DAYS.covers(first, first + timedelta(minutes=minutes))


NEAR = st.sampled_from(["2026-03-08T09:00Z", "2026-11-01T08:00Z", "2026-11-27T07:00Z"]).map(datetime.fromisoformat)


@settings(deadline=None)
@given(NEAR, st.integers(-180, 180), st.integers(1, 240))
def test_covered_is_open_at_every_minute(near: datetime, offset: int, minutes: int) -> None:
    """The short way and the long way agree, also where the clock is set and where days meet."""
    first = near + timedelta(minutes=offset)
    expected = all(DAYS.is_open(first + timedelta(minutes=minute)) for minute in range(minutes))
    assert expected == DAYS.covers(first, first + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("wall", "moments"),
    [
        ("2026-03-08 02:30", []),
        ("2026-03-08 03:00", ["2026-03-08 09:00"]),
        ("2026-11-01 01:30", ["2026-11-01 07:30", "2026-11-01 08:30"]),
        ("2026-11-01 02:00", ["2026-11-01 09:00"]),
    ],
)
def test_a_wall_time_is_resolved(wall: str, moments: list[str]) -> None:
    """A time in a gap is no moment, one in a fold is two."""
    expected = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in moments]
    assert expected == list(resolve(datetime.fromisoformat(wall), DENVER))


def test_every_mistake_in_the_dates_is_told_at_once() -> None:
    """A table of dates with four mistakes has four faults, each with its place."""
    with pytest.raises(HoursError) as caught:
        read_exceptions({"20261224": [], "2026-02-30": [], "2026-12-24": ["9-12"], "2026-12-25": ["09:00-09:00"]})
    assert [("20261224", None), ("2026-02-30", None), ("2026-12-24", 0), ("2026-12-25", 0)] == [
        (fault.key, fault.place) for fault in caught.value.faults
    ]
