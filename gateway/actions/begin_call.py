"""A person begins what was booked: the chat is opened, or they are about to call. The promise is in their hands.

What rings a phone for it is added in the same transaction by `call.py`, which is how a person comes here.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.actions.booking_told import told
from gateway.actions.keep import colleague
from gateway.actions.pass_on import kept
from gateway.domain.author import Principal
from gateway.domain.booking import Booking, move
from gateway.domain.routing import Teams
from gateway.errors import AlreadyBooked, IllegalMove
from gateway.store import bookings
from gateway.store.store import Tx


async def begin(tx: Tx, held: Booking, principal: Principal, teams: Teams, now: int) -> Booking:
    """One that is held is this person's from now on; who had claimed it stays named beside. Raises IllegalMove before
    the hour and after the end, and AlreadyBooked where its customer has booked anew since it was missed."""
    who = colleague(principal)
    if held.state == "begun" and held.begun_by is not None:
        raise IllegalMove(f"{held.begun_by.name} has begun it already")
    other = await bookings.open_one(tx, held.thread, held.kind) if held.state == "missed" else None
    if other is not None:
        raise AlreadyBooked("its customer has booked anew since", facts={"booking": str(other.id)})
    begun = replace(
        held, state=move(held.state, "begin"), step=None, step_at=now, begun_at=now, begun_by=who, ended_at=None
    )
    if held.claimed_by is None:
        begun = replace(begun, claimed_by=who, claimed_at=now)
    told(tx, begun, "begun", now, by=principal.agent)
    return await kept(tx, begun, teams, now)
