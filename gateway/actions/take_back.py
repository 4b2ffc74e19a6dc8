"""A booking is taken back, by its customer or by an agent for them: out of the hands that it is in, and cancelled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.actions.booking_told import told
from gateway.actions.call_report import call_changed
from gateway.actions.keep import fall_back, rings_again
from gateway.actions.pass_on import kept
from gateway.domain import booking, call
from gateway.domain.booking import Booking
from gateway.domain.routing import Teams
from gateway.store import calls
from gateway.store.store import Tx


async def cancelled(tx: Tx, held: Booking, teams: Teams, now: int, **by: Any) -> Booking:
    """One that is held, cancelled by whom `by` names; again changes nothing. Raises IllegalMove."""
    if held.state == "cancelled":
        return held
    held = await let_go(tx, held, teams, now)
    state = booking.move(held.state, "cancel")
    after = replace(held, state=state, ended_at=now, sequence=held.sequence + 1, changed_at=now)
    told(tx, after, "cancelled", now, **by)
    return await kept(tx, after, teams, now)


async def let_go(tx: Tx, held: Booking, teams: Teams, now: int) -> Booking:
    """For whoever moves or cancels a booking that is held: one that was left, and one for which only the agent's phone
    rings, is in nobody's hands any more, and such a call is taken back. Otherwise as it was."""
    last = await calls.latest(tx, held.id)
    if held.state != "begun" or last is None or not last.is_open:
        return rings_again(held, now) if held.is_left else held
    last = await calls.get(tx, last.id)
    if last.pressed_at is not None or last.customer_leg is not None:
        return held
    if last.state == "queued":
        await calls.save(tx, replace(last, state=call.move(last.state, "withdraw"), ended_at=now), None)
    else:
        await calls.save(tx, replace(last, unwanted_at=now, looks=0), now if last.state == "under_way" else None)
    call_changed(tx, last, now)
    return await fall_back(tx, held, "canceled", teams, now)
