"""Reading connections of this process: few, `query_only`, each query one snapshot that ends by itself.

A snapshot that stayed open would keep the WAL from being taken over, and it grows by hundreds of megabytes in seconds.
So every query fetches all it wants, rolls back, and is stopped at its deadline.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context, copy_context
from time import monotonic
from typing import Any, Final

from gateway.errors import Unavailable
from gateway.store.sqlite import faults
from gateway.store.sqlite.connection import Connection, Watch
from gateway.store.sqlite.transaction import Snapshot, settle

READERS: Final = 2
"""One for a long query and one free meanwhile; they share the interpreter lock, so more would not read faster."""

READ_TIME: Final = 2.0
"""Seconds from the asking, with the time in the queue: whoever waits longer has gone."""

READ_LIMIT: Final = 1_000
"""Queries waiting; more are refused at once."""

Query = Callable[..., Awaitable[Any]]


class Readers:
    """A pool over open connections, which it closes."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.waiting = 0
        self._size = len(connections)
        self._idle: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            self._idle.put_nowait(connection)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def read(self, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What `query(tx, ...)` returns. Raises Unavailable when it would come too late, and the query's own errors."""
        if self._closing or self.waiting >= READ_LIMIT:
            raise Unavailable("Too much is being read. Try again in a moment.")
        deadline = monotonic() + READ_TIME
        reader = await self._reader()
        # A task of its own, so that the reader goes back to the pool only when its thread is free again.
        task = asyncio.create_task(self._lend(reader, query, args, kwargs, deadline))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Refuse new queries, let those under way and those waiting end."""
        self._closing = True
        size, self._size = self._size, 0
        for _ in range(size):
            await (await self._idle.get()).close()

    async def _reader(self) -> Connection:
        self.waiting += 1
        try:
            return await self._idle.get()
        finally:
            self.waiting -= 1

    async def _lend(
        self, reader: Connection, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any], deadline: float
    ) -> Any:
        try:
            return await reader.run(_read, copy_context(), reader.watch, deadline, query, args, kwargs)
        finally:
            self._idle.put_nowait(reader)


def _read(
    db: sqlite3.Connection,
    context: Context,
    watch: Watch,
    deadline: float,
    query: Query,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    if monotonic() > deadline:
        raise Unavailable("Too much is being read. Try again in a moment.")
    tx = Snapshot(db, watch, deadline)
    try:
        db.execute("BEGIN")
        return context.run(settle, tx, getattr(query, "__qualname__", "query"), _whole(tx, query, args, kwargs))
    except sqlite3.Error as error:
        raise faults.fault(error, "BEGIN") from None
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


async def _whole(tx: Snapshot, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return await query(tx, *args, **kwargs)
