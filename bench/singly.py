"""What lists are worth on PostgreSQL: texts received as the gateway does, in lists that share a transaction, against
the same statements with a transaction for each text, on all connections of the pool.

At the store, without HTTP, in this process: both wait for the same disk, take turns, and are given as many texts at
once. The customers are known, so that what is compared is the hot path.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from rich.progress import Progress

from bench.database import scratch
from bench.figures import Figure
from bench.forms import OURS
from bench.people import now
from bench.texts import texts
from bench.trial import PAIRS, SECONDS
from gateway.actions.receive import Arrival, Receipt, receive
from gateway.channels.contract import Inbound
from gateway.domain.address import Address
from gateway.domain.message import TeamId
from gateway.store import agents
from gateway.store.doorbell import Doorbell
from gateway.store.open import open_store
from gateway.store.store import Lane, Store, Tx

AT_ONCE: Final = 256
"""Texts that wait at the same time."""
CUSTOMERS: Final = 2_000
TEAM: Final = TeamId("bench")

Way = Callable[[Arrival], Awaitable[object]]


async def against_single(progress: Progress) -> list[Figure]:
    task = progress.add_task("ingest: lists and single texts", total=2 * PAIRS + 1)
    async with scratch() as (_, database):
        store = await open_store(database.place, Doorbell())
        try:
            arriving = _arriving(random.Random(8))
            await _prepare(store, arriving)
            progress.advance(task)
            pairs = []
            for _ in range(PAIRS):
                single = await _rate(lambda one: store.write(_receive_one, one), arriving)
                progress.advance(task)
                pairs.append((single, await _rate(lambda one: store.write_each(receive, one, Lane.INGEST), arriving)))
                progress.advance(task)
        finally:
            await store.close()
    against = f"one transaction for each, {AT_ONCE} at once, at the store"
    return [
        Figure("texts in lists: ratio", [lists / single for single, lists in pairs], "", against, at_least=4),
        Figure("texts in lists", [lists for _, lists in pairs], "/s", f"{AT_ONCE} at once, at the store"),
        Figure("texts one by one", [single for single, _ in pairs], "/s", "the same"),
    ]


async def _prepare(store: Store, arriving: Iterator[Arrival]) -> None:
    """Every customer has written once, and both ways are warm."""
    await store.write(agents.add_teams, (TEAM,))
    for _ in range(CUSTOMERS // AT_ONCE + 1):
        await asyncio.gather(*(store.write_each(receive, next(arriving), Lane.INGEST) for _ in range(AT_ONCE)))
    await asyncio.gather(*(store.write(_receive_one, next(arriving)) for _ in range(AT_ONCE)))


async def _receive_one(tx: Tx, arrival: Arrival) -> Receipt:
    return (await receive(tx, [arrival]))[0]


async def _rate(way: Way, arriving: Iterator[Arrival]) -> float:
    """Texts a second."""
    begun, done = time.perf_counter(), 0

    async def wait_in_turn() -> None:
        nonlocal done
        while time.perf_counter() < begun + SECONDS:
            await way(next(arriving))
            done += 1

    await asyncio.gather(*(wait_in_turn() for _ in range(AT_ONCE)))
    return done / (time.perf_counter() - begun)


def _arriving(chance: random.Random) -> Iterator[Arrival]:
    """Never the same text twice, from one customer after the other."""
    bodies, number = texts(), 0
    while True:
        number += 1
        sender = Address("sms", f"+1720556{number % CUSTOMERS:04d}")
        inbound = Inbound(f"{chance.getrandbits(128):032x}", sender, OURS, chance.choice(bodies))
        yield Arrival("sms", inbound, TEAM, False, now())
