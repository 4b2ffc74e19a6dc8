"""The PostgreSQL engine: one transaction for each action on a few connections, at READ COMMITTED, and a bell.

Actions are not grouped under savepoints as on SQLite: between nodes that meant deadlocks, and was slower than a pool.
What makes texts quick here is their list: one transaction of set statements for all that wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from time import monotonic
from typing import Final

import asyncpg
import structlog

from gateway.store.doorbell import Doorbell
from gateway.store.doors import Doors
from gateway.store.migrate import Migration, migrations
from gateway.store.postgres import faults, pools
from gateway.store.postgres.bell import Bell
from gateway.store.postgres.migrate import migrate
from gateway.store.postgres.readers import Readers
from gateway.store.postgres.writer import Writer
from gateway.store.store import Lane, Stats

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

OPEN_PATIENCE: Final = 10.0
"""Seconds to wait at start for a server that is starting itself."""

OPEN_PAUSE: Final = 0.2
"""Seconds between two tries."""


class PostgresStore(Doors):
    """A `gateway.store.store.Store`; made by `open_postgres`."""

    def __init__(self, writer: Writer, readers: Readers, bell: Bell) -> None:
        super().__init__(writer, readers)
        self._writer = writer
        self._readers = readers
        self._bell = bell

    async def close(self) -> None:
        """See `Store.close`."""
        await self._readers.close()
        await self._writer.close()
        await self._bell.close()

    def stats(self) -> Stats:
        """See `Store.stats`."""
        return Stats(
            people_waiting=self._writer.lanes.length(Lane.PEOPLE),
            ingest_waiting=self._writer.lanes.length(Lane.INGEST),
            reads_waiting=self._readers.waiting,
            batches=self._writer.commits,
            actions=self._writer.actions,
            retries=self._writer.retries,
            full_at=self._writer.full_at,
        )


async def open_postgres(
    dsn: str, *, doorbell: Doorbell, serving: bool = True, known: Sequence[Migration] | None = None
) -> PostgresStore:
    """Open and migrate a database, which must exist. `serving=False` is a short-lived command beside the nodes: fewer
    connections, and it only rings.

    Raises Unavailable when there is no way to the database, DatabaseTooNew, and Misuse for a changed migration.
    """
    await _prepare(dsn, known if known is not None else migrations("postgres"))
    try:
        async with AsyncExitStack() as opened:
            writing = await (pools.writers(dsn) if serving else pools.writers(dsn, 2))
            opened.push_async_callback(writing.close)
            reading = await (pools.readers(dsn) if serving else pools.readers(dsn, 1))
            opened.pop_all()  # from here on the store closes them
    except (*faults.GONE, asyncpg.PostgresError) as error:
        raise faults.closed(error) from None
    bell = Bell(dsn, doorbell, listens=serving)
    await bell.tried()

    def committed(lane: Lane) -> None:
        if lane is Lane.INGEST:
            doorbell.ring_for_texts()
        else:
            doorbell.ring()
        bell.tell(lane)

    return PostgresStore(Writer(writing, committed), Readers(reading), bell)


async def _prepare(dsn: str, known: Sequence[Migration]) -> None:
    connection = await _reach(dsn)
    try:
        await migrate(connection, known)
    except (*faults.GONE, asyncpg.PostgresError) as error:
        raise faults.closed(error) from None
    finally:
        await pools.hang_up(connection)


async def _reach(dsn: str) -> asyncpg.Connection:
    """Without a bound for its statements: a migration of a large table takes its time, and other nodes wait for it."""
    until, told = monotonic() + OPEN_PATIENCE, False
    while True:
        try:
            return await pools.connect(dsn)
        except (*faults.GONE, asyncpg.PostgresError, ValueError) as error:  # ValueError: of the URL's port, say
            if not faults.is_away(error) or monotonic() > until:
                raise faults.closed(error) from None
            if not told:
                log.warning("database.waited_for", seconds=OPEN_PATIENCE, reason=faults.words(error))
                told = True
        await asyncio.sleep(OPEN_PAUSE)
