"""The gateway and a bare handler in turns, so that a machine that gets slower slows both and each pair gives one ratio.

Everything that the gateway puts off (the search index, sends) is waited for after each of its turns: none of it runs
during the bare handler's, and its processor time counts. Both are warmed up first.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from rich.progress import Progress

from bench.database import Database, spent
from bench.figures import Figure, percentile
from bench.load import Request, Result, flood, pace
from bench.server import Server
from bench.trial import PAIRS, SECONDS
from gateway.store.statement import Sql

Make = Callable[[int, random.Random], list[Request]]
"""So many different requests."""

REPEATED: Final = 5_000
"""How many different requests the bare handler gets, again and again; the gateway's are never the same twice."""
SHARE: Final = 0.7
"""Of its own highest rate: where the gateway's p99 is taken."""
PACED: Final = 3
WARM_UP: Final = min(2.0, SECONDS)
PATIENCE: Final = 120.0

_SENT: Final = "NOT EXISTS (SELECT 1 FROM delivery WHERE state IN ('queued', 'sending'))"
_SETTLED: Final = Sql(
    f"""SELECT {_SENT} AND
               coalesce((SELECT max(id) FROM message), 0) <= (SELECT last_id FROM indexed WHERE kind = 'message')""",
    f"SELECT {_SENT} AND NOT EXISTS (SELECT FROM unindexed WHERE kind = 'message')",
)


@dataclass
class Pairs:
    """What came of all runs."""

    pairs: list[tuple[Result, Result]]
    """The bare handler's, the gateway's."""
    warm: Result
    paced: list[Result]

    @property
    def ours(self) -> list[Result]:
        return [self.warm, *(ours for _, ours in self.pairs), *self.paced]

    @property
    def acknowledged(self) -> set[str]:
        return set[str]().union(*(result.acknowledged for result in self.ours))

    def figures(self, name: str, against: str, at_least: float) -> list[Figure]:
        """The ratio and what belongs to it."""
        share = f"its own requests, evenly at {SHARE:.0%} of its highest rate"
        busy = [theirs.busy for theirs, _ in self.pairs]
        return [
            Figure(f"{name}: ratio", [o.rate / t.rate for t, o in self.pairs], "", against, at_least=at_least),
            Figure(f"{name}: ratio by processor time", [t.cost / o.cost for t, o in self.pairs], "", against),
            Figure(f"{name}: the gateway", [ours.rate for _, ours in self.pairs], "/s", "64 connections"),
            Figure(f"{name}: the bare handler", [theirs.rate for theirs, _ in self.pairs], "/s", "64 connections"),
            Figure(f"{name}: share of a core that the client used", busy, "", "against the bare handler"),
            Figure(f"{name}: p99", [percentile(run.latencies, 0.99) * 1_000 for run in self.paced], "ms", share),
        ]


async def measure(
    progress: Progress, name: str, bare: Server, gateway: Server, database: Database, make: Make
) -> tuple[Pairs, int]:
    """All runs, and how many requests were refused."""
    chance = random.Random(2)
    task = progress.add_task(name, total=2 * PAIRS + PACED + 2)
    again = cycle(make(REPEATED, chance))
    theirs = await _flood(bare, again, WARM_UP)
    progress.advance(task)
    done = Pairs([], await _flood(gateway, _enough(make, theirs, WARM_UP, chance), WARM_UP), [])
    await settle(database)
    progress.advance(task)
    for _ in range(PAIRS):
        theirs = await _flood(bare, again, SECONDS)
        progress.advance(task)
        ours = await _flood(gateway, _enough(make, theirs, SECONDS, chance), SECONDS, database)
        done.pairs.append((theirs, ours))
        progress.advance(task)
    rate = SHARE * percentile([ours.rate for _, ours in done.pairs], 0.5)
    for _ in range(PACED):
        done.paced.append(await pace(gateway.address, make(int(rate * SECONDS), chance), rate))
        await settle(database)
        progress.advance(task)
    return done, sum(result.refused for result in done.ours)


async def _flood(
    server: Server, requests: Iterator[Request], seconds: float, database: Database | None = None
) -> Result:
    before = server.spent() + spent()
    result = await flood(server.address, requests, seconds)
    if database is not None:
        await settle(database)
    result.cost = (server.spent() + spent() - before) / len(result.latencies)
    return result


def _enough(make: Make, theirs: Result, seconds: float, chance: random.Random) -> Iterator[Request]:
    """More requests than the gateway can answer, going by the bare handler; made before the clock runs."""
    return iter(make(int(1.2 * theirs.rate * seconds) + 1_000, chance))


async def settle(database: Database) -> None:
    """Wait until all is indexed and all is sent."""
    async with asyncio.timeout(PATIENCE):
        while not await database.value(_SETTLED):  # noqa: ASYNC110  another process's doing: it can only be asked again
            await asyncio.sleep(0.1)
