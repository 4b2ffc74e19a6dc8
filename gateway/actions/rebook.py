"""A booking is moved to another time, told anew, or cancelled, by the customer or by an agent for them.

The new slot is held with the old one, before the booking is: it is counted like anybody's. A new hour is a new promise,
so that nothing of the old one stands against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.actions import offers
from gateway.actions.board import shape
from gateway.actions.book import Rules, number, said_by
from gateway.actions.booker import Caller, booker
from gateway.actions.booking_told import told
from gateway.actions.booking_view import own
from gateway.actions.keep import colleague, keeper
from gateway.actions.pass_on import kept
from gateway.actions.take_back import cancelled, let_go
from gateway.domain.booking import Booking, Colleague, move
from gateway.domain.slots import SlotKey
from gateway.domain.wire import Json
from gateway.errors import AlreadyBooked, Invalid
from gateway.store import bookings
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise; None: stays as it is."""

    slot: SlotKey | None = None
    phone: str | None = None
    about: str | None = None
    zone: str | None = None


async def change(tx: Tx, caller: Caller, booking: int, wanted: Change, rules: Rules, now: int) -> Json:
    """As `booking_view.own`. Raises Unauthenticated, NotFound, IllegalMove, SlotFull, AlreadyBooked, Invalid; then
    nothing was changed."""
    customer = (await booker(tx, caller, now)).customer
    await _hold(tx, await bookings.own(tx, customer, booking), wanted)
    after = await _changed(tx, await bookings.hold_own(tx, customer, booking), wanted, rules, None, now)
    return (await own(tx, [after], rules.teams, now))[0]


async def change_for(tx: Tx, secret: bytes, booking: int, wanted: Change, rules: Rules, now: int) -> Json:
    """By an agent, as on the board. Raises as above, and Forbidden."""
    principal = await keeper(tx, secret, now)
    await _hold(tx, await bookings.seen(tx, principal.agent, booking), wanted)
    held = await bookings.hold_in_reach(tx, principal.agent, booking)
    after = await _changed(tx, held, wanted, rules, colleague(principal), now)
    return await shape(tx, after, rules.teams, now)


async def cancel(tx: Tx, caller: Caller, booking: int, rules: Rules, now: int) -> Json:
    """As `booking_view.own`; cancelling again changes nothing. Raises Unauthenticated, NotFound, IllegalMove."""
    held = await bookings.hold_own(tx, (await booker(tx, caller, now)).customer, booking)
    return (await own(tx, [await cancelled(tx, held, rules.teams, now, **said_by(None))], rules.teams, now))[0]


async def cancel_for(tx: Tx, secret: bytes, booking: int, rules: Rules, now: int) -> Json:
    """By an agent, as on the board. Raises as above, and Forbidden."""
    principal = await keeper(tx, secret, now)
    held = await bookings.hold_in_reach(tx, principal.agent, booking)
    after = await cancelled(tx, held, rules.teams, now, **said_by(colleague(principal)))
    return await shape(tx, after, rules.teams, now)


async def _hold(tx: Tx, known: Booking, wanted: Change) -> None:
    if wanted.slot is not None:
        await bookings.hold_slots(tx, known.team, {wanted.slot, SlotKey(known.kind, known.at)})
        await bookings.hold_thread(tx, known.thread)


async def _changed(tx: Tx, held: Booking, wanted: Change, rules: Rules, by: Colleague | None, now: int) -> Booking:
    if wanted.slot is not None:
        held = await let_go(tx, held, rules.teams, now)
    move(held.state, "move")  # what can be moved can be told anew, and nothing else can
    after = held
    if wanted.phone is not None:
        after = replace(after, phone=await number(tx, held.kind, wanted.phone, held.customer, rules))
    if wanted.about is not None:
        after = replace(after, about=wanted.about)
    if wanted.zone is not None:
        after = replace(after, zone=wanted.zone)
    if wanted.slot is not None and not _stands(held, wanted.slot):
        after = await _moved(tx, after, wanted.slot, rules, now)
    if after == held:
        return held
    told(tx, after, "changed" if after.sequence == held.sequence else "moved", now, **said_by(by))
    return await kept(tx, after, rules.teams, now)


def _stands(held: Booking, slot: SlotKey) -> bool:
    """Whether it is promised for that very slot, and nothing has come of it yet."""
    return SlotKey(held.kind, held.at) == slot and held.state in {"booked", "claimed"}


async def _moved(tx: Tx, held: Booking, slot: SlotKey, rules: Rules, now: int) -> Booking:
    if slot.kind != held.kind:
        raise Invalid(f"slot: that is not for a {held.kind}; cancel this one, and book the other")
    other = await bookings.open_one(tx, held.thread, held.kind)
    if other is not None and other.id != held.id:  # made since this one was missed
        raise AlreadyBooked(facts={"booking": str(other.id)})
    ends_at = await offers.check(tx, offers.team_of(rules.teams, held.team), slot, now)
    return replace(
        held, state=move(held.state, "move"), at=slot.start, ends_at=ends_at, at_once=False, late=False, broken=False,
        sequence=held.sequence + 1, changed_at=now, claimed_by=None, claimed_at=None, step=None, step_at=None,
        fired_at=None, begun_at=None, begun_by=None, ended_at=None, outcome=None,
    )  # fmt: skip
