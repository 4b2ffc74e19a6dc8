"""Calling for a booking: a voice channel rings the two phones; without one, and for a chat, it only begins."""

from __future__ import annotations

import secrets
from typing import Any, Final

from gateway.actions import call as calling
from gateway.actions.call import Line, Order
from gateway.domain.wire import Json
from gateway.http.agent_api import BASE
from gateway.http.board_api import count_wait
from gateway.http.booking_shapes import TeamBooking
from gateway.http.deps import Deps
from gateway.http.dialing import voice
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing

REFERENCE_BYTES: Final = 18


async def call(call: Call[Nothing, Nothing]) -> Json:
    deps, reference = call.deps, secrets.token_urlsafe(REFERENCE_BYTES)
    order = Order(call.secret, call.id, _line(deps), reference, call.key, call.fingerprint, call.now)
    begun = await deps.store.write(calling.call, order, deps.settings().teams)
    count_wait(deps, begun, call.now)
    return begun


def _line(deps: Deps) -> Line | None:
    found = voice(deps)
    return None if found is None else Line(found[0], found[1].allowed)


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "POST",
        f"{BASE}/bookings/{{id}}/call",
        call,
        "Begin what was booked: one's own phone rings, then the customer's; a chat is opened",
        Nothing,
        Nothing,
        TeamBooking,
        problems=(403, 404, 409, 422),
        makes=True,
    ),
)
