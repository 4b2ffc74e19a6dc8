"""The throwaway PostgreSQL servers of the tests: what the tests on it rely on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.gateway_process import until
from tests.postgres import PostgresServer, databases, running

ROOT = Path(__file__).parent.parent
a_server = pytest.mark.needs("postgresql-server")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.mark.needs("postgresql")
async def test_copies_are_independent() -> None:
    """Two copies of a template have its rows, and neither sees what is written to the other."""
    template = await databases().create()
    await ask(template, "CREATE TABLE word (text text)")
    await ask(template, "INSERT INTO word VALUES ('template')")
    copies = await databases().create(template), databases().create_now(template)
    await ask(copies[0], "INSERT INTO word VALUES ('first')")
    told = [await ask(copy, "SELECT string_agg(text, ' ' ORDER BY text) FROM word") for copy in copies]
    await databases().drop(*copies)
    databases().drop_now(template)
    assert ["first template", "template"] == told
    for gone in (*copies, template):
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(gone)


@pytest.mark.needs("postgresql")
async def test_drop_ends_connections() -> None:
    """A database is dropped under a client that is connected, whose next statement fails."""
    url = await databases().create()
    connection = await asyncpg.connect(url)
    await databases().drop(url)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await connection.fetchval("SELECT 1")
    connection.terminate()


@a_server
async def test_immediate_restart(server: PostgresServer) -> None:
    """After an immediate restart old connections are broken, new ones are taken, and what was committed is there."""
    old = await asyncpg.connect(server.url)
    await old.execute("CREATE TABLE restarted (text text)")
    await asyncio.to_thread(server.restart, "immediate")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await old.fetchval("SELECT 1")
    old.terminate()
    assert 0 == await ask(server.url, "SELECT count(*) FROM restarted")


@a_server
async def test_kill(server: PostgresServer) -> None:
    """A killed server takes no connections, starts again, and has what was committed."""
    await ask(server.url, "CREATE TABLE killed (text text)")
    server.kill()
    with pytest.raises(ConnectionError):
        await asyncpg.connect(server.url)
    await asyncio.to_thread(server.start)
    assert 0 == await ask(server.url, "SELECT count(*) FROM killed")


@a_server
async def test_durable() -> None:
    """A durable server waits for the disk, with the settings that a bench gives it."""
    server = PostgresServer(durable=True, settings={"shared_buffers": "48MB"})
    await asyncio.to_thread(server.start)
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    told = [await ask(server.url, f"SHOW {name}") for name in names]
    await asyncio.to_thread(server.close)
    assert ["on", "on", "on", "48MB"] == told
    assert not server.folder.exists()


@a_server
async def test_never_outlives_its_process() -> None:
    """When the process that started a server is killed, the server ends and its folder goes."""
    program = (
        "import signal; from tests.postgres import *; server = PostgresServer(); server.start(); "
        "print(server.folder, *server.processes(), flush=True); signal.pause()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    folder, *numbers = (await process.stdout.readline()).decode().split()
    processes = [int(number) for number in numbers]
    assert processes == [number for number in processes if running(number)]
    process.kill()
    await process.communicate()

    async def gone() -> bool:
        return not any(map(running, processes)) and not await asyncio.to_thread(Path(folder).exists)

    assert await until(gone)
