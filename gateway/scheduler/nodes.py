"""This node's word that it serves, and what it knows of the others on the same database. Nothing is decided by it.

A node that starts or takes up another config is known to the others within two beats; one that was killed is counted
for a minute more.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from gateway.errors import Problem
from gateway.store import nodes
from gateway.store.store import Store
from gateway.store.trouble import Trouble

BEAT: Final = 5.0


class Nodes:
    """All that serve, this one included. `version` gives that of the config in use here.

    Whoever is `alone` on the database, as on SQLite, has nobody to tell and asks nobody.
    """

    def __init__(self, store: Store, version: Callable[[], str], *, alone: bool) -> None:
        self._store, self._version, self._alone = store, version, alone
        self._id = secrets.token_hex(8)
        self._told = version()
        """What this node was counted under at the last beat."""
        self._trouble = Trouble("nodes.not_told", "nodes.told")
        self._task: asyncio.Task[None] | None = None
        self.configs: dict[str, int] = {version(): 1}
        """How many nodes run on which version of the config, as of the last beat."""

    def start(self) -> None:
        if not self._alone:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """The others know at once, where the database is there to tell them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            with suppress(Problem):
                await self._store.write(nodes.leave, self._id)

    async def beat(self) -> None:
        """Raises Unavailable."""
        told = self._version()
        self.configs = await self._store.write(nodes.seen, self._id, told)
        self._told = told

    def __len__(self) -> int:
        return sum(self.configs.values())

    @property
    def others(self) -> dict[str, int]:
        """How many run on which other version than this one."""
        if self._alone:
            return {}
        own = self._version()
        counts = {version: n - (version == self._told) for version, n in self.configs.items()}
        return {version: n for version, n in counts.items() if n and version != own}

    @property
    def notices(self) -> tuple[str, ...]:
        """The same in words for admins."""
        return tuple(
            f"{'another node runs' if n == 1 else f'{n} other nodes run'} on config {version}, and this one on "
            f"{self._version()}"
            for version, n in sorted(self.others.items())
        )

    async def _run(self) -> None:
        while True:
            with self._trouble.told():
                await self.beat()
            await asyncio.sleep(BEAT)
