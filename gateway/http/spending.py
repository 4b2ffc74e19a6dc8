"""Tells the other nodes what was taken of customers' bounds here, and hears what was taken elsewhere, once a second.

Written only if something was taken; read are only those who have spent so much that it may matter, which are few.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.errors import OutcomeUnknown, Problem
from gateway.http.pace import MOST_KNOWN, Paces
from gateway.store import paces as stored
from gateway.store.store import Store
from gateway.store.trouble import Trouble

EVERY: Final = 1.0
MATTERS: Final = 30_000_000
"""Microseconds of refilling below which nobody need know: half of the shortest bound."""


class Spending:
    """One node's part in it."""

    def __init__(self, store: Store, paces: Paces, clock: Callable[[], int]) -> None:
        self._store, self._paces, self._clock = store, paces.by_name(), clock
        self._trouble = Trouble("paces.not_shared", "paces.shared")
        for pace in self._paces.values():
            pace.share()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """What is not told yet is not: its customers have that much more elsewhere."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def exchange(self) -> None:
        """Raises Unavailable."""
        await self._tell()
        for name, who, rest in await self._store.read(stored.spenders, MATTERS, MOST_KNOWN):
            if pace := self._paces.get(name):
                pace.hear(who, self._clock() + rest)

    async def _tell(self) -> None:
        told = {name: pace.tell() for name, pace in self._paces.items()}
        spent = [(name, who, cost) for name, costs in told.items() for who, cost in costs.items()]
        if not spent:
            return
        try:
            await self._store.write(stored.spend, spent)
        except OutcomeUnknown:
            raise  # perhaps it is there; twice would be unjust
        except Problem:
            for name, costs in told.items():
                self._paces[name].untell(costs)
            raise

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            with self._trouble.told():
                await self.exchange()
