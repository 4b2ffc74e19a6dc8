"""Keeps the words that search finds things by up with what was written, behind the hot path.

A step is small, and after each it rests four times as long as the step took, so that a flood of messages is slowed by a
fifth of the writer's time at most; search then lags, and catches up. Every node may: each takes messages of its own.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from gateway.store import search
from gateway.store.doorbell import Doorbell
from gateway.store.store import Store
from gateway.store.trouble import Trouble

STEP: Final = 50
"""Messages indexed in one transaction: a few milliseconds of the writer's time."""
REST: Final = 4.0
GAP: Final = 0.2
"""Seconds at least between two looks for new messages: what was written is found within about so long."""
POLL: Final = 5.0


class Indexer:
    """One task of this node."""

    def __init__(self, store: Store, doorbell: Doorbell) -> None:
        self._store, self._ear = store, doorbell.listen()
        self._trouble = Trouble("search.index_failed", "search.indexes_again")
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with self._trouble.told():
                while await self._store.read(search.behind):
                    begun = time.monotonic()
                    taken = await self._store.write(search.index_messages, STEP)
                    taken += await self._store.write(search.index_lines, STEP)
                    if not taken:
                        break  # another node is at it
                    await asyncio.sleep(REST * (time.monotonic() - begun))
            await self._ear.heard(POLL)
            await asyncio.sleep(GAP)
