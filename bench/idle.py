"""What somebody idle costs: the memory that the gateway holds for 10,000 open event streams on which nothing happens,
of consoles and then of customers' pages.

Each console is of a person with a session of their own, in one to three of fifty teams; each page of a customer who has
written once. Measured when every stream has had a heartbeat, so that its write path has been used, in five steps of
2,000; the first hundred streams warm it up and stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Final

from rich.console import Console
from rich.progress import Progress

from bench.database import scratch
from bench.figures import Figure
from bench.people import AT_ONCE, Person, fill, hire, now
from bench.server import configure, gateway
from bench.streams import Listener, asking, begin, open_streams
from bench.trial import scaled
from bench.web import arrive, token, watching
from gateway.actions.customer_write import Words, write
from gateway.store.credentials import secret_hash
from gateway.store.store import Store
from gateway.store.visitors import Token

STEPS: Final = 5
STREAMS: Final = scaled(10_000, least=100)
FIRST: Final = 100
TEAMS: Final = tuple(f"team{number}" for number in range(50))
BEAT: Final = b": still here"


def _teams(number: int) -> tuple[str, ...]:
    return tuple(TEAMS[(number + step * 7) % len(TEAMS)] for step in range(number % 3 + 1))


PEOPLE: Final = [Person(f"agent{number}", _teams(number)) for number in range(FIRST + STREAMS)]


async def run(_console: Console, progress: Progress) -> list[Figure]:
    consoles = await _held(progress, "idle stream", _people, [asking(person.session) for person in PEOPLE])
    pages = await _held(progress, "customer's idle stream", _customers, [watching(n) for n in range(FIRST + STREAMS)])
    return [*consoles, *pages]


async def _held(
    progress: Progress, what: str, work: Callable[[Store], Awaitable[None]], requests: list[bytes]
) -> list[Figure]:
    async with scratch() as (folder, database):
        configure(folder, database, TEAMS)
        await fill(database, work)
        task = progress.add_task(what, total=STREAMS)
        with gateway(folder) as server:
            listeners = await open_streams(server.address, requests[:FIRST])
            await _beat(listeners)
            held = [server.resident()]
            size = STREAMS // STEPS
            for start in range(FIRST, FIRST + size * STEPS, size):
                listeners += await open_streams(server.address, requests[start : start + size])
                await _beat(listeners)
                held.append(server.resident())
                progress.advance(task, size)
            each = [(after - before) / size for before, after in pairwise(held)]
            overall = (held[-1] - held[0]) / (size * STEPS)
            for listener in listeners:
                listener.close()
    name = f"memory of {'a' if what.startswith('c') else 'an'} {what}, of {STREAMS:,}"
    return [
        Figure(name, [overall], "KiB", "growth of the resident set, over all", at_most=16),
        Figure(f"{name}: in steps", each, "KiB", f"the same for each {size:,}"),
    ]


async def _people(store: Store) -> None:
    await hire(store, PEOPLE)


async def _customers(store: Store) -> None:
    await hire(store, PEOPLE[:1])  # of the team that they write to
    await arrive(store, FIRST + STREAMS, TEAMS[0])
    for start in range(0, FIRST + STREAMS, AT_ONCE):
        some = range(start, min(start + AT_ONCE, FIRST + STREAMS))
        await asyncio.gather(*(store.write_each(write, _hello(number)) for number in some))


def _hello(number: int) -> Words:
    who = Token(secret_hash(token(number)), frozenset({"web"}))
    return Words(who, "Hello?", (), {}, f"{number}", now())


async def _beat(listeners: list[Listener]) -> None:
    await begin(BEAT, listeners).heard_by_all()
