"""What a customer's own client has fetched, and what they have read: deliveries to them move by that, and only by that.

Marks never go back, and saying the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.delivery import DeliveryId, Reported, reported
from gateway.domain.message import MessageId
from gateway.domain.wire import Json
from gateway.errors import NotFound
from gateway.store import conversations, deliveries, visitors
from gateway.store.deliveries import Change
from gateway.store.store import Row, Tx
from gateway.store.visitors import Token, Visitor


async def is_known(tx: Tx, token: Token, message: MessageId, said: Reported, now: int) -> Json | None:
    """How far they have read, if the mark is there already: then there is nothing to write. Raises Unauthenticated,
    and NotFound for what is not in their thread."""
    visitor = await visitors.authenticate(tx, token, now)
    if visitor.thread is None or not await conversations.is_said(tx, visitor, message):
        raise NotFound
    stands = await conversations.standing(tx, visitor)
    return _shape(stands) if message <= (stands.read if said == "read" else stands.fetched) else None


async def mark(tx: Tx, token: Token, message: MessageId, said: Reported, now: int) -> Json:
    """They have ("delivered") or have read everything up to this message."""
    known = await is_known(tx, token, message, said, now)
    if known is not None:
        return known
    visitor = await visitors.authenticate(tx, token, now)
    stands = await conversations.standing(tx, visitor)
    past = stands.read if said == "read" else stands.fetched
    for row in await conversations.hold_up_to(tx, visitor, past, message):
        await _move(tx, visitor, row, said, now)
    if visitor.thread is not None:
        read = message if said == "read" else stands.read
        await conversations.mark(tx, visitor.thread, max(message, stands.fetched), read)
    return _shape(await conversations.standing(tx, visitor))


async def fetched(tx: Tx, token: Token, messages: Sequence[MessageId], now: int) -> None:
    """Their client has just these. What stands before their mark they have read already, when it went out before."""
    visitor = await visitors.authenticate(tx, token, now)
    stands = await conversations.standing(tx, visitor)
    for row in await conversations.hold_deliveries(tx, visitor, messages):
        await _move(tx, visitor, row, "read" if row["message_id"] <= stands.read else "delivered", now)


async def _move(tx: Tx, visitor: Visitor, row: Row, said: Reported, now: int) -> None:
    state = reported(row["state"], said)
    if state != row["state"]:
        await deliveries.change(tx, DeliveryId(row["id"]), Change(state), now)
        tx.event(row["team_id"], "delivery.changed", visitor.thread, now, {"message": row["message_id"]})


def _shape(stands: conversations.Standing) -> Json:
    return {"read": str(stands.read) if stands.read else None, "unread": stands.unread}
