"""The database of one run, of either kind: SQLite's file, or a database of a PostgreSQL server on the project's disk.

That server is started when it is first asked for and ends with the process. It is set up as a small company would set
one up, with `fsync` and all else that keeps what was committed; its folder stays below .cache/, since the large
database in it takes minutes to build.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg

from bench.trial import CACHE, ENGINE
from gateway.store.statement import Sql, for_postgres, for_sqlite
from tests.postgres import Databases, PostgresServer

SETTINGS: Final = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "512MB",
    "track_commit_timestamp": "on",
}
"""Besides PostgreSQL's own defaults, with which everything is durable; the last one tells `nodes` when something was
committed."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where it is, as `open_store` takes it."""

    place: Path | str

    @property
    def url(self) -> str:
        """What `[database] url` says for it."""
        return f"sqlite:///{self.place}" if isinstance(self.place, Path) else self.place

    async def rows(self, sql: str | Sql) -> list[tuple[Any, ...]]:
        """What a query finds, asked as anybody could, beside whoever serves."""
        if isinstance(self.place, Path):
            with closing(sqlite3.connect(f"file:{self.place}?mode=ro", uri=True)) as file:
                return file.execute(for_sqlite(sql)).fetchall()
        connection = await asyncpg.connect(self.place)
        try:
            return [tuple(row) for row in await connection.fetch(for_postgres(sql).text)]
        finally:
            await connection.close()

    async def analyze(self) -> None:
        """As PostgreSQL does by itself within minutes of so many new rows; SQLite's plans need nothing."""
        if not isinstance(self.place, Path):
            connection = await asyncpg.connect(self.place)
            try:
                await connection.execute("ANALYZE")
            finally:
                await connection.close()

    async def value(self, sql: str | Sql) -> Any:
        """The one value that it finds."""
        return (await self.rows(sql))[0][0]


@asynccontextmanager
async def scratch(copied: Database | None = None) -> AsyncIterator[tuple[Path, Database]]:
    """A folder and an empty database, or a copy of one, both gone afterwards."""
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=CACHE))
    try:
        async with _fresh(folder, copied) as database:
            yield folder, database
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def _fresh(folder: Path, copied: Database | None) -> AsyncIterator[Database]:
    if ENGINE == "sqlite":
        made = folder / "teamline.db"
        if copied is not None:
            shutil.copy(copied.place, made)
        yield Database(made)
        return
    databases = Databases(server().url)
    url = await databases.create(None if copied is None else str(copied.place))
    try:
        yield Database(url)
    finally:
        await databases.drop(url)


@cache
def server() -> PostgresServer:
    """PostgreSQL's."""
    CACHE.mkdir(exist_ok=True)
    made = PostgresServer(durable=True, settings=SETTINGS, kept=CACHE / "bench-postgres")
    atexit.register(made.close)
    made.start()
    with ThreadPoolExecutor(1) as thread:  # a loop may run in this one
        thread.submit(asyncio.run, _drop_left_behind(made.url)).result()
    return made


async def _drop_left_behind(url: str) -> None:
    """Databases of runs that were killed."""
    connection = await asyncpg.connect(url)
    try:
        for row in await connection.fetch(r"SELECT datname FROM pg_database WHERE datname LIKE 'teamline\_test\_%'"):
            await connection.execute(f"DROP DATABASE {row[0]}")
    finally:
        await connection.close()


def spent() -> float:
    """Processor seconds of the server's processes, those that have ended among them (proc(5)); SQLite has none."""
    if ENGINE == "sqlite":
        return 0.0
    first, *others = server().processes()
    ticks = sum(_times(first)) + sum(sum(_times(process)[:2]) for process in others)
    return ticks / os.sysconf("SC_CLK_TCK")


def _times(process: int) -> list[int]:
    """utime, stime, and those of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]
