"""Customers' bookings over HTTP, under a token of theirs or under a link that names them. Whose they are, and whether
it may be done, is decided in the transaction. What is booked and changed is bounded for each of them and each address.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from gateway.actions import book, booking_view, rebook
from gateway.actions.booker import Caller, Linked
from gateway.domain.author import CustomerId
from gateway.domain.booking import BookingId
from gateway.domain.calendar_file import MEDIA_TYPE
from gateway.domain.instant import micros
from gateway.domain.message import ThreadId
from gateway.domain.slots import KINDS
from gateway.domain.wire import Json
from gateway.errors import Unauthenticated
from gateway.http import customer_principal as principal
from gateway.http.booking_links import PREFIX, BookingLinks
from gateway.http.booking_shapes import BookingChange, NewBooking, OwnBooking, OwnBookings, Slots, SlotsQuery
from gateway.http.calendars import calendar
from gateway.http.customer_api import BASE
from gateway.http.customer_facts import of_team
from gateway.http.deps import Deps
from gateway.http.dialing import dialer
from gateway.http.peer import client
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing


async def slots(call: Call[Nothing, SlotsQuery]) -> Json:
    asked, teams = call.query, call.deps.settings().teams
    return await call.deps.store.read(booking_view.slots, await _caller(call), *span(asked), teams, call.now)


async def make(call: Call[NewBooking, Nothing]) -> Json:
    deps, caller = call.deps, await _bounded(call)
    once = book.Once(call.key, hashlib.sha256(call.body.model_dump_json().encode()).digest())
    made = await deps.store.write(book.book, caller, wish(call.body), rules(deps), once, call.now)
    return _linked(deps, made)


async def own_bookings(call: Call[Nothing, Nothing]) -> Json:
    teams = call.deps.settings().teams
    team, found = await call.deps.store.read(booking_view.all_of, await _caller(call), teams, call.now)
    return {"items": [_linked(call.deps, one) for one in found]} | of_team(teams, team, call.now)


async def own_booking(call: Call[Nothing, Nothing]) -> Json:
    teams = call.deps.settings().teams
    return _linked(
        call.deps, await call.deps.store.read(booking_view.one, await _caller(call), call.id, teams, call.now)
    )


async def change(call: Call[BookingChange, Nothing]) -> Json:
    deps, caller = call.deps, await _bounded(call)
    return _linked(
        deps, await deps.store.write(rebook.change, caller, call.id, wanted(call.body), rules(deps), call.now)
    )


async def cancel(call: Call[Nothing, Nothing]) -> Json:
    deps, caller = call.deps, await _caller(call)
    return _linked(deps, await deps.store.write(rebook.cancel, caller, call.id, rules(deps), call.now))


async def own_calendar(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    entry = await call.deps.store.read(booking_view.entry, await _caller(call), call.id, call.now)
    return calendar(call.deps, entry)


def rules(deps: Deps) -> book.Rules:
    return book.Rules(deps.settings().teams, dialer(deps))


def wish(body: NewBooking) -> book.Wish:
    return book.Wish(body.kind, body.slot, body.phone, body.about, body.zone, str(uuid4()))


def wanted(body: BookingChange) -> rebook.Change:
    return rebook.Change(body.slot, body.phone, body.about, body.zone)


def span(asked: SlotsQuery) -> tuple[Any, int | None, int | None]:
    """Kinds, and from when until when, as `booking_view.slots` takes them."""
    kinds = KINDS if asked.kind is None else (asked.kind,)
    since, until = (None if at is None else micros(at) for at in (asked.since, asked.until))
    return kinds, since, until


async def _caller(call: Call[Any, Any]) -> Caller:
    """Raises Unauthenticated, Elsewhere, Unavailable."""
    deps, request = call.deps, call.request
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip().startswith(PREFIX):
        return await principal.token(request, deps)
    principal.visited(deps, request)
    linked = BookingLinks(deps).linked(secret.strip())
    if linked is None:
        raise Unauthenticated("this link has ended; ask the team for another")
    return linked


async def _bounded(call: Call[Any, Any]) -> Caller:
    """The same, for what is bounded. Raises TooMany."""
    caller, deps = await _caller(call), call.deps
    deps.paces.bookings.take(client(call.request, deps.settings().trusted_proxies), call.now)
    who = f"customer {caller.customer}" if isinstance(caller, Linked) else caller.bounded
    deps.paces.bookings_of_one.take(who, call.now)
    return caller


def _linked(deps: Deps, own: Json) -> Json:
    """A booking as `booking_view.own` says it, with its links."""
    links = BookingLinks(deps)
    shape: Json = own["booking"]
    whose = Linked(ThreadId(own["thread"]), CustomerId(own["customer"]))
    return shape | {"ics": links.calendar(BookingId(int(shape["id"]))), "manage": links.page(whose, own["ends"])}


_ONE: Final = f"{BASE}/bookings/{{id}}"

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "GET",
        f"{BASE}/slots",
        slots,
        "Times that can be booked",
        Nothing,
        SlotsQuery,
        Slots,
        problems=(403, 422),
        who="customer",
    ),
    Route(
        "POST",
        f"{BASE}/bookings",
        make,
        "Book a call or a chat, or ask for a call now",
        NewBooking,
        Nothing,
        OwnBooking,
        status=201,
        problems=(409, 422, 429),
        makes=True,
        who="customer",
    ),
    Route(
        "GET",
        f"{BASE}/bookings",
        own_bookings,
        "One's own bookings",
        Nothing,
        Nothing,
        OwnBookings,
        problems=(403,),
        who="customer",
    ),
    Route(  # before the next, which would take it for an id
        "GET",
        f"{_ONE}.ics",
        own_calendar,
        "The booking for one's own calendar",
        Nothing,
        Nothing,
        MEDIA_TYPE.partition(";")[0],
        problems=(403, 404),
        who="customer",
    ),
    Route(
        "GET",
        _ONE,
        own_booking,
        "One booking",
        Nothing,
        Nothing,
        OwnBooking,
        problems=(403, 404),
        who="customer",
    ),
    Route(
        "PATCH",
        _ONE,
        change,
        "Move a booking, or tell it anew",
        BookingChange,
        Nothing,
        OwnBooking,
        problems=(404, 409, 422, 429),
        who="customer",
    ),
    Route(
        "DELETE",
        _ONE,
        cancel,
        "Cancel a booking",
        Nothing,
        Nothing,
        OwnBooking,
        problems=(404, 409),
        who="customer",
    ),
)
