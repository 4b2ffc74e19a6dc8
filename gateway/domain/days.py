"""Which hours hold on a date: the weekly ones, unless that date has its own. This file knows no holidays or people.

A team's days and a person's shifts are the same kind of thing: a week on a wall clock, and dates on which it is
otherwise. A wall time is resolved here and nowhere else: one in a DST gap does not exist, one in a fold exists twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from gateway.domain.hours import DAY, Hours, HoursError, HoursFault, Span, clock, read_week

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Weekly hours and the dates that differ: spans in minutes since that midnight, empty for a closed day."""

    hours: Hours
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def __hash__(self) -> int:
        """A mapping has none of its own."""
        return hash((self.hours, frozenset(self.exceptions.items())))

    @property
    def zone(self) -> ZoneInfo:
        return self.hours.zone

    def spans(self, day: date) -> tuple[Span, ...]:
        """The open spans of a date, in minutes since its midnight by the wall clock; an end of 1440 is midnight."""
        if day in self.exceptions:
            return self.exceptions[day]
        first = day.weekday() * DAY
        cut = ((max(start - first, 0), min(end - first, DAY)) for start, end in self.hours.spans)
        return tuple((start, end) for start, end in cut if start < end)

    def is_open(self, at: datetime) -> bool:
        """Whether someone is there at this aware datetime."""
        wall = at.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        return any(start <= minute < end for start, end in self.spans(wall.date()))

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether someone is there from one aware datetime, on a whole minute, until another."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        minute, length = first.hour * 60 + first.minute, (end - start) // _MINUTE
        if first.utcoffset() == last.utcoffset() and minute + length <= DAY:
            return any(opens <= minute and minute + length <= closes for opens, closes in self.spans(first.date()))
        # The clock is set in between, or a day ends: too rare to be clever about.
        return all(self.is_open(start + step * _MINUTE) for step in range(length))

    def table(self, first: date, last: date) -> dict[str, list[tuple[str, str]]]:
        """The dates from first to last that differ, {"2026-12-24": [("09:00", "12:00")], "2026-12-25": []}."""
        return {
            day.isoformat(): [(clock(start), clock(end)) for start, end in self.exceptions[day]]
            for day in sorted(self.exceptions)
            if first <= day <= last
        }

    def changes_at(self, at: datetime) -> datetime | None:
        """When a team that is open at this aware datetime closes, or one that is closed opens, in UTC; None: never.

        Between two of the moments looked at, the wall clock runs evenly past no edge, so the state stays the same. Two
        dates are looked at together, since clocks that are set back at midnight show the end of a date again after the
        next has begun.
        """
        now, today = self.is_open(at), at.astimezone(self.zone).date()
        weeks_on = max([today, *self.exceptions]) + 9 * _DAY  # from there on every week is like the one before
        known = self._moments(today)
        for ahead in range(1, (weeks_on - today).days + 1):
            known, before = self._moments(today + ahead * _DAY), known
            changes = [one for one in (*before, *known) if one > at and self.is_open(one) != now]
            if changes:
                return min(changes)
        return None

    def _moments(self, day: date) -> list[datetime]:
        """On one date: where the wall clock passes an edge, as often as it does, and where it jumps."""
        midnight = datetime.combine(day, time())
        walls = {midnight + edge * _MINUTE for span in self.spans(day) for edge in span}
        passed = [moment for wall in walls for moment in resolve(wall, self.zone)]
        return [*passed, *_jumps(midnight.replace(tzinfo=self.zone).astimezone(UTC), self.zone)]


def _jumps(start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When the clock of this zone is set within a day from `start`, at most once, to the minute."""
    low, high = start, start + _DAY
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    yield high


def resolve(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The moments, in UTC, at which clocks of this zone show a naive time: none in a gap, two in a fold, else one.

    PEP 495: with fold=0 a time has the offset from before a change, with fold=1 the one from after it.
    """
    first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
    set_by = (second.utcoffset() or timedelta()) - (first.utcoffset() or timedelta())
    if not set_by:
        return (first.astimezone(UTC),)
    return () if set_by > timedelta() else (first.astimezone(UTC), second.astimezone(UTC))


def read_exceptions(table: Mapping[str, Sequence[str]]) -> Mapping[date, tuple[Span, ...]]:
    """Exceptions from {"2026-12-24": ["09:00-12:00"], "2026-12-25": []}. Raises HoursError with every mistake."""
    faults: list[HoursFault] = []
    found: dict[date, tuple[Span, ...]] = {}
    for key, ranges in table.items():
        try:
            found[_date(key)] = read_week({"mon": ranges})  # a Monday's minutes are those of any day
        except HoursError as error:
            faults += [fault._replace(key=key) for fault in error.faults]
        except ValueError:
            faults.append(HoursFault(key, None, "is not a date", 'write such as "2026-12-24"'))
    if faults:
        raise HoursError(faults)
    return MappingProxyType(found)


def _date(text: str) -> date:
    """Stricter than the library, which also takes "20261224" and "2026-W52-4"."""
    if _DATE.fullmatch(text) is None:
        raise ValueError(text)
    return date.fromisoformat(text)
