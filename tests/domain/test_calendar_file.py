"""Calendar files, read back by another library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.calendar_file import CalendarEntry, calendar_file, transitions
from gateway.domain.instant import micros

DENVER = ZoneInfo("America/Denver")
START = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
ENTRY = CalendarEntry(
    uid="b-7c1f@care.example.com",
    sequence=0,
    changed_at=micros(datetime(2026, 11, 22, 9, 5, tzinfo=UTC)),
    start=micros(START),
    end=micros(START + timedelta(minutes=30)),
    zone=DENVER,
    summary="Call: Front Range",
    details="About the boiler; it leaks, again\nBring the invoice",
    url="https://care.example.com/b/7c1f?k=x",
    team="Front Range",
    site="https://care.example.com/",
)


def parsed(entry: CalendarEntry) -> Any:
    return icalendar.Calendar.from_ical(calendar_file(entry))


def event(entry: CalendarEntry) -> Any:
    (found,) = parsed(entry).walk("VEVENT")
    return found


def moments(entry: CalendarEntry) -> tuple[datetime, datetime]:
    """Start and end as the other library reads them. In UTC, for in an hour that comes twice Python calls no two times
    of different zones equal."""
    found = event(entry)
    return found.start.astimezone(UTC), found.end.astimezone(UTC)


def at(moment: datetime, zone: ZoneInfo = DENVER) -> CalendarEntry:
    return replace(ENTRY, start=micros(moment), end=micros(moment + timedelta(minutes=30)), zone=zone)


def test_a_booking() -> None:
    """Another library reads what the booking says, in the customer's zone."""
    calendar, found = parsed(ENTRY), event(ENTRY)
    assert ("2.0", "PUBLISH") == (calendar["VERSION"], calendar["METHOD"])
    assert (ENTRY.uid, 0, "CONFIRMED") == (found["UID"], found["SEQUENCE"], found["STATUS"])
    assert (ENTRY.summary, ENTRY.details, ENTRY.url) == (found["SUMMARY"], found["DESCRIPTION"], found["URL"])
    assert ("Front Range", ENTRY.site) == (found["ORGANIZER"].params["CN"], str(found["ORGANIZER"]))
    assert "America/Denver" == found["DTSTART"].params["TZID"]
    assert (START, START + timedelta(minutes=30)) == (found.start, found.end)
    assert datetime(2026, 11, 22, 9, 5, tzinfo=UTC) == found["DTSTAMP"].dt


def test_a_moved_booking() -> None:
    """Moving keeps the UID and raises SEQUENCE, so that the calendar replaces what it has."""
    moved = event(replace(ENTRY, sequence=3, start=ENTRY.start + 3_600_000_000, end=ENTRY.end + 3_600_000_000))
    assert (ENTRY.uid, 3, START + timedelta(hours=1)) == (moved["UID"], moved["SEQUENCE"], moved.start)


def test_a_cancelled_booking() -> None:
    """A cancellation says so twice, as RFC 5546 asks, and reminds of nothing."""
    gone = replace(ENTRY, sequence=4, cancelled=True)
    assert ("CANCEL", "CANCELLED", ENTRY.uid, 4) == (
        parsed(gone)["METHOD"],
        event(gone)["STATUS"],
        event(gone)["UID"],
        event(gone)["SEQUENCE"],
    )
    assert [] == parsed(gone).walk("VALARM")


def test_the_calendar_reminds() -> None:
    """A quarter of an hour before, the customer's own calendar shows the title."""
    (alarm,) = parsed(ENTRY).walk("VALARM")
    assert ("DISPLAY", timedelta(minutes=-15), ENTRY.summary) == (
        alarm["ACTION"],
        alarm["TRIGGER"].dt,
        alarm["DESCRIPTION"],
    )


def test_without_details() -> None:
    """No details, no line for them."""
    assert "DESCRIPTION" not in event(replace(ENTRY, details=""))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120)


