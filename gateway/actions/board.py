"""The board: what a team has promised, who is asked or rung for it now, and how long people waited for a person."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain import booking_wire, call_wire
from gateway.domain.author import AgentId
from gateway.domain.booking import Booking, Person, whom
from gateway.domain.message import TeamId
from gateway.domain.routing import Teams
from gateway.domain.wire import Json
from gateway.store import board as rows
from gateway.store import calls, credentials, duty, events
from gateway.store.events import Heads
from gateway.store.store import Tx

WAITS: Final = 30 * 86_400 * 1_000_000
"""Microseconds back for which it is said how long those waited who wanted to be called now."""
_END: Final = 2**62
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Board:
    """`waits` is {count, median_seconds?, longest_seconds?}."""

    items: list[Json]
    waits: Json
    heads: Heads


async def board(
    tx: Tx, secret: bytes, since: int | None, until: int | None, team: TeamId | None, teams: Teams, now: int
) -> Board:
    """Of since..until, by the hour; by default all that is ahead or open. `team` is one of those a person sees."""
    principal = await credentials.authenticate(tx, secret, now)
    _, heads = await events.audience(tx, principal.agent)
    shown = [one for one in heads if team in {None, one}]
    found = await rows.page(tx, principal.agent, shown, since, _END if until is None else until, now)
    waited = await rows.waits(tx, principal.agent, shown, now - WAITS, now)
    return Board(await shapes(tx, found, teams, now), _waits(waited), heads)


async def shapes(tx: Tx, found: Sequence[Booking], teams: Teams, now: int) -> list[Json]:
    """Bookings as the team sees them on the board; the caller has seen to it that they may be shown."""
    people = await duty.people(tx, [one for one in found if one.state in {"booked", "ringing"}], teams, now)
    called = await calls.of_bookings(tx, [one.id for one in found])
    return [
        booking_wire.booking(one)
        | {"rings": [str(agent) for agent in _rung(one, people.get(one.id, ()))]}
        | call_wire.beside(called.get(one.id))
        for one in found
    ]


async def shape(tx: Tx, booking: Booking, teams: Teams, now: int) -> Json:
    return (await shapes(tx, [booking], teams, now))[0]


def _rung(booking: Booking, people: Collection[Person]) -> tuple[AgentId, ...]:
    """Whoever is asked to claim it or rung for it now."""
    return () if booking.step is None or booking.state not in {"booked", "ringing"} else whom(booking.step, people)


def _waits(waited: Sequence[int]) -> Json:
    shape: Json = {"count": len(waited)}
    if waited:
        shape |= {
            "median_seconds": round(statistics.median(waited) / _SECOND, 1),
            "longest_seconds": round(max(waited) / _SECOND, 1),
        }
    return shape
