"""For whom a customer's request books: who comes with a token of theirs, or with the link that names them.

A link is as good as its signature, which the door has looked at; whom it names is asked here, in the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.address import Address
from gateway.domain.author import CustomerId
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.slots import SlotKey
from gateway.errors import Misuse, Unauthenticated
from gateway.store import bookings, names, threads, visitors
from gateway.store.store import Tx
from gateway.store.visitors import Token, Visitor


@dataclass(frozen=True, slots=True)
class Linked:
    """What a signed link names: a customer, and the thread that is booked in."""

    thread: ThreadId
    customer: CustomerId


Caller = Token | Linked


@dataclass(frozen=True, slots=True)
class Booker:
    """A customer who may book."""

    customer: CustomerId
    team: TeamId
    """Whose people keep what is promised."""
    thread: ThreadId | None
    """None until they have written or booked."""
    key: str
    """Whose idempotency keys these are."""
    visitor: Visitor | None = None


async def booker(tx: Tx, caller: Caller, now: int) -> Booker:
    """Raises Unauthenticated, also for a link whose thread is that customer's no more; Unavailable."""
    if isinstance(caller, Linked):
        team = await bookings.team_of(tx, caller.thread, caller.customer)
        if team is None:
            raise Unauthenticated
        return Booker(caller.customer, team, caller.thread, f"link:{caller.thread}")
    visitor = await visitors.authenticate(tx, caller, now)
    return Booker(visitor.customer, visitor.team, visitor.thread, visitor.key, visitor)


async def hold(tx: Tx, known: Booker, caller: Caller, slots: Iterable[SlotKey], now: int) -> ThreadId:
    """The thread that is booked in, held with these slots; it begins here for who has said nothing yet. They are held
    like somebody who writes for the first time, since they might just be forgotten for their silence."""
    new = [names.address(known.visitor.address)] if known.visitor is not None and known.thread is None else []
    await bookings.hold_slots(tx, known.team, slots, new)
    if known.thread is None:
        known = await _begun(tx, known, caller, now)
    if known.thread is None:
        raise Misuse("a thread was opened and is not there")
    await bookings.hold_thread(tx, known.thread)
    return known.thread


async def _begun(tx: Tx, known: Booker, caller: Caller, now: int) -> Booker:
    await visitors.hold(tx, [known.customer])
    known = await booker(tx, caller, now)
    if known.thread is not None or known.visitor is None:
        return known
    one = known.visitor
    await threads.open_line(tx, one.channel, "", Address(one.kind, one.address), None, one.home, True, now)
    known = await booker(tx, caller, now)
    if known.thread is not None:
        await bookings.thread_began(tx, known.thread, one)
    return known
