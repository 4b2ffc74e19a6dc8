"""A person decides on a message that failed or whose fate is unknown: send it again, or settle what became of it."""

from __future__ import annotations

from typing import Literal

from gateway.actions.opt_out import REASON
from gateway.domain import wire
from gateway.domain.author import Principal
from gateway.domain.delivery import SETTLED_BY_PERSON, Move, move
from gateway.domain.message import MessageId
from gateway.domain.wire import Json
from gateway.errors import Forbidden, NotFound, OptedOut
from gateway.store import credentials, deliveries, idempotency, messages
from gateway.store.deliveries import Change, Delivery
from gateway.store.store import Tx


async def retry(tx: Tx, secret: bytes, message: MessageId, key: str | None, fingerprint: bytes, now: int) -> Json:
    """Send it again, as it was written. Raises IllegalMove unless it failed or its fate is unknown, and OptedOut
    when the customer wants nothing more by that way."""
    principal, delivery = await _reach(tx, secret, message, now)
    before = await idempotency.recall(tx, principal.key, key, fingerprint, now)
    if before is not None:
        return before
    if delivery.opted_out_at is not None:
        raise OptedOut(REASON)
    await deliveries.begin_anew(tx, delivery.id)
    answer = await _step(tx, principal, delivery, "retry", now)
    await idempotency.keep(tx, principal.key, key, answer)
    return answer


async def settle(
    tx: Tx,
    secret: bytes,
    message: MessageId,
    state: Literal["sent", "delivered", "failed"],
    key: str | None,
    fingerprint: bytes,
    now: int,
) -> Json:
    """Say what became of it, as a person found out. Raises IllegalMove where the state table has no such step."""
    principal, delivery = await _reach(tx, secret, message, now)
    before = await idempotency.recall(tx, principal.key, key, fingerprint, now)
    if before is not None:
        return before
    answer = await _step(tx, principal, delivery, SETTLED_BY_PERSON[state], now)
    await idempotency.keep(tx, principal.key, key, answer)
    return answer


async def _reach(tx: Tx, secret: bytes, message: MessageId, now: int) -> tuple[Principal, Delivery]:
    principal = await credentials.authenticate(tx, secret, now)
    delivery = await deliveries.of_message(tx, principal.agent, message)
    if delivery is None:
        raise NotFound
    if not principal.may_reply:
        raise Forbidden("this token was made without --may-reply: it reads and writes notes")
    return principal, delivery


async def _step(tx: Tx, principal: Principal, delivery: Delivery, step: Move, now: int) -> Json:
    state = move(delivery.state, step)
    detail = f"settled by {principal.author.name}" if step != "retry" else None
    await deliveries.change(tx, delivery.id, Change(state, now if step == "retry" else None, detail=detail), now)
    data = {"message": delivery.message, "by": principal.agent, "step": step}
    tx.event(delivery.team, "delivery.changed", delivery.thread, now, data)
    return wire.message((await messages.get_messages(tx, principal.agent, [delivery.message]))[delivery.message])
