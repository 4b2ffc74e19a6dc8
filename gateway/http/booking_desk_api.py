"""Agents book for a customer: what there is, making, moving and cancelling it, and a link with which the customer does
so themselves. The board, and keeping what was promised, are in `board_api.py`."""

from __future__ import annotations

from typing import Any, Final

from gateway.actions import book, booking_view, rebook
from gateway.domain.message import ThreadId
from gateway.domain.wire import Json
from gateway.http.agent_api import BASE
from gateway.http.booking_api import rules, span, wanted, wish
from gateway.http.booking_links import BookingLinks
from gateway.http.booking_shapes import BookingChange, BookingFor, BookingLink, Slots, SlotsQuery, TeamBooking
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing


async def thread_slots(call: Call[Nothing, SlotsQuery]) -> Json:
    deps, thread = call.deps, ThreadId(call.id)
    asked = span(call.query)
    return await deps.store.read(booking_view.slots_for, call.secret, thread, *asked, deps.settings().teams, call.now)


async def booking_link(call: Call[Nothing, Nothing]) -> Json:
    whose = await call.deps.store.read(booking_view.may_link, call.secret, ThreadId(call.id), call.now)
    return {"url": BookingLinks(call.deps).page(whose)}


async def book_for(call: Call[BookingFor, Nothing]) -> Json:
    deps, thread = call.deps, ThreadId(call.body.thread)
    once = book.Once(call.key, call.fingerprint)
    return await deps.store.write(book.book_for, call.secret, thread, wish(call.body), rules(deps), once, call.now)


async def change_booking(call: Call[BookingChange, Nothing]) -> Json:
    deps = call.deps
    return await deps.store.write(rebook.change_for, call.secret, call.id, wanted(call.body), rules(deps), call.now)


async def cancel_booking(call: Call[Nothing, Nothing]) -> Json:
    return await call.deps.store.write(rebook.cancel_for, call.secret, call.id, rules(call.deps), call.now)


_ONE: Final = f"{BASE}/bookings/{{id}}"

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "GET",
        f"{BASE}/threads/{{id}}/slots",
        thread_slots,
        "Times that can be booked for a thread's customer",
        Nothing,
        SlotsQuery,
        Slots,
        problems=(404, 422),
    ),
    Route(
        "POST",
        f"{BASE}/threads/{{id}}/booking-link",
        booking_link,
        "A link with which a thread's customer books",
        Nothing,
        Nothing,
        BookingLink,
        problems=(403, 404),
    ),
    Route(
        "POST",
        f"{BASE}/bookings",
        book_for,
        "Book for a thread's customer",
        BookingFor,
        Nothing,
        TeamBooking,
        status=201,
        problems=(403, 404, 409, 422),
        makes=True,
    ),
    Route(
        "PATCH",
        _ONE,
        change_booking,
        "Move a booking, or tell it anew",
        BookingChange,
        Nothing,
        TeamBooking,
        problems=(403, 404, 409, 422),
    ),
    Route(
        "DELETE",
        _ONE,
        cancel_booking,
        "Cancel a booking",
        Nothing,
        Nothing,
        TeamBooking,
        problems=(403, 404, 409),
    ),
)
