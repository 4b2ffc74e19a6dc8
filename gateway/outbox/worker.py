"""The outbox: a pump for each live channel, and a sweep of what no pump holds any more.

One pump a channel, each with its own bound, so that a provider that hangs holds up nobody else. The database is the
truth: a pump that dies forgets nothing, and what it had claimed becomes `unknown` when its lease runs out.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from gateway.actions import deliver
from gateway.channels.registry import Channels
from gateway.files.links import Links
from gateway.outbox.attempt import Clock
from gateway.outbox.pump import POLL, Pump
from gateway.outbox.pushing import NameOf
from gateway.outbox.waking import Waker
from gateway.store import deliveries, held
from gateway.store.doorbell import Doorbell
from gateway.store.store import Store
from gateway.store.trouble import Trouble


class Outbox:
    """All pumps of this node."""

    def __init__(
        self, store: Store, channels: Channels, doorbell: Doorbell, clock: Clock, links: Links, name_of: NameOf
    ) -> None:
        self._store, self._channels, self._doorbell, self._clock = store, channels, doorbell, clock
        self._links = links
        self._waker = Waker(store, channels, clock, name_of)
        self._pumps: dict[str, Pump] = {}
        self.endings: Counter[str] = Counter()
        """How attempts ended on this node since it started: accepted, postponed, rejected, lost."""
        self._leaving: set[Pump] = set()
        """Pumps of channels that are gone, with sends under way."""
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self, *, only_node: bool) -> None:
        """On SQLite this is the only node, so whatever is `sending` at start was lost with the process before."""
        if only_node:
            while await self._store.write(deliver.give_up_leases, self._clock(), all_leases=True):
                pass
        self._supervisor = asyncio.create_task(self._supervise())

    def sending(self) -> dict[str, float]:
        """Sends and look-ups under way, by channel."""
        return {name: pump.sending for name, pump in self._pumps.items()}

    async def close(self) -> None:
        """Claim nothing more, and let what is under way end."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        for pump in self._pumps.values():
            pump.stop()
        await asyncio.gather(*(pump.ended() for pump in (*self._pumps.values(), *self._leaving)))

    async def _supervise(self) -> None:
        """A pump for each live channel; a channel that is gone gives its waiting messages back to the people."""
        trouble = Trouble("outbox.sweep_failed", "outbox.sweeps_again")
        while True:
            live = set(self._channels)
            for name in [name for name, pump in self._pumps.items() if name not in live or pump.stopped]:
                self._leave(self._pumps.pop(name))
            for name in live - self._pumps.keys():
                self._pumps[name] = self._pump(name)
            with trouble.told():
                await self._sweep(tuple(sorted(live)), self._clock())
            await asyncio.sleep(POLL)

    def _pump(self, name: str) -> Pump:
        ear = self._doorbell.listen(texts=False)
        return Pump(name, self._store, self._channels, ear, self._clock, self._links, self.endings, self._waker)

    def _leave(self, pump: Pump) -> None:
        """Nobody waits here for what it has under way: a provider that hangs would hold up the other channels."""
        pump.stop()
        self._leaving = {other for other in self._leaving if not other.idle} | {pump}

    async def _sweep(self, live: tuple[str, ...], now: int) -> None:
        if await self._store.read(held.has_expired):
            await self._store.write(deliver.give_up_leases, now)
        if await self._store.read(deliveries.waiting_elsewhere, live):
            await self._store.write(deliver.strand, live, now)
