"""A database is opened by whoever may, migrated once, and otherwise refused in words that hold no secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from structlog.testing import capture_logs

from gateway.errors import DatabaseTooNew, Misuse, Unavailable
from gateway.store.doorbell import Doorbell
from gateway.store.migrate import Migration, migrations
from gateway.store.postgres import engine as opening
from gateway.store.postgres import open_postgres, pools
from tests.gateway_process import free_port
from tests.postgres import PostgresServer, databases

FIRST = Migration(1, "first", "CREATE TABLE a (x text); -- one; two\nINSERT INTO a VALUES ('semi;colon');")
SECOND = Migration(2, "second", "CREATE TABLE b (x text);\nINSERT INTO b SELECT x FROM a;\n")
SECRET = "hunter2"

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture
async def empty() -> AsyncIterator[str]:
    url = await databases().create()
    yield url
    await databases().drop(url)


async def opens(url: str, *known: Migration) -> None:
    await (await open_postgres(url, doorbell=Doorbell(), known=known or None)).close()


async def column(url: str, sql: str) -> list[object]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_forward(empty: str) -> None:
    """Each migration is applied once and noted, whenever it comes."""
    await opens(empty, FIRST)
    await opens(empty, FIRST, SECOND)
    await opens(empty, FIRST, SECOND)
    assert ["first", "second"] == await column(empty, "SELECT name FROM migration ORDER BY version")
    assert ["semi;colon"] == await column(empty, "SELECT x FROM b")


async def test_newer_database(empty: str) -> None:
    """A database that has seen more than this code knows is refused, and not touched."""
    await opens(empty, FIRST, SECOND)
    with pytest.raises(DatabaseTooNew):
        await opens(empty, FIRST)
    assert [2] == await column(empty, "SELECT count(*) FROM migration")


async def test_changed_migration(empty: str) -> None:
    """A migration that was changed after a database saw it is refused by name."""
    await opens(empty, FIRST)
    with pytest.raises(Misuse, match="0001_first was changed"):
        await opens(empty, Migration(1, "first", FIRST.sql + " "), SECOND)


async def test_failing_migration(empty: str) -> None:
    """A migration that fails leaves nothing behind, of itself or of those that were to come with it."""
    with pytest.raises(Unavailable, match="nowhere"):
        await opens(empty, FIRST, Migration(2, "bad", "CREATE TABLE c (x text);\nINSERT INTO nowhere VALUES (1);"))
    assert [] == await column(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


async def test_at_once(empty: str) -> None:
    """Five nodes that start on one new database at once take turns, and all of them serve."""
    await asyncio.gather(*(opens(empty) for _ in range(5)))
    assert [len(migrations("postgres"))] == await column(empty, "SELECT count(*) FROM migration")


async def test_long_migration(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration may take longer than any statement of the service, and the other nodes wait for it."""
    monkeypatch.setattr(pools, "COMMAND_SECONDS", 0.3)
    slow = Migration(1, "slow", "SELECT pg_sleep(0.5); CREATE TABLE a (x text);")
    await asyncio.gather(opens(empty, slow), opens(empty, slow))
    assert [1] == await column(empty, "SELECT count(*) FROM migration")


@pytest.mark.needs("postgresql-server")
async def test_wrong_password() -> None:
    """A wrong password is refused at once, by the user's name and without the password."""
    server = PostgresServer()
    hba = server.folder / "data/pg_hba.conf"
    hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    await asyncio.to_thread(server.start)
    with pytest.raises(Unavailable, match='password authentication failed for user "postgres"') as caught:
        await opens(server.url.replace("postgres@", f"postgres:{SECRET}@"))
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__
    await asyncio.to_thread(server.close)


async def test_missing_database(empty: str) -> None:
    """A database that is not there is refused at once by its name."""
    with pytest.raises(Unavailable, match='"nowhere" does not exist'):
        await opens(f"{empty.rpartition('/')[0]}/nowhere")


async def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens, the start says at once that it waits, once, and gives up after a while."""
    monkeypatch.setattr(opening, "OPEN_PATIENCE", 0.3)
    with capture_logs() as logs, pytest.raises(Unavailable, match="cannot be opened"):
        await opens(f"postgresql://teamline:{SECRET}@127.0.0.1:{free_port()}/teamline")
    assert ["database.waited_for"] == [line["event"] for line in logs]
    assert SECRET not in str(logs)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://teamline:{SECRET}/x@127.0.0.1/teamline",
        f"postgresql://teamline:{SECRET}@[127.0.0.1/teamline",
        f"postgresql://teamline:{SECRET}@127.0.0.1/teamline?sslmode=perhaps",
        f"mysql://teamline:{SECRET}@127.0.0.1/teamline",
    ],
)
async def test_senseless_url(url: str) -> None:
    """A URL that means nothing is refused at once, and nothing of it is repeated."""
    with pytest.raises(Unavailable, match="its URL") as caught:
        await opens(url)
    assert SECRET not in str(caught.value)
