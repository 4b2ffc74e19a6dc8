"""One push to one device, through the channel that it was registered by; bounded in time, and never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from gateway.channels.contract import SEND_TIMEOUT
from gateway.channels.push import App, Notice, PushError, is_app
from gateway.channels.registry import Channels
from gateway.domain.message import TeamId
from gateway.errors import NotFound
from gateway.outbox.attempt import unless_we_are_ended
from gateway.store.devices import Registered

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_LATE: Final = "The push service did not answer in time."
_BROKEN: Final = "The push failed on our side."
_NO_CHANNEL: Final = "The channel that would push to this device is not configured any more."

NameOf = Callable[[TeamId], str]
"""What customers call a team."""


async def push(channels: Channels, registered: Registered, notice: Callable[[App], Notice]) -> PushError | None:
    """Once; None where the platform took it. What the notice says is up to the channel's file."""
    error = await _pushed(channels, registered, notice)
    if error is not None:
        log.warning(
            "push.not_taken",
            channel=registered.channel,
            device=registered.id,
            platform=registered.device.platform,
            verdict=error.verdict,
            code=error.code,
        )
    return error


async def _pushed(channels: Channels, registered: Registered, notice: Callable[[App], Notice]) -> PushError | None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT), channels.use(registered.channel) as app:
            if not is_app(app):
                return PushError("refused", _NO_CHANNEL)
            await app.push(registered.device, notice(app))
    except PushError as error:
        return error
    except NotFound:
        return PushError("refused", _NO_CHANNEL)
    except TimeoutError:
        return PushError("again", _LATE)
    except (Exception, asyncio.CancelledError):  # an adapter's own mistake, cancellation of its own work included
        unless_we_are_ended()
        log.exception("push.failed", channel=registered.channel, device=registered.id)
        return PushError("again", _BROKEN)
    return None
