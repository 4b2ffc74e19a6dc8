"""A company on two nodes, and races between them. The seed and the number of rounds of every race are here.

Each round is a fresh matter that several callers want at the same moment, each through a node of its own. How much
sooner or later each comes is drawn by lot. `TEAMLINE_SOAK=1` makes the races long, with a seed that a failure shows.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.cli.proof import verify_chains
from gateway.files.store import LocalFiles
from gateway.store.store import Store
from tests.company import Company, found
from tests.engines import open_engine

SOAK: Final = os.environ.get("TEAMLINE_SOAK") == "1"
ROUNDS: Final = 10_000 if SOAK else 15
SEED: Final = secrets.randbelow(2**32) if SOAK else 20_261_122
PATIENCE: Final = 4 * 3_600 if SOAK else 120
"""Seconds until a race is given up."""
APART: Final = 0.003
"""Seconds by which callers of one round come one after the other, at most: about as long as an action takes."""


RACE: Final = (pytest.mark.needs("postgresql"), pytest.mark.timeout(PATIENCE))
"""What every file of races is marked with."""


class Town:
    """Two nodes over one database; `company` does what is not raced for, by the first of them."""

    def __init__(self, company: Company, other: Store) -> None:
        self.company, self.nodes = company, (company.store, other)
        self.lot = random.Random(SEED)

    def rounds(self, fewer: int = 1) -> Iterator[int]:
        """One of so many as of another race."""
        return iter(range(ROUNDS // fewer))

    async def race(self, *wishes: tuple[Any, ...]) -> list[Any]:
        """What became of each action and its arguments, in their order: its result, or what it raised. They go by the
        nodes in turn, the first by either."""
        first = self.lot.randrange(2)
        starts = [self.lot.random() * APART * self.lot.randrange(2) for _ in wishes]
        going = [
            self._run(self.nodes[(first + place) % 2], start, *wish)
            for place, (wish, start) in enumerate(zip(wishes, starts, strict=True))
        ]
        return await asyncio.gather(*going, return_exceptions=True)

    async def _run(self, node: Store, start: float, action: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        await asyncio.sleep(start)
        return await node.write(action, *arguments)

    def retries(self) -> int:
        """Deadlocks that were broken, on both nodes."""
        return sum(node.stats().retries for node in self.nodes)

    async def is_whole(self) -> None:
        """Every team's log counts from one without a gap, its chain of authorship is unbroken, and a message that says
        that it has files has them."""
        logs = await self.company.rows(
            """SELECT team.id, team.event_seq, count(event.seq), coalesce(max(event.seq), 0)
                 FROM team LEFT JOIN event ON event.team_id = team.id GROUP BY team.id, team.event_seq"""
        )
        assert [] == [log for log in logs if not log[1] == log[2] == log[3]]
        await verify_chains(self.company.store, NoFiles(self.company.folder), lambda _done, _total: None)


class NoFiles(LocalFiles):
    """Uploads of these races are rows without bytes, all of one content."""

    async def get(self, key: str) -> bytes | None:
        return CONTENT


CONTENT: Final = b"Serial 4711"


@asynccontextmanager
async def two_nodes(folder: Path) -> AsyncIterator[Town]:
    async with found("postgresql", folder) as company:
        other = await open_engine("postgresql", folder)
        try:
            town = Town(company, other)
            yield town
            await town.is_whole()
        finally:
            await other.close()


def refusals(results: list[Any], kind: type[BaseException]) -> int:
    """How many were refused so; whatever else went wrong is raised."""
    others = [one for one in results if isinstance(one, BaseException) and not isinstance(one, kind)]
    if others:
        raise others[0]
    return sum(isinstance(one, kind) for one in results)
