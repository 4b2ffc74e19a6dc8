"""One attempt at one delivery: the call to the adapter, and what it means.

Whatever is not surely "sent" or surely "not sent" is lost: `unknown`, looked up, never sent again by itself.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Final

import structlog

from gateway.actions.deliver import Ending, next_lookup
from gateway.actions.report import reference
from gateway.channels.contract import SEND_TIMEOUT, Adapter, Outbound, SendError
from gateway.domain.address import Address
from gateway.domain.instant import from_micros
from gateway.domain.retry import delay
from gateway.store.deliveries import Delivery

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_MICROSECOND: Final = timedelta(microseconds=1)
LOST_DETAIL: Final = "The provider did not answer; the message may have gone out."
WORN_OUT: Final = "Tried for an hour without success."


def outbound(delivery: Delivery, now: int) -> Outbound:
    return Outbound(
        reference(delivery.id, delivery.attempt),
        Address(delivery.kind, delivery.address),
        delivery.endpoint,
        delivery.body,
        from_micros(delivery.first_tried_at or now),
    )


async def attempt(adapter: Adapter, delivery: Delivery, now: int) -> Ending:
    """Hand the message to the provider, once, and say how it ended. Never raises but for cancellation."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            result = await adapter.send(outbound(delivery, now))
    except SendError as error:
        log.warning(
            "outbox.not_sent", channel=delivery.channel, delivery=delivery.id, verdict=error.verdict, code=error.code
        )
        return _refused(delivery, error, now, random.random())  # noqa: S311  jitter, not a secret
    except Exception:  # an adapter's own mistake says nothing of what left the house
        log.exception("outbox.fate_unknown", channel=delivery.channel, delivery=delivery.id)
        return lost(delivery, LOST_DETAIL, now, adapter.capabilities.lookup)
    return Ending(delivery.id, delivery.attempt, "accepted", now, provider_id=result.provider_id)


def lost(delivery: Delivery, detail: str, now: int, lookup: bool) -> Ending:
    due_at = next_lookup(0, now) if lookup else None
    return Ending(delivery.id, delivery.attempt, "lost", now, detail=detail, due_at=due_at)


def _refused(delivery: Delivery, error: SendError, now: int, chance: float) -> Ending:
    match error.verdict:
        case "transient":
            wait = delay(delivery.attempt, chance, error.retry_after)
            if wait is None:
                return Ending(delivery.id, delivery.attempt, "rejected", now, None, error.code, WORN_OUT)
            due_at = now + wait // _MICROSECOND
            return Ending(delivery.id, delivery.attempt, "postponed", now, None, error.code, error.detail, due_at)
        case "ambiguous":
            due_at = next_lookup(0, now) or now
            return Ending(delivery.id, delivery.attempt, "lost", now, None, error.code, error.detail, due_at)
        case "permanent" | "configuration":
            return Ending(delivery.id, delivery.attempt, "rejected", now, None, error.code, error.detail)
