"""Bookings as calendar files: for the customer who asks under their token, and for whoever has the signed link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.actions import booking_view
from gateway.actions.booker import Linked
from gateway.domain.booking import Booking
from gateway.domain.calendar_file import MEDIA_TYPE, CalendarEntry, calendar_file
from gateway.errors import NotFound
from gateway.files.names import disposition
from gateway.http import headers
from gateway.http.booking_links import BookingLinks
from gateway.http.deps import Deps
from gateway.http.files import Gone

_TITLES: Final = {"call": "Call", "chat": "Chat"}
_FILE: Final = headers.API | {"Cross-Origin-Resource-Policy": "cross-origin", "Content-Type": MEDIA_TYPE}


def calendar(deps: Deps, booking: Booking) -> web.Response:
    """The file, as it stands now."""
    team = deps.settings().teams.get(booking.team)
    name = booking.team if team is None else team.name
    title = _TITLES[booking.kind]
    entry = CalendarEntry(
        booking.uid,
        booking.sequence,
        booking.changed_at,
        booking.at,
        booking.ends_at,
        ZoneInfo(booking.zone),
        f"{title}: {name}",
        "\n".join(_details(booking)),
        BookingLinks(deps).page(Linked(booking.thread, booking.customer), booking.ends_at),
        name,
        f"{deps.settings().public_url}/",
        booking.state == "cancelled",
    )
    saved = {"Content-Disposition": disposition(f"{title.lower()}.ics", inline=False)}
    return web.Response(body=calendar_file(entry), headers=_FILE | saved)


def _details(booking: Booking) -> Iterator[str]:
    """The number that will be called, and what it is about in the customer's words."""
    if booking.phone is not None:
        yield f"We call {booking.phone}"
    if booking.about:
        yield booking.about


class Calendars:
    """/calendar/{token}/callback.ics."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Raises Gone, whatever is wrong with the link; Unavailable."""
        booking = BookingLinks(self._deps).booking(request.match_info["token"])
        if booking is None:
            raise Gone
        try:
            entry = await self._deps.store.read(booking_view.signed_entry, booking)
        except NotFound:
            raise Gone from None
        return calendar(self._deps, entry)
