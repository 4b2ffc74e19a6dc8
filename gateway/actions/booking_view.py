"""What a customer may see of their bookings: their own, and what they can choose where a promise was broken."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.actions import offers
from gateway.actions.booker import Caller, Linked, booker
from gateway.actions.keep import keeper
from gateway.domain import booking_wire
from gateway.domain.booking import Booking
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.routing import Teams
from gateway.domain.slots import Kind, SlotKey
from gateway.domain.wire import Json
from gateway.errors import NotFound
from gateway.store import bookings, credentials, threads
from gateway.store.store import Tx


async def own(tx: Tx, found: Sequence[Booking], teams: Teams, now: int) -> list[Json]:
    """{booking, thread, customer, ends} of each: its shape, with the next times where the promise was broken and nobody
    has begun, or where it was begun and left, and what its links are made of."""
    nexts: dict[tuple[TeamId, Kind], list[Json]] = {}
    for one in found:
        team = teams.get(one.team)
        if _is_owed(one) and team is not None and (one.team, one.kind) not in nexts:
            offered, key = await offers.offer(tx, team), SlotKey(one.kind, now)
            nexts[one.team, one.kind] = await offers.following(tx, team, offered, key, now)
    return [
        {
            "booking": booking_wire.own_booking(one)
            | ({"next": nexts.get((one.team, one.kind), [])} if _is_owed(one) else {}),
            "thread": one.thread,
            "customer": one.customer,
            "ends": one.ends_at,
        }
        for one in found
    ]


def _is_owed(one: Booking) -> bool:
    return one.state == "missed" or (one.state == "ringing" and one.broken) or one.is_left


async def all_of(tx: Tx, caller: Caller, teams: Teams, now: int) -> tuple[TeamId, list[Json]]:
    """Whose they are, and a customer's own, the newest first. Raises Unauthenticated."""
    known = await booker(tx, caller, now)
    return known.team, await own(tx, await bookings.of_customer(tx, known.customer), teams, now)


async def one(tx: Tx, caller: Caller, booking: int, teams: Teams, now: int) -> Json:
    """Raises Unauthenticated; NotFound for another customer's."""
    known = await booker(tx, caller, now)
    return (await own(tx, [await bookings.own(tx, known.customer, booking)], teams, now))[0]


async def entry(tx: Tx, caller: Caller, booking: int, now: int) -> Booking:
    """The same, for a calendar."""
    return await bookings.own(tx, (await booker(tx, caller, now)).customer, booking)


async def signed_entry(tx: Tx, booking: int) -> Booking:
    """One that a signed link names. Raises NotFound."""
    found = await bookings.unscoped_bookings(tx, [booking])
    if booking not in found:
        raise NotFound
    return found[booking]


async def slots(
    tx: Tx, caller: Caller, kinds: Collection[Kind], since: int | None, until: int | None, teams: Teams, now: int
) -> Json:
    """What the customer's team offers: see `offers.listed`."""
    team = offers.team_of(teams, (await booker(tx, caller, now)).team)
    return await offers.listed(tx, team, kinds, since, until, now)


async def slots_for(
    tx: Tx,
    secret: bytes,
    thread: ThreadId,
    kinds: Collection[Kind],
    since: int | None,
    until: int | None,
    teams: Teams,
    now: int,
) -> Json:
    """The same, for an agent who books for a customer. Raises Unauthenticated, NotFound."""
    principal = await credentials.authenticate(tx, secret, now)
    team = offers.team_of(teams, await threads.team_in_reach(tx, principal.agent, thread))
    return await offers.listed(tx, team, kinds, since, until, now)


async def may_link(tx: Tx, secret: bytes, thread: ThreadId, now: int) -> Linked:
    """What a link for this thread names. Raises Unauthenticated, Forbidden, NotFound: whoever has the link may book."""
    principal = await keeper(tx, secret, now)
    await threads.team_in_reach(tx, principal.agent, thread)
    row = (await threads.get_threads(tx, principal.agent, [thread]))[thread]
    return Linked(row.id, row.customer)