@settings(deadline=None, max_examples=50)
@given(TEXTS.filter(bool), TEXTS)
@example("\\n;,:\"^'", "a\r\nb\\\n\\,")
@example("\u65e5\u672c" * 60, "\U0001f3fd" * 40)
def test_every_text_comes_back(summary: str, details: str) -> None:
    """Whatever people write is read as they wrote it, in lines of at most 75 octets that each are whole UTF-8."""
    data = calendar_file(replace(ENTRY, summary=summary, details=details))
    lines = data.split(b"\r\n")
    assert (b"", True) == (lines.pop(), all(len(line) <= 75 and b"\n" not in line for line in lines))
    assert "\r\n".join(line.decode() for line in lines) + "\r\n" == data.decode()
    (found,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert (summary, details.replace("\r\n", "\n")) == (found["SUMMARY"], found.get("DESCRIPTION", ""))


@pytest.mark.parametrize("field", ["uid", "summary", "details", "url", "team"])
def test_no_text_adds_a_line(field: str) -> None:
    """Line breaks and control characters in any field stay inside that field or are left out."""
    names = [line.partition(b":")[0].partition(b";")[0] for line in calendar_file(ENTRY).split(b"\r\n")]
    forged = calendar_file(replace(ENTRY, **{field: 'x"\r\nATTACH:y\nATTACH:z\x00\x85'}))
    found = [line.partition(b":")[0].partition(b";")[0] for line in forged.split(b"\r\n") if line[:1] != b" "]
    assert [name for name in names if name[:1] != b" "] == found


def test_a_name_in_quotes() -> None:
    """A team's name with quotes and commas comes back whole."""
    name = 'Care, "West" ^n Co; Ltd: 1'
    assert name == event(replace(ENTRY, team=name))["ORGANIZER"].params["CN"]


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2026-11-01T07:00Z", b"DTSTART;TZID=America/Denver:20261101T010000"),
        ("2026-11-01T08:30Z", b"DTSTART:20261101T083000Z"),
        ("2026-11-01T07:30Z", b"DTSTART:20261101T073000Z"),  # it ends where the second hour begins
        ("2026-11-01T09:00Z", b"DTSTART;TZID=America/Denver:20261101T020000"),
        ("2026-03-08T09:00Z", b"DTSTART;TZID=America/Denver:20260308T030000"),
    ],
)
def test_an_hour_that_comes_twice(moment: str, written: bytes) -> None:
    """A local time means the first of two, so that the second is written in UTC; each is read as its moment."""
    entry = at(datetime.fromisoformat(moment))
    assert written in calendar_file(entry).split(b"\r\n")
    assert datetime.fromisoformat(moment) == moments(entry)[0]


ZONES = ["America/Denver", "Europe/Dublin", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca"]
MORE_ZONES = ["America/Nuuk", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "UTC", "Etc/GMT+12"]


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(ZONES + MORE_ZONES), st.integers(0, 9 * 366 * 96), st.sampled_from([-180, -60, 0, 60, 180]))
def test_a_moment_is_read_back(name: str, quarter: int, beside: int) -> None:
    """In any zone and season, near changes above all, a calendar finds the moment that was booked, both by the zone's
    name and by nothing but the rules in the file."""
    zone, moment = ZoneInfo(name), datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    change = next(transitions(zone, moment, moment + timedelta(days=366)), moment)
    for start in (moment, change + timedelta(minutes=beside)):
        entry = at(start, zone)
        assert (start, start + timedelta(minutes=30)) == moments(entry)
        for rules in parsed(entry).walk("VTIMEZONE"):
            local = start.astimezone(zone).replace(tzinfo=rules.to_tz(lookup_tzid=False))
            assert start == local.astimezone(UTC)


@pytest.mark.parametrize("name", ZONES)
def test_the_file_has_the_changes_around_it(name: str) -> None:
    """Each change from the year before to the year after stands in the file, told on the clock before it."""
    zone, (rules,) = ZoneInfo(name), parsed(at(START, ZoneInfo(name))).walk("VTIMEZONE")
    assert name == rules["TZID"]
    found = [(part["DTSTART"].dt - part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td) for part in rules.subcomponents]
    hours = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * step) for step in range(3 * 365 * 48))
    seen = [(hour.replace(tzinfo=None), hour.astimezone(zone).utcoffset()) for hour in hours]
    assert found == [seen[0], *(new for old, new in pairwise(seen) if old[1] != new[1])]
