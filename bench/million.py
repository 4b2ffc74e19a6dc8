"""With 1,000,000 messages in 100,000 threads over 50 teams: how long an inbox page, a thread page and a search take.

In the server: each is the store's read of the real query, through its queue and its thread, until the answer is there
as values; once more over HTTP; and how soon `teamline serve` listens on that database. By an agent of one team, by one
of three, and by an admin of all. Every case has its line; the figure is the slowest case of its kind.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
from rich.box import MARKDOWN
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.cases import Case, cases
from bench.database import Database, scratch
from bench.figures import Figure, percentile
from bench.history import TEAMS
from bench.large import MESSAGES, THREADS, large_database
from bench.people import now
from bench.server import configure, gateway
from bench.trial import ENGINE, PAIRS, scaled
from gateway.store.doorbell import Doorbell
from gateway.store.open import open_store
from gateway.store.store import Store

TIMES: Final = scaled(200, least=20)
"""How often each case is asked, each time with other arguments."""
WARM_UP: Final = 3
STARTS: Final = PAIRS
MEDIAN: Final = 5 if ENGINE == "sqlite" else 10
"""Milliseconds that the slowest case may take at the median."""
KINDS: Final = ("inbox page", "thread page", "search")


async def run(console: Console, progress: Progress) -> list[Figure]:
    database = await large_database(progress)
    async with scratch() as (folder, _):
        configure(folder, database, TEAMS)
        found = await _ask(database, progress)
        starts, over_http = await _serve(folder, found, progress)
    _show(console, found, over_http)
    size = f"{MESSAGES:,} messages in {THREADS:,} threads over {len(TEAMS)} teams"
    figures = [figure for kind in KINDS for figure in _figures(kind, found, size)]
    return [*figures, Figure("start to listening", starts, "s", size, at_most=1)]


Asked = list[tuple[Case, list[float]]]
"""Cases, each with its times in milliseconds."""


async def _ask(database: Database, progress: Progress) -> Asked:
    store = await open_store(database.place, Doorbell())
    try:
        everything = await cases(store, database, random.Random(5), TIMES)
        task = progress.add_task("million: in the server", total=len(everything))
        found = []
        gc.disable()
        for case in everything:
            found.append((case, await _times(store, case)))
            progress.advance(task)
        return found
    finally:
        gc.enable()
        await store.close()


async def _times(store: Store, case: Case) -> list[float]:
    for ask in case.asks[:WARM_UP]:
        await store.read(ask.query, *ask.arguments, now())
    taken = []
    for ask in case.asks:
        begun = time.perf_counter()
        await store.read(ask.query, *ask.arguments, now())
        taken.append((time.perf_counter() - begun) * 1_000)
    return taken


async def _serve(folder: Path, found: Asked, progress: Progress) -> tuple[list[float], list[float]]:
    """Seconds of each start, and each case's median over HTTP in milliseconds."""
    task = progress.add_task("million: as it is served", total=STARTS + len(found))
    with gateway(folder):
        pass  # the first start is not counted: it may have to compile
    starts = []
    for _ in range(STARTS - 1):
        with gateway(folder) as server:
            starts.append(server.started_in)
        progress.advance(task)
    over_http = []
    with gateway(folder) as server:
        starts.append(server.started_in)
        progress.advance(task)
        async with aiohttp.ClientSession(server.url, cookie_jar=aiohttp.DummyCookieJar()) as http:
            for case, _ in found:
                over_http.append(await _over_http(http, case))
                progress.advance(task)
    return starts, over_http


async def _over_http(http: aiohttp.ClientSession, case: Case) -> float:
    taken = []
    for ask in case.asks[:20]:
        begun = time.perf_counter()
        cookie = {"Cookie": f"teamline_session={case.person.session}"}
        async with http.get(ask.path, params=ask.asked, headers=cookie) as response:
            response.raise_for_status()
            await response.read()
        taken.append((time.perf_counter() - begun) * 1_000)
        await asyncio.sleep(0)
    return statistics.median(taken)


def _figures(kind: str, found: Asked, size: str) -> list[Figure]:
    of_kind = [(case, times) for case, times in found if case.kind == kind]
    slowest, times = max(of_kind, key=lambda each: statistics.median(each[1]))
    medians = [statistics.median(each) for _, each in of_kind]
    name = f"{kind}, {slowest.name} as {slowest.person.login}"
    return [
        Figure(
            f"{kind}: median of the slowest case", [statistics.median(times)], "ms", f"{name}; {size}", at_most=MEDIAN
        ),
        Figure(f"{kind}: p99 of that case", [percentile(times, 0.99)], "ms", name),
        Figure(f"{kind}: medians of all {len(of_kind)} cases", medians, "ms", size),
    ]


def _show(console: Console, found: Asked, over_http: Sequence[float]) -> None:
    table = Table("what", "asked by", "rows", "median ms", "p99 ms", "median over HTTP ms", box=MARKDOWN)
    for (case, times), served in zip(found, over_http, strict=True):
        median, p99 = statistics.median(times), percentile(times, 0.99)
        rows = f"{case.kind}: {case.name}", case.person.login, f"{case.rows}"
        table.add_row(*rows, *(f"{value:.2f}" for value in (median, p99, served)))
    console.print(table)
