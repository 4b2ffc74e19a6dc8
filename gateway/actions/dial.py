"""The steps of a call that the dialer takes: claim it, then say how the attempt ended. No provider is known here.

What happens between the two is outside any transaction. A claim whose lease ran out is of unknown fate: it is looked up
at the provider, and never dialed again by itself; what cannot be found is for a person to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gateway.actions.call_report import QUIET, call_changed, hear, settle
from gateway.actions.report import Failure, heed
from gateway.channels.voice import CallReport
from gateway.domain.call import CallId, Move, PhoneCall, move
from gateway.domain.routing import Teams
from gateway.store import bookings, calls, claims
from gateway.store.store import Tx

_SECOND: Final = 1_000_000
LOOKS: Final = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 15, 45, 120))
"""When a call of unknown fate is looked up at its provider, each after the one before; then a person decides. Also how
often it is asked how the customer's leg has ended, when it was not heard of by the end of the agent's."""
LONGEST: Final = 6 * 3600 * _SECOND
"""After which a call of whose end nothing was heard is of unknown fate."""
PROMPT: Final = 120 * _SECOND
"""How long a call that a person asked for may wait to be dialed. Later it would surprise them."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended: taken, postponed, refused or lost. `due_at` says when to try it again."""

    call: CallId
    attempt: int
    step: Move
    now: int
    call_id: str | None = None
    code: str | None = None
    detail: str | None = None
    due_at: int | None = None
    is_ours: bool = False
    """Whether our own set-up is to blame."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A call with something to do."""

    call: PhoneCall
    lease_until: int | None
    """By the database's clock, of one that is to be dialed; the others are only asked about."""


async def claim_due(tx: Tx, room: int, now: int, lease: int) -> list[Turn]:
    """Up to `room` calls with something to do: those queued are claimed for `lease` microseconds, with the number of
    this attempt, unless nobody wants them any more; of the others the provider is to be asked, and again later unless
    something comes of it."""
    found = await calls.hold_due(tx, now, room)
    promises = await bookings.unscoped_bookings(tx, {call.booking for call in found if call.state == "queued"})
    claimed = []
    for call in found:
        if call.state != "queued":
            await calls.look_later(tx, call.id, next_look(call, now))
            claimed.append(Turn(replace(call, looks=call.looks + 1), None))
        elif call.unwanted_at is not None or promises[call.booking].state != "begun":
            await calls.save(tx, replace(call, state=move(call.state, "withdraw"), ended_at=now), None)
            call_changed(tx, call, now)
        else:
            claimed.append(Turn(_taken(call, now), await calls.take(tx, call.id, now, lease)))
    return claimed


async def still_claimed(tx: Tx, claimed: Sequence[Turn]) -> list[Turn]:
    """Those of a claim whose COMMIT got no answer that it has, and that nobody has given up since; asking does no harm
    in any case."""
    dialing = [turn.call.id for turn in claimed if turn.lease_until is not None]
    leases = await claims.marks(tx, "call", "lease_until", dialing)
    return [turn for turn in claimed if leases.get(turn.call.id) == turn.lease_until]


def _taken(call: PhoneCall, now: int) -> PhoneCall:
    """As `calls.take` has left it."""
    state = move(call.state, "claim")
    return replace(call, state=state, attempt=call.attempt + 1, first_tried_at=call.first_tried_at or now)


def next_look(call: PhoneCall, now: int) -> int | None:
    """When to ask after the look that is made now; None: there is nothing more to be had by asking."""
    if call.state == "under_way" and not call.agent_is_gone and call.unwanted_at is None:
        return now + QUIET
    if call.looks + 1 >= len(LOOKS):
        return None if call.state == "unknown" else now + QUIET
    return now + LOOKS[call.looks + 1] // timedelta(microseconds=1)


