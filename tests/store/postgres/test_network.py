"""What a network and a server can do: everyone has an answer that is true, and service resumes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.errors import OutcomeUnknown, Unavailable
from gateway.store.doorbell import Doorbell
from gateway.store.postgres import engine as opening
from gateway.store.postgres import open_postgres, pools
from gateway.store.store import Store
from tests.gateway_process import until
from tests.postgres import PostgresServer
from tests.store.marks import Held, begun, mark, mark_all, marks
from tests.store.postgres.wire import Wire, refusal

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture
async def wire(url: str) -> AsyncIterator[Wire]:
    async with Wire(url) as wire:
        yield wire


@pytest.fixture
async def store(wire: Wire) -> AsyncIterator[Store]:
    store = await open_postgres(wire.url, doorbell=Doorbell())
    yield store
    await store.close()


async def there(beside: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await beside.fetch("SELECT subject FROM attempt ORDER BY subject")]


async def test_commit_without_an_answer(store: Store, wire: Wire, beside: asyncpg.Connection) -> None:
    """Where COMMIT was sent and nothing came back, nobody is told that it did not happen: it may have."""
    wire.cut_at = b"COMMIT"
    with pytest.raises(OutcomeUnknown):
        await store.write(mark, "a")

    async def done() -> bool:
        return ["a"] == await there(beside)

    assert await until(done)
    assert "b" == await store.write(mark, "b")


async def test_commit_that_was_lost(store: Store, wire: Wire, beside: asyncpg.Connection) -> None:
    """The same is said of a whole list, and it is not run again, where the server never heard of the COMMIT."""
    wire.cut_at, wire.delivers = b"COMMIT", False
    told = await asyncio.gather(*(store.write_each(mark_all, name) for name in "abc"), return_exceptions=True)
    assert [OutcomeUnknown] * 3 == [type(one) for one in told]
    assert [] == await there(beside)


@pytest.mark.parametrize("said", [b"BEGIN", b"INSERT INTO attempt"])
async def test_lost_before_commit(store: Store, wire: Wire, beside: asyncpg.Connection, said: bytes) -> None:
    """A connection lost before COMMIT means that nothing happened, to one and to all of a list."""
    for writes in (1, 3):
        wire.cut_at, wire.delivers = said, False
        told = await asyncio.gather(
            *(store.write_each(mark_all, f"{number}") for number in range(writes)), return_exceptions=True
        )
        assert [(Unavailable, False)] * writes == [(type(one), isinstance(one, OutcomeUnknown)) for one in told]
    assert [] == await there(beside)
    assert "a" == await store.write(mark, "a")
    assert ["a"] == await store.read(marks)


async def test_lost_while_reading(store: Store, wire: Wire) -> None:
    """A query whose connection is lost is Unavailable, and the next one has another."""
    held = Held()
    reading = asyncio.create_task(store.read(held.action))
    await begun(held)
    wire.cut()
    with pytest.raises(Unavailable):
        await reading
    assert [] == await store.read(marks)


@pytest.mark.parametrize("code", ["57P03", "53300"])
async def test_server_not_ready(store: Store, wire: Wire, code: str) -> None:
    """A server that is starting, or has no connection left, is Unavailable to writers and readers until it is ready."""
    wire.refuses = refusal(code)
    wire.cut()
    await asyncio.sleep(0)

    async def told() -> bool:
        results = await asyncio.gather(store.write(mark, "no"), store.read(marks), return_exceptions=True)
        return [True] * 2 == [isinstance(one, Unavailable) and code in one.detail for one in results]

    assert await until(told)
    wire.refuses = b""
    assert "yes" == await store.write(mark, "yes")
    assert ["yes"] == await store.read(marks)


@pytest.mark.parametrize("code", ["57P03", "53300"])
async def test_opening_waits(wire: Wire, code: str) -> None:
    """A start waits for a server that is starting itself, or has no connection left for a moment."""
    wire.refuses = refusal(code)
    opens = asyncio.create_task(open_postgres(wire.url, doorbell=Doorbell()))

    async def tried() -> bool:
        return wire.opened > 1

    assert await until(tried)
    wire.refuses = b""
    await (await opens).close()


async def test_opening_gives_up(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start does not wait for ever."""
    monkeypatch.setattr(opening, "OPEN_PATIENCE", 0.1)
    wire.refuses = refusal("57P03")
    with pytest.raises(Unavailable, match="cannot be opened: not now"):
        await open_postgres(wire.url, doorbell=Doorbell())


async def test_silence(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that swallows everything keeps nobody for ever: writers, readers, and whoever closes the store."""
    for name in ("COMMAND_SECONDS", "CONNECT_SECONDS", "END_SECONDS"):
        monkeypatch.setattr(pools, name, 0.2)
    store = await open_postgres(wire.url, doorbell=Doorbell())
    await store.write(mark, "before")
    wire.flows.clear()
    told = await asyncio.gather(
        *(store.write_each(mark_all, "x") for _ in range(3)),
        *(store.write(mark, "x") for _ in range(20)),
        *(store.read(marks) for _ in range(20)),
        return_exceptions=True,
    )
    assert [True] * 43 == [isinstance(one, Unavailable) for one in told]
    async with asyncio.timeout(10):
        await store.close()


async def test_standby(url: str, beside: asyncpg.Connection, store: Store) -> None:
    """A server that only reads is Unavailable to writers, and left as soon as another answers in its place."""
    name = url.rpartition("/")[2]
    await beside.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await beside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    async def refused() -> bool:
        (told,) = await asyncio.gather(store.write(mark, "no"), return_exceptions=True)
        return isinstance(told, Unavailable) and "25006" in told.detail

    assert await until(refused)
    assert [] == await store.read(marks)
    await beside.execute(f"SET default_transaction_read_only = off; ALTER DATABASE {name} RESET ALL")
    assert "yes" == await store.write(mark, "yes")


@pytest.mark.needs("postgresql-server")
async def test_crash() -> None:
    """After a crash of the server what was acknowledged is there, nothing is there twice, and the store goes on."""
    server = PostgresServer()
    await asyncio.to_thread(server.start)
    store = await open_postgres(server.url, doorbell=Doorbell())
    told: dict[str, object] = {}
    ended = asyncio.Event()

    async def writes(writer: int) -> None:
        for number in range(100_000):
            if ended.is_set():
                return
            name = f"{writer}-{number}"
            (told[name],) = await asyncio.gather(store.write(mark, name), return_exceptions=True)
            await asyncio.sleep(0.001)  # so that a refusal at once is no busy loop

    writers = [asyncio.create_task(writes(writer)) for writer in range(20)]

    async def going() -> bool:
        return sum(one == name for name, one in told.items()) > 100

    assert await until(going)
    await asyncio.to_thread(server.restart, "immediate")
    before = len(told)

    async def goes_on() -> bool:
        return sum(one == name for name, one in list(told.items())[before:]) > 100

    assert await until(goes_on)
    ended.set()
    await asyncio.gather(*writers)
    kept = await store.read(marks)
    acknowledged = {name for name, one in told.items() if one == name}
    unknown = {name for name, one in told.items() if isinstance(one, OutcomeUnknown)}
    assert all(one == name or isinstance(one, Unavailable) for name, one in told.items())
    assert len(kept) == len(set(kept))
    assert acknowledged <= set(kept) <= acknowledged | unknown
    await store.close()
    await asyncio.to_thread(server.close)
