"""The doorbell between nodes: heard soon, never by oneself, and again after its connection was lost."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from gateway.store.doorbell import Doorbell
from gateway.store.postgres import PostgresStore, bell, open_postgres
from gateway.store.store import Lane
from tests.gateway_process import until
from tests.store.marks import mark, mark_all, marks
from tests.store.postgres.wire import Wire

LONG = 20.0

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture
def doorbell_there() -> Doorbell:
    return Doorbell()


@pytest.fixture
async def here(url: str, doorbell: Doorbell) -> AsyncIterator[PostgresStore]:
    store = await open_postgres(url, doorbell=doorbell)
    yield store
    await store.close()


@pytest.fixture
async def there(url: str, doorbell_there: Doorbell) -> AsyncIterator[PostgresStore]:
    """Another node."""
    store = await open_postgres(url, doorbell=doorbell_there)
    yield store
    await store.close()


async def test_other_node_hears(here: PostgresStore, there: PostgresStore, doorbell_there: Doorbell) -> None:
    """What is committed on one node rings on the other, typically within 50 ms, and can be read there by then."""
    took = []
    for number in range(15):
        ear = doorbell_there.listen()
        started = time.monotonic()
        await here.write(mark, f"{number:02}")
        assert await ear.heard(LONG)
        took.append(time.monotonic() - started)
        assert f"{number:02}" == (await there.read(marks))[-1]
    assert statistics.median(took) < 0.05


async def test_texts_ring_as_texts(here: PostgresStore, there: PostgresStore, doorbell_there: Doorbell) -> None:
    """A commit of texts alone wakes on another node whoever listens to all; another commit the others too."""
    spared = doorbell_there.listen(texts=False)
    ear = doorbell_there.listen()
    await here.write_each(mark_all, "a", Lane.INGEST)
    assert await ear.heard(LONG)
    assert not await spared.heard(0)
    await here.write(mark, "b")
    assert await spared.heard(LONG)


async def test_nothing_to_tell(here: PostgresStore, there: PostgresStore, doorbell_there: Doorbell) -> None:
    """A write that changed nothing, and a read, ring nowhere."""
    rings = doorbell_there.rings
    await here.write(marks)
    await here.read(marks)
    ear = doorbell_there.listen()
    await here.write(mark, "a")
    assert await ear.heard(LONG)
    assert rings + 1 == doorbell_there.rings


async def test_not_by_oneself(
    here: PostgresStore, there: PostgresStore, doorbell: Doorbell, doorbell_there: Doorbell
) -> None:
    """Each commit rings once at home: what one has told oneself is not heard again."""
    rings = doorbell.rings
    ear = doorbell_there.listen()
    await here.write(mark, "a")
    assert await ear.heard(LONG)
    back = doorbell.listen()
    await there.write(mark, "b")  # told after the other's, and so heard after it
    assert await back.heard(LONG)
    assert rings + 2 == doorbell.rings


async def test_many_are_one(here: PostgresStore, there: PostgresStore, doorbell_there: Doorbell) -> None:
    """Many commits in a moment are a few rings."""
    rings = doorbell_there.rings
    await asyncio.gather(*(here.write(mark, "x") for _ in range(400)))

    async def heard() -> bool:
        return doorbell_there.rings > rings

    assert await until(heard)
    assert 0 < doorbell_there.rings - rings <= here._bell.rung < 200


async def test_lost_and_found(
    here: PostgresStore, there: PostgresStore, doorbell: Doorbell, beside: asyncpg.Connection
) -> None:
    """A bell whose connection is killed connects again, rings then for what it may have missed, and hears on."""
    ear = doorbell.listen()
    await beside.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
    )
    assert await ear.heard(LONG)
    assert 1 == here._bell.losses
    await there.write(mark, "a")
    assert await ear.heard(LONG)


async def test_told_later(url: str, there: PostgresStore, doorbell_there: Doorbell) -> None:
    """What was committed while the bell had no connection is told on its next one."""
    async with Wire(url) as wire:
        here = await open_postgres(wire.url, doorbell=Doorbell())
        wire.cut_at, wire.delivers = b"NOTIFY", False
        ear = doorbell_there.listen()
        await here.write(mark, "a")
        assert await ear.heard(LONG)
        await here.close()
        assert (1, 1) == (here._bell.losses, here._bell.rung)


async def test_command(url: str, here: PostgresStore, doorbell: Doorbell) -> None:
    """A command beside the nodes tells what it wrote before it ends, and does not connect for it otherwise."""
    ear = doorbell.listen()
    silent = await open_postgres(url, doorbell=Doorbell(), serving=False)
    assert [] == await silent.read(marks)
    await silent.close()
    assert 0 == silent._bell.rung
    command = await open_postgres(url, doorbell=Doorbell(), serving=False)
    await command.write(mark, "a")
    await command.close()
    assert 1 == command._bell.rung
    assert await ear.heard(LONG)


async def test_broken_link(here: PostgresStore, monkeypatch: pytest.MonkeyPatch, beside: asyncpg.Connection) -> None:
    """A bell that hears nothing for long tries its connection."""
    monkeypatch.setattr(bell, "LOOK", 0.01)
    here._bell.tell()

    async def tried() -> bool:
        rows = await beside.fetch("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT 1' AND pid <> pg_backend_pid()")
        return len(rows) > 0

    assert await until(tried)


async def test_no_trace(url: str, tmp_path: Path, beside: asyncpg.Connection) -> None:
    """A store that was closed leaves no connection, and no task behind."""
    tasks = asyncio.all_tasks()
    store = await open_postgres(url, doorbell=Doorbell())
    await asyncio.gather(*(store.write(mark, "x") for _ in range(20)), *(store.read(marks) for _ in range(20)))
    await store.close()
    assert tasks == asyncio.all_tasks()

    async def gone() -> bool:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return 0 == await beside.fetchval(others)

    assert await until(gone)
