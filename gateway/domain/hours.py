"""When a team is there: weekly hours on its own wall clock. This file knows no dates, holidays or people.

A team is open exactly while a clock on its wall shows a time inside its hours. So on the night a clock goes forward an
hour is missing, and on the night it goes back an hour comes twice: both follow from the wall clock and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 24 * 60
WEEK: Final = 7 * DAY

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))", re.ASCII)

Span = tuple[int, int]
"""Minutes since Monday 00:00; the end is not included."""


class HoursFault(NamedTuple):
    """One mistake in a table of hours; `place` is a position in the key's list, None for the key itself."""

    key: str
    place: int | None
    problem: str
    remedy: str


class HoursError(ValueError):
    """A table of hours that cannot be used, with every mistake in it."""

    def __init__(self, faults: Sequence[HoursFault]) -> None:
        super().__init__("; ".join(fault.problem for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of open spans, sorted, apart from each other and inside 0..WEEK, in a time zone."""

    zone: ZoneInfo
    spans: tuple[Span, ...] = ((0, WEEK),)

    @classmethod
    def of(cls, zone: ZoneInfo, table: Mapping[str, Sequence[str]]) -> Hours:
        """Hours from {"mon-fri": ["07:00-21:00"], "sat": []}; a day not named is closed. Raises HoursError."""
        return cls(zone, read_week(table))

    def is_open(self, at: datetime) -> bool:
        """Whether someone is there at this aware datetime."""
        wall = at.astimezone(self.zone)
        minute = wall.weekday() * DAY + wall.hour * 60 + wall.minute
        return any(start <= minute < end for start, end in self.spans)

    def table(self) -> dict[str, list[tuple[str, str]]]:
        """The open spans of each day, {"mon": [("07:00", "21:00")], ...}; midnight at the end of a day is "24:00"."""
        days: dict[str, list[tuple[str, str]]] = {}
        for day, name in enumerate(DAYS):
            first, last = day * DAY, (day + 1) * DAY
            cut = [(max(start, first) - first, min(end, last) - first) for start, end in self.spans]
            days[name] = [(clock(start), clock(end)) for start, end in cut if start < end]
        return days


def clock(minute: int) -> str:
    """A minute of a day as it is written: "07:00"; the last, at midnight, is "24:00"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def read_week(table: Mapping[str, Sequence[str]]) -> tuple[Span, ...]:
    """Spans from a table of hours, touching ones joined. Raises HoursError with every mistake."""
    faults: list[HoursFault] = []
    taken: dict[str, str] = {}
    spans: list[Span] = []
    if not table:
        faults.append(HoursFault("", None, "names no day", "leave it out for a team that is always open"))
    for key, ranges in table.items():
        days = _days(key, taken, faults)
        day_spans = _day_spans(key, ranges, faults)
        spans += [(day * DAY + start, day * DAY + end) for day in days for start, end in day_spans]
    if faults:
        raise HoursError(faults)
    return tuple(_joined(spans))


def _days(key: str, taken: dict[str, str], faults: list[HoursFault]) -> list[int]:
    first, dash, last = key.partition("-")
    if first not in DAYS or (dash and last not in DAYS) or first == last:
        known = 'write a day such as "mon" or a range such as "mon-fri", of ' + ", ".join(DAYS)
        faults.append(HoursFault(key, None, "is not a day", known))
        return []
    start = DAYS.index(first)
    length = (DAYS.index(last or first) - start) % 7 + 1
    days = [(start + step) % 7 for step in range(length)]
    for day in days:
        earlier = taken.setdefault(DAYS[day], key)
        if earlier != key:
            faults.append(HoursFault(key, None, f'names {DAYS[day]}, as "{earlier}" does', "name each day once"))
            break
    return days


def _day_spans(key: str, ranges: Sequence[str], faults: list[HoursFault]) -> list[Span]:
    spans: list[Span] = []
    for index, text in enumerate(ranges):
        match = _SPAN.fullmatch(text)
        if match is None:
            remedy = 'write such as "07:00-21:00"; midnight at the end is "24:00"'
            faults.append(HoursFault(key, index, "is not a range of hours", remedy))
            continue
        hour, minute, *end = (int(group) for group in match.groups() if group is not None)
        spans.append((hour * 60 + minute, end[0] * 60 + end[1]))
        if spans[-1][0] >= spans[-1][1]:
            remedy = 'end it at "24:00" and go on the next day from "00:00"'
            faults.append(HoursFault(key, index, "does not end after it starts", remedy))
        elif any(spans[-1][0] < end and start < spans[-1][1] for start, end in spans[:-1]):
            faults.append(HoursFault(key, index, "overlaps another range of that day", "join the two"))
    return spans


def _joined(spans: list[Span]) -> Iterator[Span]:
    edges = sorted(spans)
    if not edges:
        return
    cuts = [0, *(i for i, (a, b) in enumerate(pairwise(edges), 1) if a[1] < b[0]), len(edges)]
    for first, after in pairwise(cuts):
        yield edges[first][0], edges[after - 1][1]
