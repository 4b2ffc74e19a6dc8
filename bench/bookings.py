"""What 100,000 bookings ahead cost a start, in time and memory, and how late 1,000 ring that are due in one second.

The same database is served without bookings and with them. Then a thousand of fifty teams are due in the same second,
evenly, and again all at the same instant, while a console of each team listens. A lag is from the moment a booking is
due until it is committed that it rings, as anybody can read; and until its team's console has the event. Each must ring
once.
"""

from __future__ import annotations

import asyncio
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp
from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure, percentile
from bench.people import Person, fill, hire, now
from bench.server import configure, gateway
from bench.trial import ENGINE, PAIRS, scaled
from gateway.domain.instant import micros
from gateway.store.store import Store, Tx, certain

AHEAD: Final = scaled(100_000, least=1_000)
DUE: Final = scaled(1_000, least=100)
ROUNDS: Final = 3
TEAMS: Final = tuple(f"team{number:02}" for number in range(50))
AGENTS: Final = tuple(Person(f"agent{number}", (team,)) for number, team in enumerate(TEAMS))
AT_ONCE: Final = 500
"""Customers who book in one transaction."""
SETTLE: Final = 2.0
"""Seconds from a start until its memory is read."""
LEAD: Final = 4.0
"""Seconds from each wave to the next; the last comes before those of the first are given up."""
BEFORE: Final = 5.0 if ENGINE == "sqlite" else 25.0
"""Seconds until the first: all are booked by then, and the gateway serves."""
LOOK: Final = 0.003
PATIENCE: Final = 60.0
SECOND: Final = 1_000_000
_FIRED: Final = re.compile(rb'"what":"fired".*?"hour":"([^"]+)".*?"booking":\{"id":"(\d+)"')


