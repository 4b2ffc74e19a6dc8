"""A visitor begins, comes back with a new token, and ends. How many begin is bounded by where they come from.

An app's token ends here too; the next one is made by who signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.actions.sign_in import WINDOW
from gateway.domain import customer_wire
from gateway.domain.message import TeamId
from gateway.domain.wire import Json
from gateway.errors import Conflict, TooMany
from gateway.store import attempts, devices, names, visitors
from gateway.store.store import Tx
from gateway.store.visitors import Token, Visitor

MOST_VISITORS: Final = 60
"""New visitors from one address in a quarter of an hour: a classroom or an office behind one, and no more."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is about to write. `before` is the token that their browser has already, if any."""

    before: Token | None
    channel: str
    team: TeamId
    address: str
    """Of the new customer: unique, and no secret."""
    secret: bytes
    source: str
    """Where the request came from, hashed."""
    now: int


async def begin(tx: Tx, visit: Visit) -> tuple[Json, bool]:
    """The customer, and whether they are new: a browser whose token is still good stays who it is. Raises TooMany."""
    if visit.before is not None:
        known = await visitors.of_secrets(tx, [visit.before.secret], visit.now)
        for visitor in known.values():
            if visitor.channel == visit.channel:
                await visitors.renew(tx, visitor, visit.now)
                return customer_wire.customer(visitor), False
    since = visit.now - WINDOW // visitors.MICROSECOND
    await names.hold(tx, [names.subject(visit.source)])
    if await attempts.count(tx, visit.source, since) >= MOST_VISITORS:
        raise TooMany("too many new visitors come from this address; wait a moment", retry_after=WINDOW.seconds)
    await attempts.add(tx, visit.source, visit.now)
    made = await visitors.create(tx, visit.channel, visit.address, visit.team, visit.secret, visit.now)
    return customer_wire.customer(made), True


async def prolong(tx: Tx, token: Token, now: int) -> Json:
    """The same token is good for the full time again. Raises Unauthenticated."""
    visitor = await visitors.authenticate(tx, token, now)
    await visitors.renew(tx, visitor, now)
    return customer_wire.customer(visitor)


async def replace(tx: Tx, token: Token, secret: bytes, now: int) -> Json:
    """Another token for the same customer; the one before ends. Raises Unauthenticated, and
    Conflict for an app's token."""
    visitor = await visitors.held(tx, token, now)
    _ask_for_ours(visitor)
    await devices.follow(tx, visitor.id, await visitors.replace(tx, visitor, secret, now))
    return customer_wire.customer(visitor)


async def end(tx: Tx, token: Token, now: int) -> None:
    """This token is good for nothing any more, and the devices that were registered under it are told of nothing. What
    was written stays. Raises Unauthenticated."""
    visitor = await visitors.held(tx, token, now)
    await visitors.end(tx, visitor)
    await devices.end_visitor(tx, visitor.id, visitor.customer)


def _ask_for_ours(visitor: Visitor) -> None:
    if visitor.kind != visitors.KIND:
        raise Conflict("this token is the app's: the app's own backend makes the next one")