async def finish(tx: Tx, ending: Ending, teams: Teams) -> bool:
    """Record how an attempt ended; False for one that was given up meanwhile and is not ours to finish."""
    held = await _hold(tx, ending.call)
    if held.attempt != ending.attempt:
        return False
    if ending.is_ours:
        await heed(tx, [Failure(held.channel, "configuration", ending.code, ending.detail, ending.now, None)])
    if held.state != "dialing" and (ending.step != "taken" or held.state in {"queued", "failed"}):
        return False  # a report overtook the provider's own answer, or the lease ran out: only good news is still news
    call = replace(held, state=move(held.state, ending.step))
    if ending.step != "taken":
        call = replace(call, code=ending.code, detail=ending.detail)
    match ending.step:
        case "taken":
            call, due_at = await _known_as(tx, call, ending.call_id), ending.now + QUIET
        case "postponed":
            due_at = ending.due_at or ending.now
        case _:
            due_at = ending.now
    if call.state == "failed":
        await settle(tx, replace(call, ended_at=ending.now), teams, ending.now)
        return True
    if call.state == "ended":  # it was told to its end before the provider had answered us
        await calls.save(tx, call, None)
        return True
    await calls.save(tx, call, ending.now if call.unwanted_at is not None else due_at)
    call_changed(tx, call, ending.now)
    return True


async def _hold(tx: Tx, id_: CallId) -> PhoneCall:
    """With its booking, and that first."""
    await calls.hold_booking(tx, await calls.booking_of(tx, id_))
    return await calls.get(tx, id_)


async def _known_as(tx: Tx, call: PhoneCall, call_id: str | None) -> PhoneCall:
    """With the provider's id, unless a report has told it or it is another's."""
    if call.agent_call_id is not None or call_id is None or await calls.is_owned(tx, call.channel, call_id):
        return call
    return replace(call, agent_call_id=call_id)


async def give_up_leases(tx: Tx, now: int, *, all_leases: bool = False) -> int:
    """Dialing whose lease has ended, or all of it, is of unknown fate, and looked up at once; how many calls."""
    expired = await calls.hold_expired(tx, all_leases=all_leases)
    for held in expired:
        detail = "Teamline stopped while it was dialing; a phone may have rung."
        call = replace(held, state=move(held.state, "lost"), detail=detail, looks=0)
        await calls.save(tx, call, now)
        call_changed(tx, call, now)
    return len(expired)


async def resolve(tx: Tx, lost: PhoneCall, candidates: Sequence[str], now: int) -> bool:
    """Settle a call of unknown fate by what the provider's list showed: ids of agents' legs that may be it, oldest
    first. The first that no other call owns is it, and it is asked at once how it stands; none proves nothing."""
    held = await _hold(tx, lost.id)
    if held.state != "unknown" or held.attempt != lost.attempt:
        return True
    if await calls.is_contested(tx, held):
        return False
    for call_id in candidates:
        if not await calls.is_owned(tx, held.channel, call_id):
            call = replace(held, state=move(held.state, "taken"), agent_call_id=call_id, detail=None, looks=0)
            await calls.save(tx, call, now)
            call_changed(tx, call, now)
            return True
    return False


async def asked(tx: Tx, call: PhoneCall, reports: Sequence[CallReport] | None, teams: Teams, now: int) -> None:
    """What the provider says of a call that is under way; None: it did not say. With the agent's leg at an end and the
    provider asked, nothing more will come of it."""
    held = await _hold(tx, call.id)
    if held.state != "under_way" or held.attempt != call.attempt:
        return
    heard = await hear(tx, held, reports or (), now)
    if heard.agent_is_gone and (reports is not None or heard.looks >= len(LOOKS)):
        await settle(tx, replace(heard, state=move(heard.state, "over"), ended_at=now), teams, now)
    elif heard != held:
        await calls.save(tx, replace(heard, looks=0), now + QUIET)
        call_changed(tx, heard, now)
    elif now - (held.first_tried_at or held.created_at) > LONGEST:
        lost = replace(held, state=move(held.state, "lost"), detail="Nothing was heard of the end of this call.")
        await calls.save(tx, lost, None)
        call_changed(tx, lost, now)
