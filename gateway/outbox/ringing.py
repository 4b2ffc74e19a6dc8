"""What is asked of a voice channel about one call, each question bounded in time, and what its answer means.

Whatever is not surely "taken" or surely "not taken" is lost: of unknown fate, looked up, never rung again by itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from gateway.actions import dial
from gateway.actions.call_report import reference, ring
from gateway.actions.dial import Ending
from gateway.channels.contract import SEND_TIMEOUT
from gateway.channels.voice import CallError, CallReport, Voice
from gateway.domain.call import PhoneCall
from gateway.domain.retry import delay
from gateway.outbox.attempt import Clock, unless_we_are_ended

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
T = TypeVar("T")

LEASE: Final = 3 * SEND_TIMEOUT
"""Seconds. A ring that cannot end before its lease does is not begun."""
LOST: Final = "The provider did not answer; a phone may have rung."
_MICROSECOND: Final = timedelta(microseconds=1)


def has_time(begun: float) -> bool:
    """Whether a ring that was claimed at this monotonic time ends before its lease does."""
    return time.monotonic() - begun <= LEASE - 2 * SEND_TIMEOUT


async def attempt(adapter: Voice, call: PhoneCall, clock: Clock) -> Ending:
    """Have the agent's phone rung, once, and say how it ended, and when. Never raises but for cancellation."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            call_id = await adapter.ring(ring(call))
    except CallError as error:
        log.warning("dialer.not_rung", call=call.id, channel=call.channel, verdict=error.verdict, code=error.code)
        return _refused(call, error, clock())
    except (Exception, asyncio.CancelledError):  # an adapter's own mistake says nothing of what left the house
        unless_we_are_ended()
        log.exception("dialer.fate_unknown", call=call.id, channel=call.channel)
        return Ending(call.id, call.attempt, "lost", clock(), detail=LOST)
    return Ending(call.id, call.attempt, "taken", clock(), call_id)


async def find(adapter: Voice, call: PhoneCall) -> tuple[str, ...]:
    """Ids of agents' legs that may be this call's; none where the provider does not tell."""
    return await _asked(call, lambda: adapter.find(ring(call))) or ()


async def progress(adapter: Voice, call: PhoneCall) -> tuple[CallReport, ...] | None:
    """How both legs stand; None where the provider does not tell."""
    return await _asked(call, lambda: adapter.progress(reference(call), call.agent_call_id or ""))


async def hang_up(adapter: Voice, call: PhoneCall) -> None:
    """Whether it has ended is asked afterwards."""
    await _asked(call, lambda: adapter.hang_up(call.agent_call_id or ""))


async def _asked(call: PhoneCall, ask: Callable[[], Awaitable[T]]) -> T | None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            return await ask()
    except (CallError, TimeoutError) as error:
        log.warning("dialer.not_told", call=call.id, channel=call.channel, error=type(error).__name__)
    except (Exception, asyncio.CancelledError):  # whatever an adapter does, the next look comes
        unless_we_are_ended()
        log.exception("dialer.not_told", call=call.id, channel=call.channel)
    return None


def _refused(call: PhoneCall, error: CallError, now: int) -> Ending:
    """What an attempt that was not taken means for its call. Nobody waits long for a phone to ring: tries end with the
    time that a call may wait."""
    match error.verdict:
        case "transient":
            wait = delay(call.attempt, random.random(), error.retry_after)  # noqa: S311  jitter, not a secret
            due_at = None if wait is None else now + wait // _MICROSECOND
            if due_at is None or due_at - call.created_at > dial.PROMPT:
                return Ending(call.id, call.attempt, "refused", now, None, error.code, error.detail)
            return Ending(call.id, call.attempt, "postponed", now, None, error.code, error.detail, due_at)
        case "ambiguous":
            return Ending(call.id, call.attempt, "lost", now, None, error.code, error.detail)
        case "permanent" | "configuration":
            is_ours = error.verdict == "configuration"
            return Ending(call.id, call.attempt, "refused", now, None, error.code, error.detail, is_ours=is_ours)
