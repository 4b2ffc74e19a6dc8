"""No text is lost to an outage: what a provider lists as sent to us is compared with what is here, and brought in.

After the start, after a webhook that we could not take, and every ten minutes, by one node for each channel. The store
takes each message once, so that a listing may overlap what came by itself. This file holds no truth: until when a
channel was compared is a row, and so is when it is due.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from gateway.actions.receive import Arrival, Receipt, receive
from gateway.channels.contract import Adapter, Inbound, SendError, Verdict
from gateway.channels.registry import Channels
from gateway.domain.instant import from_micros
from gateway.domain.retry import MOST_ATTEMPTS, delay
from gateway.domain.routing import Teams
from gateway.errors import NotFound, Problem, Unavailable
from gateway.store import catch_ups, jobs, status
from gateway.store import inbound as stored
from gateway.store.store import Lane, Store
from gateway.store.trouble import Trouble
from gateway.store.turns import in_turn

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=10)
OVERLAP: Final = timedelta(minutes=15)
"""How far back from where the last comparison began: a provider's list may lag, and its clock be behind ours."""
LISTING: Final = timedelta(minutes=5)
"""How long a provider may take for its list."""
LOOK: Final = 1.0
"""Seconds between two looks at what is due."""
SETTLE: Final = 2.0
"""Seconds from an outage that was noticed to the comparison: one outage is noticed many times."""
IN_FLIGHT: Final = 100
"""Messages on their way into the store at once, so that live ones are never refused for want of room."""
LEAST: Final = 1.0
"""Seconds between two attempts."""
_MICROSECOND: Final = timedelta(microseconds=1)


class CatchUp:
    """One task of each node. `brought` counts by channel what was missing and this node brought in."""

    def __init__(self, store: Store, channels: Channels, teams: Callable[[], Teams], clock: Callable[[], int]) -> None:
        self._store, self._channels, self._teams, self._clock = store, channels, teams, clock
        self._failures: Counter[str] = Counter()
        self._noticed = asyncio.Event()
        self._trouble = Trouble("catch_up.not_begun", "catch_up.begins_again")
        self._task: asyncio.Task[None] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self.brought: Counter[str] = Counter()

    def start(self) -> None:
        self.notice()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """What was brought in stays; the rest is found again by the next comparison."""
        tasks = [*self._under_way.values()] if self._task is None else [self._task, *self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def notice(self) -> None:
        """Something may have been missed, or a channel is new."""
        self._noticed.set()

    async def _run(self) -> None:
        while True:
            with self._trouble.told():
                await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._noticed.wait()
            if self._noticed.is_set():
                await asyncio.sleep(SETTLE)

    async def _look(self) -> None:
        """Compare what is due and no other node is at. What was noticed stays so until the database has heard of it."""
        names = {_job(channel): channel for channel in self._channels}
        if self._noticed.is_set():
            await self._store.write(jobs.hurry, tuple(names))
            self._noticed.clear()
        for job in await self._store.read(jobs.due, tuple(names)):
            channel = names[job]
            if channel not in self._under_way:
                self._under_way[channel] = asyncio.create_task(self._turn(channel))

    async def _turn(self, channel: str) -> None:
        async def work() -> float:
            await self.compare(channel)
            return self._wait(channel)

        try:
            with self._trouble.told():
                await in_turn(self._store, _job(channel), work)
        finally:
            del self._under_way[channel]

    def _wait(self, channel: str) -> float:
        """Seconds until the next comparison if nobody notices anything."""
        failures = self._failures[channel]
        if not failures:
            return EVERY.total_seconds()
        wait = delay(min(failures, MOST_ATTEMPTS - 1), random.random())  # noqa: S311  jitter, not a secret
        return EVERY.total_seconds() if wait is None else max(LEAST, wait.total_seconds())

    async def compare(self, channel: str) -> None:
        """Bring in what one channel has missed. What fails is told and tried again; nothing is raised."""
        try:
            async with self._channels.use(channel) as adapter:
                if adapter.capabilities.catches_up:
                    await self._compare(channel, adapter)
        except NotFound:
            pass  # the channel has gone meanwhile
        except SendError as error:
            await self._failed(channel, error.code, error.detail, error.verdict)
            return
        except Problem as problem:
            await self._failed(channel, None, problem.detail)
            return
        except Exception:  # whatever an adapter does, the others are compared, and this one again
            log.exception("catch_up.failed", channel=channel)
            await self._failed(channel, None, "The provider's list of messages could not be read.")
            return
        self._failures.pop(channel, None)

    async def _compare(self, channel: str, adapter: Adapter) -> None:
        begun = self._clock()
        through = await self._store.write(catch_ups.through, channel, begun)
        if through is None:
            log.info("catch_up.begun", channel=channel)
            return
        async with asyncio.timeout(LISTING.total_seconds()):
            listed = await adapter.missed(from_micros(through - OVERLAP // _MICROSECOND))
        brought = await self._bring_in(channel, adapter, listed)
        await self._store.write(catch_ups.move, channel, begun)
        if brought:
            self.brought[channel] += brought
            self._channels.traffic.came_in(channel, self._clock())
        log.info("catch_up.compared", channel=channel, listed=len(listed), brought=brought)

    async def _bring_in(self, channel: str, adapter: Adapter, listed: Sequence[Inbound]) -> int:
        """In the order of the list; how many were missing. A part at a time, and none before the last is in."""
        brought = 0
        for start in range(0, len(listed), IN_FLIGHT):
            part = listed[start : start + IN_FLIGHT]
            known = await self._store.read(stored.known, channel, [inbound.provider_id for inbound in part])
            fresh = [inbound for inbound in part if inbound.provider_id not in known]
            receipts = await asyncio.gather(*self._received(channel, adapter, fresh), return_exceptions=True)
            brought += sum(self._is_new(channel, receipt) for receipt in receipts)
        return brought

    def _is_new(self, channel: str, receipt: Receipt | BaseException) -> bool:
        """What the store cannot take now puts all of it off; a message that it can never take holds up no other."""
        if isinstance(receipt, Receipt):
            return receipt.message is not None
        if isinstance(receipt, Unavailable) or not isinstance(receipt, Exception):
            raise receipt
        log.error("catch_up.refused", channel=channel, error=type(receipt).__name__)
        self._channels.traffic.went_wrong(channel, None, "A missed message could not be stored.", self._clock())
        return False

    def _received(self, channel: str, adapter: Adapter, fresh: Sequence[Inbound]) -> Iterator[Awaitable[Receipt]]:
        """What is for an address that is not ours here is for another channel of the same account."""
        for inbound in fresh:
            door = adapter.destination(inbound.endpoint)
            if door is not None:
                arrival = Arrival.at_door(channel, inbound, door, self._teams(), self._clock())
                yield self._store.write_each(receive, arrival, Lane.INGEST)

    async def _failed(self, channel: str, code: str | None, detail: str, verdict: Verdict | None = None) -> None:
        now = self._clock()
        self._failures[channel] += 1
        self._channels.traffic.went_wrong(channel, code, f"Missed messages could not be looked for: {detail}", now)
        log.warning("catch_up.put_off", channel=channel, code=code, failures=self._failures[channel])
        if verdict == "configuration":
            with suppress(Problem):
                await self._store.write(status.keep_misconfiguration, channel, code, detail, now)


def _job(channel: str) -> str:
    return f"catch_up {channel}"
