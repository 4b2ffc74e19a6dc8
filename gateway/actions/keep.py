"""The people who keep a booking's promise: one claims it, hands it back, and notes how it ended.

A claim here is a promise of one's own, so it is not taken from anybody: who wants to keep somebody else's hour waits
until it is released or rings. `begin_call.py` has the step between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.actions.board import shape
from gateway.actions.booking_told import told
from gateway.actions.pass_on import kept
from gateway.domain.author import AgentId, Principal
from gateway.domain.booking import Booking, Colleague, Outcome, move
from gateway.domain.message import ThreadId
from gateway.domain.routing import Teams
from gateway.domain.wire import Json
from gateway.errors import Conflict, Forbidden
from gateway.store import board, bookings, calls, credentials, idempotency, messages, threads
from gateway.store.store import Tx


async def keeper(tx: Tx, secret: bytes, now: int) -> Principal:
    """Whoever may keep promises. Raises Unauthenticated, Forbidden."""
    principal = await credentials.authenticate(tx, secret, now)
    if not principal.may_reply:
        raise Forbidden("this token was made without --may-reply: it reads and writes notes")
    return principal


def colleague(principal: Principal) -> Colleague:
    return Colleague(principal.agent, principal.author.name, principal.author.display_name)


async def claim(tx: Tx, secret: bytes, booking: int, teams: Teams, now: int) -> Json:
    """As on the board. Claiming what one has already changes nothing. Raises Forbidden, NotFound, IllegalMove."""
    principal = await keeper(tx, secret, now)
    held = await bookings.hold_in_reach(tx, principal.agent, booking)
    if held.state != "claimed" or held.claimed_by is None or held.claimed_by.agent != principal.agent:
        claimed = replace(held, state=move(held.state, "claim"), claimed_by=colleague(principal), claimed_at=now)
        told(tx, claimed, "claimed", now, by=principal.agent)
        held = await kept(tx, claimed, teams, now)
    return await shape(tx, held, teams, now)


async def release(tx: Tx, secret: bytes, booking: int, teams: Teams, now: int) -> Json:
    """As on the board: nobody has claimed it, and it is asked for or rings on as it would have. One that was begun, and
    whose call is not under way, rings again. Anyone in reach may, since people go home. Raises as above, and Conflict
    while a call is under way."""
    principal = await keeper(tx, secret, now)
    held = await bookings.hold_in_reach(tx, principal.agent, booking)
    if held.state == "begun":
        if await _is_calling(tx, held):
            raise Conflict("a call for this is under way")
        held = await fall_back(tx, held, "released", teams, now, by=principal.agent)
    elif held.claimed_by is not None or held.state not in {"booked", "ringing"}:
        told(tx, held, "released", now, by=principal.agent)
        held = await kept(tx, _released(held), teams, now)
    return await shape(tx, held, teams, now)


async def drop_claims(tx: Tx, agent: AgentId, now: int) -> None:
    """Whoever can keep no promise any more, because they are disabled or have left a team, has made none. What they
    have begun rings again, unless they have or may have talked: that is for a person to judge."""
    for held in await board.hold_claimed(tx, agent):
        if await board.may_see(tx, agent, held.thread) or held.is_left or await _has_called(tx, held):
            continue
        dropped = replace(rings_again(held, now) if held.state == "begun" else _released(held), due_at=now)
        await bookings.save(tx, dropped)
        told(tx, dropped, "released", now)


async def _has_called(tx: Tx, held: Booking) -> bool:
    """Whether a call for it is under way, or has reached the customer's phone."""
    last = await calls.latest(tx, held.id)
    return last is not None and (last.is_open or last.connected_at is not None)


async def _is_calling(tx: Tx, held: Booking) -> bool:
    last = await calls.latest(tx, held.id)
    return last is not None and last.is_open


def _released(held: Booking) -> Booking:
    return replace(held, state=move(held.state, "release"), claimed_by=None, claimed_at=None)


async def fall_back(tx: Tx, held: Booking, why: str, teams: Teams, now: int, *, by: AgentId | None = None) -> Booking:
    """One that is held was begun and never reached its customer: it rings again from the first row of the table, and
    whoever had begun it has not promised it any more. `why` is a word for what happened, such as "no_answer"."""
    again = rings_again(held, now)
    told(tx, again, "fell_back", now, why=why, **({} if by is None else {"by": by}))
    return await kept(tx, again, teams, now)


def rings_again(held: Booking, now: int) -> Booking:
    """One that was begun, as it rings from the first row on; nothing is stored or told."""
    again = replace(
        held, state=move(held.state, "fall_back"), step=None, step_at=now, begun_at=None, begun_by=None, ended_at=None
    )
    if held.claimed_by is not None and held.claimed_by == held.begun_by:
        again = replace(again, claimed_by=None, claimed_at=None)
    return again


@dataclass(frozen=True, slots=True)
class Finish:
    """What a person notes at the end; `note` goes into the thread under their name."""

    secret: bytes
    booking: int
    outcome: Outcome
    note: str | None
    key: str | None
    fingerprint: bytes
    now: int


async def finish(tx: Tx, end: Finish, teams: Teams) -> Json:
    """As on the board. Raises Unauthenticated, Forbidden, NotFound, Invalid for the key, IllegalMove,
    and Conflict while a call is under way."""
    principal = await keeper(tx, end.secret, end.now)
    thread = (await bookings.seen(tx, principal.agent, end.booking)).thread
    await threads.hold(tx, principal.agent, thread)
    before = await idempotency.recall(tx, principal.key, end.key, end.fingerprint, end.now)
    if before is not None:
        return before
    held = await bookings.hold_in_reach(tx, principal.agent, end.booking)
    if await _is_calling(tx, held):
        raise Conflict("a call for this is under way: how it ends is not known yet")
    done = replace(held, state=move(held.state, "finish"), outcome=end.outcome, ended_at=end.now)
    told(tx, done, "finished", end.now, by=principal.agent, outcome=end.outcome)
    done = await kept(tx, done, teams, end.now)
    if end.note is not None:
        await _note(tx, thread, done, principal, end.note, end.now)
    answer = await shape(tx, done, teams, end.now)
    await idempotency.keep(tx, principal.key, end.key, answer)
    return answer


async def _note(tx: Tx, thread: ThreadId, done: Booking, principal: Principal, note: str, now: int) -> None:
    message = await messages.add_note(tx, done.team, thread, principal.author, note, now)
    tx.event(done.team, "note.added", thread, now, {"message": message, "by": principal.agent})
