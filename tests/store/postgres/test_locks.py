"""Actions run at the same time: who waits for whom, for how long, and what comes of a circle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import pytest

from gateway.errors import Unavailable
from gateway.store.lanes import LIST_LIMITS
from gateway.store.postgres import pools, writer
from gateway.store.store import Lane, Store, Tx
from tests.engines import open_engine
from tests.gateway_process import until
from tests.store.marks import INSERT, Held, begun, held, mark, mark_all, marks

ADD = "UPDATE attempt SET at = at + 1 WHERE subject = ?1"

pytestmark = pytest.mark.needs("postgresql")


async def ats(tx: Tx) -> list[int]:
    return [row["at"] for row in await tx.all("SELECT at FROM attempt ORDER BY subject")]


async def add(tx: Tx, subject: str) -> int:
    return await tx.run(ADD, subject)


async def add_all(tx: Tx, subjects: Sequence[str]) -> list[int]:
    return [await tx.run(ADD, subject) for subject in subjects]


async def test_deadlock(store: Store) -> None:
    """Of two actions that lock two rows crosswise one is tried again, and both are done."""
    for name in "ab":
        await store.write(mark, name)
    locked: set[str] = set()

    async def crosswise(tx: Tx, first: str, second: str) -> None:
        await tx.run(ADD, first)
        locked.add(first)
        while len(locked) < 2:
            await tx.one("SELECT max(at) AS at FROM attempt")
        await tx.run(ADD, second)

    await asyncio.gather(store.write(crosswise, "a", "b"), store.write(crosswise, "b", "a"))
    assert [2, 2] == await store.read(ats)
    assert 1 == store.stats().retries


@pytest.mark.parametrize(("failures", "result"), [(writer.AGAIN, True), (writer.AGAIN + 1, False)])
async def test_serialization(store: Store, beside: asyncpg.Connection, failures: int, result: bool) -> None:
    """What fails for its turn is tried again three times, as a whole, and then refused."""
    await beside.execute(
        """CREATE SEQUENCE turns;
           CREATE FUNCTION turn(most bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('turns') <= most THEN RAISE serialization_failure; END IF; RETURN 1; END $$"""
    )

    async def takes_turns(tx: Tx) -> bool:
        await tx.run(INSERT, "x", 0)
        await tx.one("SELECT turn(?1) AS turn", failures)
        return True

    (told,) = await asyncio.gather(store.write(takes_turns), return_exceptions=True)
    assert result == (told is True)
    assert result == (not isinstance(told, Unavailable))
    assert writer.AGAIN == store.stats().retries
    assert ["x"] * result == await store.read(marks)


async def test_lock_timeout(store: Store, beside: asyncpg.Connection) -> None:
    """A row that somebody holds for too long is Unavailable, and the connection serves the next."""
    await store.write(mark, "a")
    async with beside.transaction():
        await beside.execute("UPDATE attempt SET at = 5")
        with pytest.raises(Unavailable, match="55P03"):
            await store.write(add, "a")
    assert 1 == await store.write(add, "a")
    assert [6] == await store.read(ats)


async def test_list_behind_a_lock(store: Store, beside: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that fails for a row somebody holds is run one by one: others are done, and nobody waits for each."""
    monkeypatch.setattr(writer, "PATIENCE", 2.0)
    for name in "ab":
        await store.write(mark, name)
    started = time.monotonic()
    async with beside.transaction():
        await beside.execute("UPDATE attempt SET at = 5 WHERE subject = 'b'")
        told = await asyncio.gather(*(store.write_each(add_all, name) for name in "abbbbbb"), return_exceptions=True)
    assert [1] == [one for one in told if not isinstance(one, Unavailable)]
    assert time.monotonic() - started < 6
    assert [1, 5] == await store.read(ats)


async def test_ingest_takes_half(store: Store) -> None:
    """Texts never take more than half of the connections, so that a person's write begins at once."""
    running: set[int] = set()
    most = [0]
    gate = Held()

    async def texts(tx: Tx, items: Sequence[int]) -> list[None]:
        running.add(items[0])
        most[0] = max(most[0], len(running))
        await gate.action(tx)
        running.discard(items[0])
        return [None for _ in items]

    size = LIST_LIMITS[Lane.INGEST]
    flood = [asyncio.create_task(store.write_each(texts, number)) for number in range(7 * size)]
    await begun(gate)

    async def half() -> bool:
        return pools.WRITERS // 2 == len(running)

    assert await until(half)
    assert "person" == await store.write(mark, "person")
    assert 3 * size == store.stats().ingest_waiting
    gate.let_go()
    await asyncio.gather(*flood)
    assert pools.WRITERS // 2 == most[0]


async def test_few_texts_wait_for_the_list_before(store: Store) -> None:
    """While a list of texts is under way, few that come then wait for it and are one list; many begin beside it."""
    gate, lists = Held(), list[int]()

    async def texts(tx: Tx, items: Sequence[int]) -> list[None]:
        lists.append(len(items))
        if 0 in items:
            await gate.action(tx)
        return [None for _ in items]

    first = asyncio.create_task(store.write_each(texts, 0))
    await begun(gate)
    few = [asyncio.create_task(store.write_each(texts, 1)) for _ in range(writer.WORTH - 1)]
    assert "person" == await store.write(mark, "person")
    assert [1] == lists
    one_more = asyncio.create_task(store.write_each(texts, 1))
    await asyncio.gather(one_more, *few)
    assert [1, writer.WORTH] == lists
    gate.let_go()
    await first


async def test_waiting_too_long(store: Store, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited for too long when their turn comes is refused, and nothing of theirs is done."""
    async with held(store, engine):
        monkeypatch.setattr(writer, "PATIENCE", 0.05)
        waits = asyncio.create_task(store.write(mark, "late"))
        listed = asyncio.create_task(store.write_each(mark_all, "late too"))
        await asyncio.sleep(0.1)
    told = await asyncio.gather(waits, listed, return_exceptions=True)
    assert [Unavailable] * 2 == [type(one) for one in told]
    assert [] == await store.read(marks)


@pytest.fixture
async def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A store whose server allows a statement a second, and a transaction a tenth of one without a word."""
    monkeypatch.setattr(pools, "_WRITE_SECONDS", 1)
    monkeypatch.setattr(pools, "_SETTINGS", pools._SETTINGS.replace("'2s'", "'100ms'"))
    store = await open_engine("postgresql", tmp_path)
    yield store
    await store.close()


async def test_statement_timeout(impatient: Store) -> None:
    """A statement that would not end is stopped by the server, and its connection serves the next."""

    async def sleeps(tx: Tx) -> None:
        await tx.run(INSERT, "x", 0)
        await tx.one("SELECT pg_sleep(30)")

    with pytest.raises(Unavailable, match="57014"):
        await impatient.write(sleeps)
    assert "a" == await impatient.write(mark, "a")
    assert ["a"] == await impatient.read(marks)


async def test_idle_in_transaction(impatient: Store) -> None:
    """A transaction that a blocked process leaves open is ended by the server: nothing happened."""

    async def dozes(tx: Tx) -> None:
        await tx.run(INSERT, "x", 0)
        time.sleep(0.5)  # noqa: ASYNC251  as a process does that is stopped
        await tx.run(INSERT, "y", 0)

    with pytest.raises(Unavailable):
        await impatient.write(dozes)
    assert "a" == await impatient.write(mark, "a")
    assert ["a"] == await impatient.read(marks)
