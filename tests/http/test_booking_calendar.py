"""The calendar file of a booking: by the token and by a signed link, and what it says after each change."""

from __future__ import annotations

from datetime import datetime

from icalendar import Calendar

from tests.http.booking import book, times
from tests.http.guest import Guest, guest
from tests.http.running import Desk


async def test_the_calendar_file(desk: Desk) -> None:
    """Under the token and by the signed link; the same UID with a higher SEQUENCE when moved, and CANCEL at the end."""
    ann = await guest(desk)
    first, second = (await times(ann))[:2]
    made = await book(ann, first["id"], zone="America/New_York", about="Router; blinks, red")
    before, by_link = await file(ann, made["id"]), await fetched(desk, made["ics"])
    assert before == by_link
    event = before.walk("VEVENT")[0]
    assert (datetime.fromisoformat(made["start"]), 0) == (event.decoded("DTSTART"), event["SEQUENCE"])
    assert ("Call: Front Range", "We call +17205550123\nRouter; blinks, red") == (
        event["SUMMARY"],
        event["DESCRIPTION"],
    )
    assert ("PUBLISH", "CONFIRMED", 1) == (before["METHOD"], event["STATUS"], len(before.walk("VALARM")))
    await ann.call("PATCH", f"/bookings/{made['id']}", {"slot": second["id"]})
    moved = (await fetched(desk, made["ics"])).walk("VEVENT")[0]
    assert (event["UID"], 1) == (moved["UID"], moved["SEQUENCE"])
    await ann.call("DELETE", f"/bookings/{made['id']}")
    gone = await fetched(desk, made["ics"])
    assert ("CANCEL", "CANCELLED", 2) == (
        gone["METHOD"],
        (last := gone.walk("VEVENT")[0])["STATUS"],
        last["SEQUENCE"],
    )


async def file(who: Guest, booking: str) -> Calendar:
    url = f"{who.desk.url}/api/customer/v1/bookings/{booking}.ics"
    async with who.desk.http.get(url, headers={"Authorization": f"Bearer {who.token}"}) as response:
        assert 'attachment; filename="call.ics"' in response.headers["Content-Disposition"]
        return parsed(response.headers["Content-Type"], await response.read())


async def fetched(desk: Desk, url: str) -> Calendar:
    async with desk.http.get(url.replace(desk.deps.settings().public_url, desk.url)) as response:
        return parsed(response.headers["Content-Type"], await response.read())


def parsed(kind: str, content: bytes) -> Calendar:
    assert "text/calendar; charset=utf-8" == kind
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    return calendar
