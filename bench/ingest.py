"""How fast customers' texts come in: a signed Twilio webhook until 200, against a bare handler of the same form.

The gateway is served with all it does: body limits, signature, deduplication, a durable commit, events, log, metrics,
and behind it the search index. On PostgreSQL also at the store alone: lists of texts against one transaction for each.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure
from bench.forms import CUSTOMERS, hooks
from bench.load import Request
from bench.pairs import measure
from bench.people import fill, write_first
from bench.server import bare, configure, gateway
from bench.singly import against_single
from bench.stored import check_received
from bench.trial import ENGINE
from gateway.domain.message import TeamId
from gateway.store import agents
from gateway.store.store import Store

AGAINST: Final = "aiohttp that reads the same form and answers 200"
RATIO: Final = 0.40 if ENGINE == "sqlite" else 0.30


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        figures = await _run(console, progress, folder, database)
    return figures if ENGINE == "sqlite" else [*figures, *await against_single(progress)]


async def _run(console: Console, progress: Progress, folder: Path, database: Database) -> list[Figure]:
    public_url = configure(folder, database)

    async def work(store: Store) -> None:
        await store.write(agents.add_teams, (TeamId("bench"),))
        await write_first(store, "sms", "sms", "bench", CUSTOMERS)

    await fill(database, work)

    def make(count: int, chance: random.Random) -> list[Request]:
        return hooks(count, chance, public_url, lambda: f"+1720556{chance.randrange(CUSTOMERS):04d}")

    with gateway(folder) as ours, bare(folder, ours) as theirs:
        done, refused = await measure(progress, "ingest", theirs, ours, database, make)
    await check_received(console, database, done.acknowledged, refused)
    *figures, p99 = done.figures("text in", AGAINST, at_least=RATIO)
    return [*figures, Figure(p99.name, p99.values, p99.unit, p99.against, at_most=25)]
