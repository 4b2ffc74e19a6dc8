"""Wakes a customer's devices for what a person has written: one push to each, all at once, each bounded in time.

The message waits in the thread whatever becomes of a push, and a push replaces the one before it, so that any of them
may be made twice. It refuses to push for anything but a delivery, and says nothing but the notice of who wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from gateway.actions.report import Failure
from gateway.channels.contract import Adapter, SendError
from gateway.channels.push import App, Notice, PushError, is_app
from gateway.channels.registry import Channels
from gateway.domain import notice
from gateway.domain.delivery import DeliveryId
from gateway.domain.instant import from_micros
from gateway.domain.retry import MOST_ATTEMPTS
from gateway.errors import Problem
from gateway.outbox.attempt import Clock, together
from gateway.outbox.pushing import NameOf, push
from gateway.store import devices
from gateway.store.deliveries import Delivery
from gateway.store.devices import Call, Registered
from gateway.store.store import Store


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

    async def calls(self, deliveries: Sequence[Delivery]) -> dict[DeliveryId, Call]:
        """What these deliveries' pushes need to know, read at once. Raises Unavailable."""
        return await self._store.read(devices.calls_for, [delivery.id for delivery in deliveries])

    async def wake(self, adapter: Adapter, delivery: Delivery, call: Call | None) -> Waking:
        """For a delivery of `adapter`'s channel. Who has an app is not reached without a push; on a web page the
        message waits all the same, and only a push service that is busy is asked again. Raises Unavailable."""
        if call is None or not (call.devices or is_app(adapter)):
            return Waking()
        answers = await together([push(self._channels, one, partial(self._notice, call)) for one in call.devices])
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

    def _notice(self, call: Call, app: App) -> Notice:
        text = call.body if app.shows_text else None
        title, body = notice.of_reply(self._name_of(call.team), call.name, text)
        return Notice(title, body, str(call.thread), str(call.message), call.unread)

    async def _forget(self, gone: Sequence[Registered]) -> None:
        for registered in gone:
            with suppress(Problem):  # the platform says it again at the next push
                await self._store.write(devices.gone, registered)


_DAY: Final = 86_400_000_000


def nobody(last_seen: int | None, now: int) -> str:
    """Why an app's customer is not reached, in words for an agent; the month is UTC's, as is the year."""
    if last_seen is None:
        return "No device can be reached; never seen."
    if now - last_seen < _DAY:
        return "No device can be reached; last seen less than a day ago."
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
