"""Queries see one state, end in time, and never take a reader along."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest

from gateway.errors import Unavailable
from gateway.store.postgres import pools
from gateway.store.postgres import readers as postgres_readers
from gateway.store.sqlite import readers as sqlite_readers
from gateway.store.store import Store, Tx
from tests.store.marks import ENDLESS, Held, begun, mark, marks

SIZES = {"sqlite": sqlite_readers.READERS, "postgresql": pools.READERS}


@pytest.fixture
def readers(engine: str) -> ModuleType:
    """The module with the engine's bounds."""
    return {"sqlite": sqlite_readers, "postgresql": postgres_readers}[engine]


async def test_read_deadline(store: Store, readers: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that would not end is stopped at its deadline, and its reader serves the next."""
    monkeypatch.setattr(readers, "READ_TIME", 0.1)

    async def never_ends(tx: Tx) -> None:
        await tx.all(f"{ENDLESS} SELECT i FROM n WHERE i < 0")

    results = await asyncio.gather(*(store.read(never_ends) for _ in range(5)), return_exceptions=True)
    assert [Unavailable] * 5 == [type(result) for result in results]
    assert [] == await store.read(marks)


async def test_full_reading_queue(
    store: Store, engine: str, readers: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queries beyond what may wait are refused at once."""
    holding = [Held() for _ in range(SIZES[engine])]
    busy = [asyncio.create_task(store.read(one.action)) for one in holding]
    await asyncio.gather(*(begun(one) for one in holding))
    monkeypatch.setattr(readers, "READ_LIMIT", 1)
    waits = asyncio.create_task(store.read(marks))
    await asyncio.sleep(0)
    assert 1 == store.stats().reads_waiting
    with pytest.raises(Unavailable):
        await store.read(marks)
    for one in holding:
        one.let_go()
    await asyncio.gather(*busy)
    assert [] == await waits


async def test_gone_reader(store: Store) -> None:
    """A caller who goes while a query runs does not take its reader along."""
    for _ in range(3):
        held = Held()
        caller = asyncio.create_task(store.read(held.action))
        assert await asyncio.to_thread(held.began.wait, 30)
        caller.cancel()
        held.let_go()
    assert [] == await store.read(marks)


async def test_snapshot(store: Store) -> None:
    """A query sees one state of the database, whatever is written meanwhile."""
    held = Held()

    async def twice(tx: Tx) -> tuple[list[str], list[str]]:
        before = await marks(tx)
        await held.action(tx)
        return before, await marks(tx)

    reading = asyncio.create_task(store.read(twice))
    assert await asyncio.to_thread(held.began.wait, 30)
    await store.write(mark, "meanwhile")
    held.let_go()
    assert ([], []) == await reading
