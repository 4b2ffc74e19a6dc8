"""The board of booked callbacks, and keeping what was promised; who is there. The call itself is in `call_api.py`."""

from __future__ import annotations

from typing import Any, Final

from gateway.actions import board as boards
from gateway.actions import duty, keep
from gateway.domain import wire
from gateway.domain.author import AgentId
from gateway.domain.instant import micros, rfc3339
from gateway.domain.message import TeamId
from gateway.domain.wire import Json
from gateway.feed import cursor
from gateway.http.agent_api import BASE, team_names
from gateway.http.board_shapes import Board, BoardQuery, End, Me, MeChange, ShiftChange, Shifts, ShiftsQuery
from gateway.http.booking_shapes import TeamBooking
from gateway.http.deps import Deps
from gateway.http.dialing import dialer
from gateway.http.push_keys import with_push
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing


async def board(call: Call[Nothing, BoardQuery]) -> Json:
    query, deps = call.query, call.deps
    since, until = (None if at is None else micros(at) for at in (query.since, query.until))
    team = None if query.team is None else TeamId(query.team)
    teams = deps.settings().teams
    found = await deps.store.read(boards.board, call.secret, since, until, team, teams, call.now)
    return {"items": found.items, "now": found.waits, "feed": cursor.encode(found.heads)}


async def claim_booking(call: Call[Nothing, Nothing]) -> Json:
    deps = call.deps
    return await deps.store.write(keep.claim, call.secret, call.id, deps.settings().teams, call.now)


async def release_booking(call: Call[Nothing, Nothing]) -> Json:
    deps = call.deps
    return await deps.store.write(keep.release, call.secret, call.id, deps.settings().teams, call.now)


async def end_booking(call: Call[End, Nothing]) -> Json:
    deps, given = call.deps, call.body
    end = keep.Finish(call.secret, call.id, given.outcome, given.note, call.key, call.fingerprint, call.now)
    return await deps.store.write(keep.finish, end, deps.settings().teams)


def count_wait(deps: Deps, booking: Json, now: int) -> None:
    """For operators: how long the customer of a booking waited that was begun at this moment, if they wanted to be
    called now."""
    if booking.get("begun_at") == rfc3339(now) and "waited_seconds" in booking:
        deps.metrics.waited.observe(booking["waited_seconds"])


async def me(call: Call[Nothing, Nothing]) -> Json:
    return _me(call.deps, await call.deps.store.read(duty.me, call.secret, call.now))


async def change_me(call: Call[MeChange, Nothing]) -> Json:
    given = call.body.model_dump(exclude_unset=True)
    if given.get("away", False) is None:
        del given["away"]
    if given.get("phone") is not None:
        given["phone"] = dialer(call.deps)(given["phone"])
    return _me(call.deps, await call.deps.store.write(duty.change_me, call.secret, given, call.now))


def _me(deps: Deps, own: duty.Me) -> Json:
    shape = wire.agent(own.principal, team_names(deps, own.teams)) | {"away": own.away, "phone": own.phone}
    return with_push(shape, deps)


async def list_shifts(call: Call[Nothing, ShiftsQuery]) -> Json:
    team = None if call.query.team is None else TeamId(call.query.team)
    return {"items": await call.deps.store.read(duty.list_shifts, call.secret, team, call.now)}


async def put_shift(call: Call[ShiftChange, Nothing]) -> Json:
    given = call.body
    shift = duty.Shift(AgentId(given.agent), TeamId(given.team), given.week, given.dates)
    return {"items": await call.deps.store.write(duty.put_shift, call.secret, shift, call.now)}


_ONE: Final = f"{BASE}/bookings/{{id}}"

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", f"{BASE}/bookings", board, "The board of bookings", Nothing, BoardQuery, Board, problems=(422,)),
    Route(
        "POST",
        f"{_ONE}/claim",
        claim_booking,
        "Promise to keep a booking",
        Nothing,
        Nothing,
        TeamBooking,
        problems=(404, 409),
    ),
    Route(
        "POST",
        f"{_ONE}/release",
        release_booking,
        "Hand a booking back, or pass it on while it rings",
        Nothing,
        Nothing,
        TeamBooking,
        problems=(404, 409),
    ),
    Route(
        "POST",
        f"{_ONE}/outcome",
        end_booking,
        "Note how a booking ended",
        End,
        Nothing,
        TeamBooking,
        problems=(404, 409, 422),
        makes=True,
    ),
    Route("GET", f"{BASE}/me", me, "Who am I", Nothing, Nothing, Me),
    Route(
        "PUT", f"{BASE}/me", change_me, "Say that one is away, and one's phone", MeChange, Nothing, Me, problems=(422,)
    ),
    Route("GET", f"{BASE}/shifts", list_shifts, "When people work", Nothing, ShiftsQuery, Shifts, problems=(422,)),
    Route(
        "PUT",
        f"{BASE}/shifts",
        put_shift,
        "Write down when somebody works for a team; for its leads",
        ShiftChange,
        Nothing,
        Shifts,
        problems=(404, 422),
    ),
)
