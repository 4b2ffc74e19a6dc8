"""The outbox: claims what is due with a lease, hands it to the channel's adapter, and records how it ended.

One pump a channel, each with its own bound, so that a provider that hangs holds up nobody else. The database is the
truth: a pump that dies forgets nothing, and what it had claimed becomes `unknown` when its lease runs out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from gateway.actions import deliver
from gateway.channels.contract import SEND_TIMEOUT, SendError
from gateway.channels.registry import Channels
from gateway.errors import NotFound, Problem
from gateway.outbox.attempt import attempt, outbound
from gateway.store import deliveries
from gateway.store.deliveries import Delivery
from gateway.store.doorbell import Doorbell, Ear
from gateway.store.store import Lane, Store

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LEASE: Final = 3 * SEND_TIMEOUT
"""Seconds. A send that cannot end before its lease does is not begun."""
POLL: Final = 1.0
GAP: Final = 0.01
"""Seconds between two looks at the table, so that thousands of inbound messages a second do not mean as many looks."""
FOREVER: Final = 2**62

Clock = Callable[[], int]


class Outbox:
    """All pumps of this node."""

    def __init__(self, store: Store, channels: Channels, doorbell: Doorbell, clock: Clock) -> None:
        self._store, self._channels, self._doorbell, self._clock = store, channels, doorbell, clock
        self._pumps: dict[str, _Pump] = {}
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self, *, only_node: bool) -> None:
        """On SQLite this is the only node, so whatever is `sending` at start was lost with the process before."""
        if only_node:
            while await self._store.write(deliver.give_up_leases, FOREVER, self._clock()):
                pass
        self._supervisor = asyncio.create_task(self._supervise())

    async def close(self) -> None:
        """Claim nothing more, and let what is under way end."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        await asyncio.gather(*(pump.close() for pump in self._pumps.values()))

    async def _supervise(self) -> None:
        """A pump for each live channel; a channel that is gone gives its waiting messages back to the people."""
        while True:
            live = set(self._channels)
            for name in live - self._pumps.keys():
                self._pumps[name] = _Pump(name, self._store, self._channels, self._doorbell.listen(), self._clock)
            for name in self._pumps.keys() - live:
                await self._pumps.pop(name).close()
            try:
                await self._sweep(tuple(sorted(live)), self._clock())
            except Problem as problem:
                log.warning("outbox.sweep_failed", problem=problem.slug)
            await asyncio.sleep(POLL)

    async def _sweep(self, live: tuple[str, ...], now: int) -> None:
        if await self._store.read(deliveries.expired, now):
            await self._store.write(deliver.give_up_leases, now, now)
        if await self._store.read(deliveries.waiting_elsewhere, live):
            await self._store.write(deliver.strand, live, now)


class _Pump:
    """One channel's sends and look-ups on this node."""

    def __init__(self, channel: str, store: Store, channels: Channels, ear: Ear, clock: Clock) -> None:
        self._channel, self._store, self._channels, self._ear, self._clock = channel, store, channels, ear, clock
        self._under_way: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, *self._under_way, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            wait = POLL
            try:
                wait = await self._turn()
            except NotFound:
                return  # the channel is gone; the supervisor takes note
            except Problem as problem:
                log.warning("outbox.claim_failed", channel=self._channel, problem=problem.slug)
            await self._ear.heard(wait)
            await asyncio.sleep(GAP)

    async def _turn(self) -> float:
        """Start what there is room for; seconds until something is due."""
        adapter = self._channels.get(self._channel)
        if adapter is None:
            raise NotFound
        room = adapter.concurrency - len(self._under_way)
        if room <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return 0.0
        now, begun = self._clock(), time.monotonic()
        if await self._store.read(deliveries.due, self._channel, now, 1):
            lease = now + int(LEASE * 1_000_000)
            for delivery in await self._store.write(deliver.claim_due, self._channel, room, now, lease):
                self._start(self._send(delivery, begun))
        for delivery in await self._store.read(deliveries.to_look_up, self._channel, now, room):
            await self._look_up(delivery)
        due = await self._store.read(deliveries.next_due, self._channel)
        return POLL if due is None else min(POLL, max(0.0, (due - self._clock()) / 1_000_000))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)  # its commit rings the bell, so the next in line is seen

    async def _send(self, delivery: Delivery, begun: float) -> None:
        ending = await self._attempt(delivery, begun)
        while time.monotonic() - begun < LEASE:
            try:
                await self._store.write_each(deliver.finish, ending, Lane.PEOPLE)
            except Problem as problem:  # the answer must not be lost because the disk is full for a moment
                log.warning("outbox.finish_failed", channel=self._channel, problem=problem.slug)
                await asyncio.sleep(POLL)
            else:
                return

    async def _attempt(self, delivery: Delivery, begun: float) -> deliver.Ending:
        """By our own clock, counted from before the claim: a lease that is nearly over is not used."""
        now = self._clock()
        not_begun = deliver.Ending(delivery.id, delivery.attempt, "postponed", now, due_at=now)
        if time.monotonic() - begun > LEASE - 2 * SEND_TIMEOUT:
            return not_begun
        try:
            async with self._channels.use(self._channel) as adapter:
                return await attempt(adapter, delivery, now)
        except NotFound:
            return not_begun

    async def _look_up(self, delivery: Delivery) -> None:
        candidates: tuple[str, ...] = ()
        try:
            async with self._channels.use(self._channel) as adapter, asyncio.timeout(SEND_TIMEOUT):
                if adapter.capabilities.lookup:
                    found = await adapter.look_up(outbound(delivery, self._clock()))
                    candidates = tuple(result.provider_id for result in found)
        except (SendError, TimeoutError) as error:
            log.warning("outbox.lookup_failed", channel=self._channel, delivery=delivery.id, error=type(error).__name__)
        await self._store.write(deliver.resolve, delivery, candidates, self._clock())
