"""The smallest transactions there are: they leave marks, and read them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gateway.domain.message import TeamId
from gateway.errors import NotFound
from gateway.store.postgres.pools import WRITERS
from gateway.store.store import Store, Tx

INSERT = "INSERT INTO attempt (subject, at) VALUES (?1, ?2)"
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


async def mark(tx: Tx, name: str) -> str:
    await tx.run(INSERT, name, 0)
    return name


async def mark_and_fail(tx: Tx, name: str) -> None:
    await tx.run(INSERT, name, 0)
    raise NotFound(name)


async def mark_all(tx: Tx, names: Sequence[str]) -> list[str]:
    """A list action that says how many it was run with."""
    for name in names:
        await mark_or_refuse(tx, name)
    return [f"{name} of {len(names)}" for name in names]


async def mark_or_refuse(tx: Tx, name: str) -> None:
    await tx.run(INSERT, name, 0)
    if name.startswith("bad"):
        raise NotFound(name)


async def marks(tx: Tx) -> list[str]:
    return [row["subject"] for row in await tx.all("SELECT subject FROM attempt ORDER BY at, subject")]


async def add_teams(tx: Tx, *teams: str) -> None:
    for team in teams:
        await tx.run("INSERT INTO team (id) VALUES (?1)", team)


async def log_event(tx: Tx, *teams: str) -> None:
    for team in teams:
        tx.event(TeamId(team), "message.received", None, 7, {"name": "Zoë"})


class Held:
    """An action that keeps its connection until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._gate = threading.Event()

    async def action(self, tx: Tx) -> None:
        self.began.set()
        until = time.monotonic() + 30
        while not self._gate.wait(0.001):  # it awaits nothing but its transaction, as any action must
            assert time.monotonic() < until
            await tx.one("SELECT max(at) AS at FROM attempt")

    def let_go(self) -> None:
        self._gate.set()


@asynccontextmanager
async def held(store: Store, engine: str) -> AsyncIterator[None]:
    """Meanwhile every connection that writes is taken, and whatever is submitted waits."""
    holding = [Held() for _ in range(WRITERS if engine == "postgresql" else 1)]
    writes = [asyncio.create_task(store.write(one.action)) for one in holding]
    try:
        await asyncio.gather(*(begun(one) for one in holding))
        yield
    finally:
        for one in holding:
            one.let_go()
        await asyncio.gather(*writes)


async def begun(one: Held) -> None:
    assert await asyncio.to_thread(one.began.wait, 30)
