"""Wakes a customer's devices for what a person has written: one push to each, all at once, each bounded in time.

The message waits in the thread whatever becomes of a push, and a push replaces the one before it, so that any of them
may be made twice. It refuses to push for anything but a delivery, and says nothing but the notice of who wrote.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from gateway.actions.report import Failure
from gateway.channels.contract import SEND_TIMEOUT, Adapter, SendError
from gateway.channels.push import App, Notice, PushError, is_app
from gateway.channels.registry import Channels
from gateway.domain import notice
from gateway.domain.instant import from_micros
from gateway.domain.message import TeamId
from gateway.domain.retry import MOST_ATTEMPTS
from gateway.errors import NotFound, Problem
from gateway.outbox.attempt import Clock, unless_we_are_ended
from gateway.store import devices
from gateway.store.deliveries import Delivery
from gateway.store.devices import Call, Registered
from gateway.store.store import Store

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_LATE: Final = "The push service did not answer in time."
_BROKEN: Final = "The push failed on our side."
_NO_CHANNEL: Final = "The channel that would push to this device is not configured any more."


NameOf = Callable[[TeamId], str]
"""What customers call a team."""


@dataclass(frozen=True, slots=True)
class Waking:
    """What came of it."""

    refusal: SendError | None = None
    """Why the message may not count as sent; None where a device was woken, or none has to be."""
    failures: tuple[Failure, ...] = ()
    """What is wrong with our own set-up."""


class Waker:
    """Pushes for customers' deliveries on this node."""

    def __init__(self, store: Store, channels: Channels, clock: Clock, name_of: NameOf) -> None:
        self._store, self._channels, self._clock, self._name_of = store, channels, clock, name_of

    async def wake(self, adapter: Adapter, delivery: Delivery) -> Waking:
        """For a delivery of `adapter`'s channel. Who has an app is not reached without a push; on a web page the
        message waits all the same, and only a push service that is busy is asked again. Raises Unavailable."""
        call = await self._store.read(devices.call_for, delivery.id)
        if call is None or not (call.devices or is_app(adapter)):
            return Waking()
        answers = await asyncio.gather(*(self._push(registered, call) for registered in call.devices))
        failed = [(at, error) for at, error in zip(call.devices, answers, strict=True) if error is not None]
        await self._forget([registered for registered, error in failed if error.verdict == "gone"])
        failures = _failures(failed, self._clock())
        if len(failed) < len(answers):
            return Waking(None, failures)
        errors = [error for _, error in failed]
        if is_app(adapter):
            return Waking(_refusal(errors) or SendError("permanent", nobody(call.last_seen, self._clock())), failures)
        refusal = _again(errors) if delivery.tries < MOST_ATTEMPTS else None
        return Waking(refusal, failures)

    async def _push(self, registered: Registered, call: Call) -> PushError | None:
        """Once; None where the platform took it."""
        error = await self._pushed(registered, call)
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

    async def _pushed(self, registered: Registered, call: Call) -> PushError | None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT), self._channels.use(registered.channel) as app:
                if not is_app(app):
                    return PushError("refused", _NO_CHANNEL)
                await app.push(registered.device, self._notice(app, call))
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

    def _notice(self, app: App, call: Call) -> Notice:
        text = call.body if app.shows_text else None
        title, body = notice.of_reply(self._name_of(call.team), call.name, text)
        return Notice(title, body, str(call.thread), str(call.message), call.unread)

    async def _forget(self, gone: Sequence[Registered]) -> None:
        for registered in gone:
            with suppress(Problem):  # the platform says it again at the next push
                await self._store.write(devices.gone, registered)


def nobody(last_seen: int | None, now: int) -> str:
    """Why an app's customer is not reached, in words for an agent; the month is UTC's, as is the year."""
    if last_seen is None:
        return "No device can be reached; never seen."
    seen = from_micros(last_seen)
    year = f" {seen.year}" if seen.year != from_micros(now).year else ""
    return f"No device can be reached; last seen in {seen:%B}{year}."


def _failures(failed: Sequence[tuple[Registered, PushError]], now: int) -> tuple[Failure, ...]:
    """Each once, of the channel whose file is to be set right."""
    ours = {(at.channel, error.code): error.detail for at, error in failed if error.verdict == "configuration"}
    return tuple(Failure(channel, "configuration", code, detail, now, None) for (channel, code), detail in ours.items())


def _refusal(errors: Sequence[PushError]) -> SendError | None:
    """What none of the devices was woken for: the hopeful first. None where all are gone."""
    if (again := _again(errors)) is not None:
        return again
    for verdict in ("configuration", "refused"):
        for error in errors:
            if error.verdict == verdict:
                return SendError("permanent", error.detail, code=error.code)
    return None


def _again(errors: Sequence[PushError]) -> SendError | None:
    """Not before the last of the platforms wants to be asked again."""
    busy = [error for error in errors if error.verdict == "again"]
    if not busy:
        return None
    waits: list[timedelta] = [error.retry_after for error in busy if error.retry_after is not None]
    return SendError("transient", busy[0].detail, code=busy[0].code, retry_after=max(waits, default=None))