async def run(_console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        url = configure(folder, database, TEAMS)
        task = progress.add_task("bookings: starts", total=2 * PAIRS)
        await fill(database, _hire)
        none = await _starts(folder, lambda: progress.advance(task))
        await fill(database, _ahead)
        await database.analyze()
        many = await _starts(folder, lambda: progress.advance(task))
        task = progress.add_task("bookings: due at once", total=2 * ROUNDS)
        start = now() + int(BEFORE * SECOND)
        waves = [Wave(start + int(n * LEAD * SECOND), SECOND if n < ROUNDS else 0) for n in range(2 * ROUNDS)]
        await fill(database, lambda store: _due(store, waves))
        with gateway(folder):
            if now() > start:
                raise SystemExit("the first wave was due before the gateway served")
            looking = asyncio.create_task(_look(database, waves))
            heard = await _listen(url, waves, lambda: progress.advance(task))
            rung = await looking
    ahead, due = f"{AHEAD:,} bookings ahead", f"of {DUE:,}, beside {AHEAD:,} ahead"
    return [
        Figure("start: more with bookings", [_more(none, many, 0)], "s", ahead, at_most=1),
        Figure("memory: more with bookings", [_more(none, many, 1)], "MB", ahead, at_most=100),
        Figure("firing lag: p99, due in one second", _p99(rung[:ROUNDS]), "ms", due, at_most=250),
        Figure("firing lag: p99, due at one instant", _p99(rung[ROUNDS:]), "ms", due, at_most=250),
        Figure("at a console: p99, due in one second", _p99(heard[:ROUNDS]), "ms", due),
        Figure("at a console: p99, due at one instant", _p99(heard[ROUNDS:]), "ms", due),
    ]


def _p99(lags: Sequence[Sequence[float]]) -> list[float]:
    return [percentile(each, 0.99) for each in lags]


@dataclass(frozen=True, slots=True)
class Wave:
    """DUE bookings that are due from `start` on, evenly, for so long; in microseconds."""

    start: int
    length: int

    def hour(self, place: int) -> int:
        return self.start + self.length * place // DUE

    def lag(self, place: int) -> float:
        """Milliseconds by now."""
        return (now() - self.hour(place)) / 1_000


Start = tuple[float, float]
"""Seconds until it listened, and MB of memory soon afterwards."""


def _more(none: Sequence[Start], many: Sequence[Start], place: int) -> float:
    """By how much the median is larger, if it is."""
    before, after = (statistics.median(start[place] for start in starts) for starts in (none, many))
    return max(0.0, after - before)


async def _starts(folder: Path, done: Callable[[], None]) -> list[Start]:
    starts = []
    with gateway(folder):
        pass  # the first start is not counted: it may have to compile
    for _ in range(PAIRS):
        with gateway(folder) as server:
            await asyncio.sleep(SETTLE)
            starts.append((server.started_in, server.resident() / 1024))
        done()
    return starts


async def _hire(store: Store) -> None:
    await hire(store, AGENTS)


async def _ahead(store: Store) -> None:
    """A call and a chat of each customer, from an hour ahead on, within two weeks."""
    first, apart = now() + 3_600 * SECOND, 14 * 86_400 * SECOND // AHEAD
    hours = [first + number * apart for number in range(AHEAD)]
    for start in range(0, AHEAD, 2 * AT_ONCE):
        some = hours[start : start + 2 * AT_ONCE]
        await store.write(_book, [some[place : place + 2] for place in range(0, len(some), 2)], start)


async def _due(store: Store, waves: Sequence[Wave]) -> None:
    """A customer each; they were asked for before."""
    for number, wave in enumerate(waves):
        await store.write(_book, [[wave.hour(place)] for place in range(DUE)], AHEAD + number * DUE)


async def _book(tx: Tx, wishes: Sequence[Sequence[int]], first: int) -> None:
    for number, hours in enumerate(wishes, first):
        team = TEAMS[number % len(TEAMS)]
        customer = await _made(tx, "INSERT INTO customer (team_id, name, created_at) VALUES (?1, 'C', 1)", team)
        thread = await _made(
            tx, "INSERT INTO thread (customer_id, team_id, created_at) VALUES (?1, ?2, 1)", customer, team
        )
        await tx.run("INSERT INTO reach (thread_id, holder, last_at) VALUES (?1, ?2, 1)", thread, f"team:{team}")
        for hour, kind in zip(hours, ("call", "chat"), strict=False):
            await tx.run(
                """INSERT INTO booking (uid, team_id, thread_id, kind, state, at, ends_at, zone, phone, created_at,
                                        changed_at, step, due_at)
                   VALUES (?1, ?2, ?3, ?4, 'booked', ?5, ?7, 'UTC', ?6, 1, 1, 'warn', ?5)""",
                f"{thread} {kind}",
                team,
                thread,
                kind,
                hour,
                "+13035550142" if kind == "call" else None,
                hour + 1_800 * SECOND,
            )


async def _made(tx: Tx, insert: str, *values: int | str) -> int:
    return int(certain(await tx.one(f"{insert} RETURNING id", *values))["id"])


async def _look(database: Database, waves: Sequence[Wave]) -> list[list[float]]:
    """The lags of each wave until it was seen that a booking rings, looking every few milliseconds."""
    lags: list[list[float]] = []
    for wave in waves:
        await asyncio.sleep((wave.start - now()) / SECOND)
        lags.append([])
        left = f"SELECT count(*) FROM booking WHERE due_at BETWEEN {wave.start} AND {wave.start + wave.length}"
        while len(lags[-1]) < DUE:
            rung = DUE - await database.value(left)
            lags[-1] += [wave.lag(place) for place in range(len(lags[-1]), rung)]
            await asyncio.sleep(LOOK)
    return lags


async def _listen(url: str, waves: Sequence[Wave], done: Callable[[], None]) -> list[list[float]]:
    """The same until a console of its team had heard of it."""
    lags: dict[int, list[float]] = {wave.start: [] for wave in waves}
    seen: set[bytes] = set()
    whole = asyncio.Event()

    def hear(event: bytes) -> None:
        if found := _FIRED.search(event):
            hour = micros(datetime.fromisoformat(found[1].decode()))
            if found[2] in seen:
                raise SystemExit("a booking rang twice")
            seen.add(found[2])
            wave = lags[max(start for start in lags if start <= hour)]
            wave.append((now() - hour) / 1_000)
            if len(wave) == DUE:
                done()
        if len(seen) == DUE * len(waves):
            whole.set()

    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(), read_bufsize=2**20) as http:
        consoles = [asyncio.create_task(_follow(http, agent, hear)) for agent in AGENTS]
        async with asyncio.timeout(BEFORE + LEAD * len(waves) + PATIENCE):
            await whole.wait()
        for console in consoles:
            console.cancel()
    return list(lags.values())


async def _follow(http: aiohttp.ClientSession, agent: Person, hear: Callable[[bytes], None]) -> None:
    async with http.get("/api/agent/v1/events", headers={"Cookie": f"teamline_session={agent.session}"}) as stream:
        while True:
            hear(await stream.content.readuntil(b"\n\n"))
