"""Links to bookings: one with which a customer books without an account, and one to a calendar file.

Signed as links to files are, under labels of their own, so that none can be made or taken for another. The first names
a customer and the thread that is booked in: whoever has it may see, make, move and cancel that customer's bookings, and
nothing else. The second names one booking, for a calendar to fetch within hours.
"""

from __future__ import annotations

import base64
import hmac
import struct
from typing import Final

from gateway.actions.booker import Linked
from gateway.domain.author import CustomerId
from gateway.domain.booking import BookingId
from gateway.domain.message import ThreadId
from gateway.files.links import HOUR, PAGE_SECONDS
from gateway.http.deps import Deps

PREFIX: Final = "bk_"
"""Of a token that books, so that it is known for one where others come too."""
LASTS: Final = 60 * 24 * HOUR
"""Seconds that a link for booking is good, from now or from the end of the booking that it comes with."""

_THEIRS: Final = struct.Struct(">QQQ")
"""Thread, customer, end in seconds since 1970."""
_CALENDAR: Final = struct.Struct(">QQ")
"""Booking, end."""
_MAC: Final = 32


class BookingLinks:
    """Makes and reads them."""

    def __init__(self, deps: Deps) -> None:
        self._now = deps.clock() // 1_000_000
        self._public_url = deps.settings().public_url
        self._booking, self._file = deps.links.key("booking"), deps.links.key("calendar")

    def page(self, linked: Linked, until: int = 0) -> str:
        """The URL of the page on which one books; `until`: the end of a booking, in microseconds since 1970."""
        ends = max(self._now, until // 1_000_000) // HOUR * HOUR + HOUR + LASTS
        token = _token(self._booking, _THEIRS.pack(linked.thread, linked.customer, ends))
        return f"{self._public_url}/book/{PREFIX}{token}"

    def linked(self, token: str) -> Linked | None:
        """Whom a token names; None for one that has ended, and for what we never made."""
        facts = _facts(self._booking, token.removeprefix(PREFIX), _THEIRS) if token.startswith(PREFIX) else None
        if facts is None or facts[2] <= self._now:
            return None
        return Linked(ThreadId(facts[0]), CustomerId(facts[1]))

    def calendar(self, booking: BookingId) -> str:
        """The URL of its calendar file, the same for a while."""
        token = _token(self._file, _CALENDAR.pack(booking, self._now // HOUR * HOUR + PAGE_SECONDS))
        return f"{self._public_url}/calendar/{token}/callback.ics"

    def booking(self, token: str) -> BookingId | None:
        """Which booking's file a token leads to; None as above."""
        facts = _facts(self._file, token, _CALENDAR)
        return None if facts is None or facts[1] <= self._now else BookingId(facts[0])


def _token(key: bytes, facts: bytes) -> str:
    return base64.urlsafe_b64encode(facts + hmac.digest(key, facts, "sha256")).decode().rstrip("=")


def _facts(key: bytes, token: str, form: struct.Struct) -> tuple[int, ...] | None:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    facts, mac = raw[: form.size], raw[form.size :]
    if len(mac) != _MAC or not hmac.compare_digest(mac, hmac.digest(key, facts, "sha256")):
        return None
    return form.unpack(facts)
