"""Tells customers' devices that a person has opened the chat they booked: the fixed notice, one push to each.

The chat is there whatever becomes of a push, and a push replaces the one before it, so that any may be made twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from typing import Final

import structlog

from gateway.channels.contract import SEND_TIMEOUT
from gateway.channels.push import Notice, PushError
from gateway.channels.registry import Channels
from gateway.domain import notice
from gateway.domain.retry import delay
from gateway.errors import Problem
from gateway.outbox.attempt import Clock
from gateway.outbox.claiming import claimed
from gateway.outbox.pushing import NameOf, push
from gateway.outbox.resting import rest
from gateway.store import devices, openings
from gateway.store.doorbell import Doorbell
from gateway.store.openings import Opening
from gateway.store.store import Store
from gateway.store.trouble import Trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AT_ONCE: Final = 32
POLL: Final = 1.0
GAP: Final = 0.05
LASTS: Final = timedelta(minutes=10)
"""For how long the platform keeps it for a device that is off."""
MOST_TRIES: Final = 5
_MICROSECOND: Final = timedelta(microseconds=1)
_LEASE: Final = timedelta(seconds=2 * SEND_TIMEOUT)


class Openings:
    """One task of each node."""

    def __init__(self, store: Store, channels: Channels, doorbell: Doorbell, clock: Clock, name_of: NameOf) -> None:
        self._store, self._channels, self._clock, self._name_of = store, channels, clock, name_of
        self._ear = doorbell.listen(texts=False)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Claim nothing more, and let what is under way end: it is bounded in time."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        trouble = Trouble("opening.not_told", "opening.told_again")
        while not self._stopping.is_set():
            wait = POLL
            with trouble.told():
                wait = await self._turn()
            await rest(self._ear, self._stopping, wait, GAP)

    async def _turn(self) -> float:
        """Tell what is due; seconds until something becomes due."""
        due, now = await self._store.read(openings.next_due), self._clock()
        if due is None or due > now:
            return POLL if due is None else min(POLL, (due - now) / 1_000_000)
        claim = self._store.write(openings.claim, AT_ONCE, now, now + _LEASE // _MICROSECOND)
        until = time.monotonic() + _LEASE.total_seconds()
        found = await claimed(self._store, claim, openings.still_claimed, until)
        await asyncio.gather(*(self._tell(opening) for opening in found))
        return 0.0

    async def _tell(self, opening: Opening) -> None:
        error = await push(self._channels, opening.device, lambda _: self._notice(opening))
        try:
            await self._finish(opening, error)
        except Problem as problem:  # told once more when its time comes
            log.warning("opening.finish_failed", problem=problem.slug)

    async def _finish(self, opening: Opening, error: PushError | None) -> None:
        if error is not None and error.verdict == "gone":
            await self._store.write(devices.gone, opening.device)
        wait = None
        if error is not None and error.verdict == "again" and opening.tries < MOST_TRIES:
            wait = delay(opening.tries, random.random(), error.retry_after)  # noqa: S311  jitter, not a secret
        if wait is None:
            await self._store.write(openings.done, opening.id)
        else:
            await self._store.write(openings.postpone, opening.id, self._clock() + wait // _MICROSECOND)

    def _notice(self, opening: Opening) -> Notice:
        title, body = notice.of_opening(self._name_of(opening.team), opening.name)
        return Notice(title, body, str(opening.thread), "", opening.unread, LASTS, str(opening.booking))
