"""A booking as an iCalendar file, for the customer's own calendar to keep and to remind them by. We send nothing.

After RFC 5545, and RFC 5546 for the methods: PUBLISH, since a customer who adds it has agreed to it already and a
REQUEST would have their calendar mail an answer to nobody; CANCEL once it is cancelled. The same UID with a higher
SEQUENCE replaces what the calendar has. The reminder is the calendar's: a DISPLAY alarm a quarter of an hour before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from gateway.domain.instant import from_micros

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
LINE: Final = 75
"""Octets in a line, without its end (RFC 5545, 3.1)."""
REMIND: Final = "-PT15M"

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """What the file says. Times in microseconds since 1970, on whole seconds."""

    uid: str
    """Globally unique, the same for the life of the booking."""
    sequence: int
    """Raised whenever the booking is moved or cancelled."""
    changed_at: int
    start: int
    end: int
    zone: ZoneInfo
    """The customer's."""
    summary: str
    """A title, such as "Call: Front Range"."""
    details: str
    """More lines; "" for none."""
    url: str
    """Where the booking can be moved or cancelled."""
    team: str
    site: str
    """The team's own address, which is no secret."""
    cancelled: bool = False


def calendar_file(entry: CalendarEntry) -> bytes:
    """The whole file, UTF-8 in lines of at most 75 octets that end in CR LF."""
    method = "CANCEL" if entry.cancelled else "PUBLISH"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Teamline//Booked callbacks//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        *(() if _second_time(entry) else _timezone(entry.zone, from_micros(entry.start).year)),
        *_event(entry),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _event(entry: CalendarEntry) -> Iterator[str]:
    changed = _utc(from_micros(entry.changed_at))
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(entry.uid)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTAMP:{changed}"
    yield f"LAST-MODIFIED:{changed}"
    yield f"DTSTART{_when(entry, entry.start)}"
    yield f"DTEND{_when(entry, entry.end)}"
    yield f"SUMMARY:{_text(entry.summary)}"
    if entry.details:
        yield f"DESCRIPTION:{_text(entry.details)}"
    yield f"URL:{_plain(entry.url)}"
    # RFC 5546 asks for one in both methods. A page, for there is no mailbox that could be answered.
    yield f"ORGANIZER;CN={_quoted(entry.team)}:{_plain(entry.site)}"
    yield f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}"
    if not entry.cancelled:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{REMIND}")
        yield from (f"DESCRIPTION:{_text(entry.summary)}", "END:VALARM")
    yield "END:VEVENT"


def _second_time(entry: CalendarEntry) -> bool:
    """Whether it starts or ends in an hour that clocks show for the second time: a local time means the first (RFC
    5545, 3.3.5), so that such a booking is written in UTC."""
    return any(from_micros(at).astimezone(entry.zone).fold for at in (entry.start, entry.end))


def _when(entry: CalendarEntry, at: int) -> str:
    if _second_time(entry):
        return f":{_utc(from_micros(at))}"
    return f";TZID={entry.zone.key}:{from_micros(at).astimezone(entry.zone):%Y%m%dT%H%M%S}"


@lru_cache(maxsize=256)
def _timezone(zone: ZoneInfo, year: int) -> tuple[str, ...]:
    """The zone as far as an event of this year needs it: from the year before to the year after, each change by itself,
    since a rule for all years would claim more than is known."""
    first, last = datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 2, 1, 1, tzinfo=UTC)
    changes = ((change, change - _MINUTE) for change in transitions(zone, first, last))
    observances = (_observance(onset, before.astimezone(zone).utcoffset(), zone) for onset, before in changes)
    start = _observance(first, first.astimezone(zone).utcoffset(), zone)
    return ("BEGIN:VTIMEZONE", f"TZID:{zone.key}", *start, *chain.from_iterable(observances), "END:VTIMEZONE")


def _observance(onset: datetime, before: timedelta | None, zone: ZoneInfo) -> Iterator[str]:
    local = onset.astimezone(zone)
    name = "DAYLIGHT" if local.dst() else "STANDARD"
    before = before or timedelta()
    yield f"BEGIN:{name}"
    # The onset is told on the clock as it was before it.
    yield f"DTSTART:{onset.replace(tzinfo=None) + before:%Y%m%dT%H%M%S}"
    yield f"TZOFFSETFROM:{_offset(before)}"
    yield f"TZOFFSETTO:{_offset(local.utcoffset() or timedelta())}"
    yield f"TZNAME:{_text(local.tzname() or zone.key)}"
    yield f"END:{name}"


def transitions(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """When the clocks of a zone are set, or its time gets another name, in first..last; in UTC, to the minute.

    Looks once a day: a change that is taken back within one is not seen.
    """
    while first < last:
        low, high = first, min(first + _DAY, last)
        if _state(low, zone) != _state(high, zone):
            yield _edge(low, high, zone)
        first = high


def _edge(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = _state(low, zone)
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        low, high = (middle, high) if _state(middle, zone) == before else (low, middle)
    return high


def _state(at: datetime, zone: ZoneInfo) -> tuple[timedelta | None, str | None]:
    local = at.astimezone(zone)
    return local.utcoffset(), local.tzname()


def _offset(offset: timedelta) -> str:
    minutes = abs(offset) // _MINUTE
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}{minutes % 60:02}"


def _utc(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11): four characters escaped, control characters (a CR too) left out."""
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _plain(value.replace("\n", "\\n"))


def _quoted(value: str) -> str:
    """A parameter's value in quotes, with what cannot stand in them as RFC 6868 writes it."""
    return '"' + _plain(value.replace("^", "^^").replace('"', "^'").replace("\n", "^n")) + '"'


def _plain(value: str) -> str:
    return _CONTROLS.sub("", value).replace("\n", "")


def _folded(line: str) -> bytes:
    """One content line with its ends. A break is never inside a character, which some readers would not mend."""
    parts, room = [bytearray()], LINE
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(octets) > room:
            parts.append(bytearray(b" "))
            room = LINE - 1
        parts[-1] += octets
        room -= len(octets)
    return b"\r\n".join(parts) + b"\r\n"
