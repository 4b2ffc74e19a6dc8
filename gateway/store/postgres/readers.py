"""Queries of this node: each one snapshot on one of a few connections, with a deadline, read only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import asyncpg

from gateway.errors import Unavailable
from gateway.store.postgres import faults
from gateway.store.postgres.transaction import Snapshot, settle

READ_TIME: Final = 2.0
"""Seconds from the asking, with the time in the queue: whoever waits longer has gone."""

READ_LIMIT: Final = 1_000
"""Queries waiting; more are refused at once."""

Query = Callable[..., Awaitable[Any]]


class Readers:
    """Queries on a pool, which it closes."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.waiting = 0
        self._pool = pool
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def read(self, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What `query(tx, ...)` returns. Raises Unavailable when it would come too late, and the query's own errors."""
        if self._closing or self.waiting >= READ_LIMIT:
            raise Unavailable("Too much is being read. Try again in a moment.")
        # A task of its own, so that the connection goes back to the pool in order though the caller has gone.
        task = asyncio.create_task(self._read(query, args, kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Refuse new queries, let those under way and those waiting end."""
        self._closing = True
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._pool.close()

    async def _read(self, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            async with asyncio.timeout(READ_TIME):
                connection = await self._connection()
                try:
                    return await _snapshot(connection, query, args, kwargs)
                finally:
                    await self._pool.release(connection)
        except TimeoutError:
            raise Unavailable("The database is slow. Try again in a moment.") from None

    async def _connection(self) -> Any:
        self.waiting += 1
        try:
            return await self._pool.acquire()
        except (*faults.GONE, asyncpg.PostgresError) as error:
            raise faults.unavailable(error) from None
        finally:
            self.waiting -= 1


async def _snapshot(connection: Any, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    tx = Snapshot(connection)
    try:
        try:
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except (*faults.GONE, asyncpg.PostgresError) as error:
            raise faults.unavailable(error) from None
        return await settle(tx, getattr(query, "__qualname__", "query"), _whole(tx, query, args, kwargs))
    finally:
        tx.end()
        await _end(connection)


async def _end(connection: Any) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (*faults.GONE, asyncpg.PostgresError):
        connection.terminate()  # the server ends it by itself


async def _whole(tx: Snapshot, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return await query(tx, *args, **kwargs)
