"""The SQLite engine: one connection that writes, a few that read, each in a thread of its own.

The serving process opens the database, its -wal and its -shm through SQLite only: closing one of them by other means
would drop this process's locks, and an acknowledged row with them.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from typing import Final

import structlog

from gateway.errors import Unavailable
from gateway.store.doorbell import Doorbell
from gateway.store.doors import Doors
from gateway.store.migrate import Migration, migrations
from gateway.store.sqlite import faults
from gateway.store.sqlite.connection import Connection, for_reading, for_writing
from gateway.store.sqlite.migrate import migrate
from gateway.store.sqlite.readers import READERS, Readers
from gateway.store.sqlite.writer import Writer
from gateway.store.store import Lane, Stats

OPEN_PATIENCE: Final = 10.0
"""Seconds to wait for another process that writes or migrates at the same moment."""

OPEN_PAUSE: Final = 0.05
"""Seconds between two tries."""

log = structlog.get_logger(__name__)


class SqliteStore(Doors):
    """A `gateway.store.store.Store`; made by `open_sqlite`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        super().__init__(writer, readers)
        self._writer = writer
        self._readers = readers

    async def close(self) -> None:
        """See `Store.close`."""
        # The writer last: it takes over what the readers' snapshots had kept in the WAL.
        await self._readers.close()
        await self._writer.close()

    def stats(self) -> Stats:
        """Costs nothing; may be asked at any time."""
        return Stats(
            people_waiting=self._writer.lanes.length(Lane.PEOPLE),
            ingest_waiting=self._writer.lanes.length(Lane.INGEST),
            reads_waiting=self._readers.waiting,
            batches=self._writer.batches,
            actions=self._writer.actions,
            retries=self._writer.busy_retries,
            wal_bytes=self._writer.wal_bytes,
            full_at=self._writer.full_at,
        )


def die() -> None:
    """After a failed sync only a fresh process can tell what is on disk, so this one ends without closing anything."""
    log.critical("the database could not be synced to disk; the process ends")
    os._exit(70)  # EX_SOFTWARE of sysexits.h; whoever supervises us starts us again


async def open_sqlite(
    path: Path,
    *,
    doorbell: Doorbell,
    serving: bool = True,
    on_fatal: Callable[[], None] = die,
    known: Sequence[Migration] | None = None,
) -> SqliteStore:
    """Open and migrate a database, which is made with its folder where there is none.

    `serving=False` is a short-lived second writer in another process: the same, but it leaves checkpoints to the
    serving one. `on_fatal` is called when a COMMIT may or may not have happened, and must end the process.
    Raises Unavailable when the file cannot be opened, DatabaseTooNew, and Misuse for a changed migration.
    """
    try:
        _make(path)
        async with AsyncExitStack() as opened:
            writing = await _open(path, opened)
            await _prepare(writing, known if known is not None else migrations("sqlite"), checkpoints=serving)
            reading = [await _open(path, opened) for _ in range(READERS if serving else 1)]
            for connection in reading:
                await connection.run(for_reading)
            opened.pop_all()  # from here on the store closes them
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The database {path} cannot be opened: {error}") from error
    writer = Writer(writing, path.with_name(path.name + "-wal"), doorbell, on_fatal, serving)
    return SqliteStore(writer, Readers(reading))


def _make(path: Path) -> None:
    """An empty file that only its owner may read, since it will hold what people wrote; SQLite keeps its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


async def _open(path: Path, opened: AsyncExitStack) -> Connection:
    connection = await Connection.open(path)
    opened.push_async_callback(connection.close)
    return connection


async def _prepare(connection: Connection, known: Sequence[Migration], *, checkpoints: bool) -> None:
    until = monotonic() + OPEN_PATIENCE
    while True:
        try:
            return await connection.run(_set_up, known, checkpoints)
        except sqlite3.OperationalError as error:
            if faults.code(error) not in faults.BUSY or monotonic() > until:
                raise
        await asyncio.sleep(OPEN_PAUSE)


def _set_up(connection: sqlite3.Connection, known: Sequence[Migration], checkpoints: bool) -> None:
    for_writing(connection, checkpoints=checkpoints)
    migrate(connection, known)
