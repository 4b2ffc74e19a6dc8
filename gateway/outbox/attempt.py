"""One attempt at one delivery: the call to the adapter, and what it means.

Whatever is not surely "sent" or surely "not sent" is lost: `unknown`, looked up, never sent again by itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog

from gateway.actions.deliver import Ending, next_lookup
from gateway.actions.report import reference
from gateway.channels.contract import SEND_TIMEOUT, Adapter, Outbound, OutboundFile, SendError
from gateway.domain.address import Address
from gateway.domain.device import FETCHED
from gateway.domain.instant import from_micros
from gateway.domain.retry import delay
from gateway.store.deliveries import Delivery

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
Clock = Callable[[], int]
"""Microseconds since 1970."""

_MICROSECOND: Final = timedelta(microseconds=1)
LOST_DETAIL: Final = "The provider did not answer; the message may have gone out."


def outbound(delivery: Delivery, files: tuple[OutboundFile, ...], now: int) -> Outbound:
    return Outbound(
        reference(delivery.id, delivery.attempt),
        Address(delivery.kind, delivery.address),
        delivery.endpoint,
        delivery.body,
        from_micros(delivery.first_tried_at or now),
        files,
    )


async def attempt(adapter: Adapter, delivery: Delivery, files: tuple[OutboundFile, ...], clock: Clock) -> Ending:
    """Hand the message to the provider, once, and say how it ended, and when. Never raises but for cancellation."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            result = await adapter.send(outbound(delivery, files, clock()))
    except SendError as error:
        log.warning(
            "outbox.not_sent", channel=delivery.channel, delivery=delivery.id, verdict=error.verdict, code=error.code
        )
        return refused(adapter, delivery, error, clock())
    except (Exception, asyncio.CancelledError):  # an adapter's own mistake says nothing of what left the house
        unless_we_are_ended()
        log.exception("outbox.fate_unknown", channel=delivery.channel, delivery=delivery.id)
        return _lost(adapter, delivery, LOST_DETAIL, clock())
    known = None if delivery.kind in FETCHED else result.provider_id  # there is no provider to ask, or to report
    return Ending(delivery.id, delivery.attempt, "accepted", clock(), provider_id=known)


async def look_up(adapter: Adapter, delivery: Delivery, files: tuple[OutboundFile, ...], now: int) -> tuple[str, ...]:
    """Provider ids of messages that may be this one; none where the provider cannot tell."""
    if not adapter.capabilities.lookup:
        return ()
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            found = await adapter.look_up(outbound(delivery, files, now))
            return tuple(result.provider_id for result in found)
    except (SendError, TimeoutError) as error:
        log.warning("outbox.lookup_failed", channel=delivery.channel, delivery=delivery.id, error=type(error).__name__)
    except (Exception, asyncio.CancelledError):  # whatever an adapter does, the next look-up comes
        unless_we_are_ended()
        log.exception("outbox.lookup_failed", channel=delivery.channel, delivery=delivery.id)
    return ()


async def together(works: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What each answers; none raises. One, as nearly all are, costs no task of its own."""
    return [await works[0]] if len(works) == 1 else list(await asyncio.gather(*works))


def unless_we_are_ended() -> None:
    """Pass on a cancellation that is meant for us, not one that an adapter made of its own work."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _lost(adapter: Adapter, delivery: Delivery, detail: str, now: int, code: str | None = None) -> Ending:
    due_at = next_lookup(0, now) if adapter.capabilities.lookup else None
    return Ending(delivery.id, delivery.attempt, "lost", now, None, code, detail, due_at)


def refused(adapter: Adapter, delivery: Delivery, error: SendError, now: int) -> Ending:
    """What an attempt that was not taken means for its message."""
    match error.verdict:
        case "transient":
            wait = delay(delivery.tries, random.random(), error.retry_after)  # noqa: S311  jitter, not a secret
            if wait is None:
                detail = f"Tried {delivery.tries} times without success."
                return Ending(delivery.id, delivery.attempt, "rejected", now, None, error.code, detail)
            due_at = now + wait // _MICROSECOND
            return Ending(delivery.id, delivery.attempt, "postponed", now, None, error.code, error.detail, due_at)
        case "ambiguous":
            return _lost(adapter, delivery, error.detail, now, error.code)
        case "permanent" | "configuration" | "opted_out":
            return Ending(
                delivery.id, delivery.attempt, "rejected", now, None, error.code, error.detail, verdict=error.verdict
            )
