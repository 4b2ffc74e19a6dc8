"""A person calls for a booking: the promise passes into their hands, and one call is queued to be dialed.

Where no voice channel is, and for a chat, it only begins; the number to dial is shown. Nothing is dialed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.actions.begin_call import begin
from gateway.actions.board import shape
from gateway.actions.call_report import call_changed
from gateway.actions.keep import keeper
from gateway.actions.pass_on import kept
from gateway.domain.author import AgentId, Principal
from gateway.domain.booking import Booking
from gateway.domain.routing import Teams
from gateway.domain.wire import Json
from gateway.errors import Conflict, Invalid, NoPhone
from gateway.store import bookings, calls, duty, idempotency, openings
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class Line:
    """The voice channel to call by."""

    channel: str
    allowed: Callable[[str], str | None]
    """Why a number is never called; None where it may be."""


@dataclass(frozen=True, slots=True)
class Order:
    """Whom a person wants to call. `secret` is the hash of the session or token that they asked under."""

    secret: bytes
    booking: int
    line: Line | None
    reference: str
    """Random, for a call that is made."""
    key: str | None
    fingerprint: bytes
    now: int


async def call(tx: Tx, order: Order, teams: Teams) -> Json:
    """The booking as on the board, with its call. Who has begun it may call again once the call before is over or of
    unknown fate: that is for a person to decide. Raises Unauthenticated, Forbidden, NotFound, Invalid for a number
    that is never called, NoPhone, IllegalMove, and Conflict while a call of theirs is under way."""
    principal = await keeper(tx, order.secret, order.now)
    await calls.hold_caller(tx, principal.agent)
    await bookings.hold_thread(tx, (await bookings.seen(tx, principal.agent, order.booking)).thread)
    held = await bookings.hold_in_reach(tx, principal.agent, order.booking)
    before = await idempotency.recall(tx, principal.key, order.key, order.fingerprint, order.now)
    if before is not None:
        return before
    line = order.line if held.kind == "call" else None
    numbers = None if line is None else await _numbers(tx, line, principal.agent, held)
    if line is not None and await calls.is_calling(tx, principal.agent):
        raise Conflict("you are in a call: one phone rings for one of them at a time")
    held = await _in_hand(tx, held, principal, teams, order.now)
    if line is not None and numbers is not None:
        queued = await calls.queue(tx, held, principal.author, line.channel, order.reference, numbers, order.now)
        call_changed(tx, queued, order.now)
    answer = await shape(tx, held, teams, order.now)
    await idempotency.keep(tx, principal.key, order.key, answer)
    return answer


async def _in_hand(tx: Tx, held: Booking, who: Principal, teams: Teams, now: int) -> Booking:
    """Begun by this person, now or before; what they had left they take up again."""
    if held.state != "begun" or held.begun_by is None or held.begun_by.agent != who.agent:
        begun = await begin(tx, held, who, teams, now)
        if begun.kind == "chat":  # its customer waits for that, wherever they are
            await openings.queue(tx, begun, now)
        return begun
    return await kept(tx, replace(held, step=None, step_at=now), teams, now) if held.is_left else held


async def _numbers(tx: Tx, line: Line, agent: AgentId, booking: Booking) -> tuple[str, str]:
    """The agent's and the customer's."""
    own, theirs = (await duty.own(tx, agent))["phone"], booking.phone or ""
    if own is None:
        raise NoPhone
    for whose, number in (("your phone", own), ("the customer's phone", theirs)):
        if reason := line.allowed(number):
            raise Invalid(f"{whose}: {reason}")
    if own == theirs:
        raise Invalid("your phone and the customer's are the same")
    return own, theirs
