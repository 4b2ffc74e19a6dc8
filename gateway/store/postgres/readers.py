"""Queries of this node: each one snapshot on one of a few connections, with a deadline, read only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, Final

import asyncpg

from gateway.errors import Unavailable
from gateway.store.postgres import faults
from gateway.store.postgres.pools import Pool, roll_back
from gateway.store.postgres.transaction import Snapshot, settle

READ_TIME: Final = 2.0
"""Seconds from the asking, with the time in the queue: whoever waits longer has gone."""

READ_LIMIT: Final = 1_000
"""Queries waiting; more are refused at once."""

Query = Callable[..., Awaitable[Any]]


class Readers:
    """Queries on a pool, which it closes."""

    def __init__(self, pool: Pool) -> None:
        self.waiting = 0
        self._pool = pool
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def read(self, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What `query(tx, ...)` returns. Raises Unavailable when it would come too late, and the query's own errors."""
        if self._closing or self.waiting >= READ_LIMIT:
            raise Unavailable("Too much is being read. Try again in a moment.")
        self.waiting += 1
        # A task of its own, so that the connection goes back to the pool in order though the caller has gone.
        task = asyncio.create_task(self._read(query, args, kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Refuse new queries, let those under way and those waiting end."""
        self._closing = True
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._pool.close()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may have gone, and then nobody else asks

    async def _read(self, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            async with asyncio.timeout(READ_TIME):
                connection = await self._connection()
                try:
                    return await _snapshot(connection, query, args, kwargs)
                finally:
                    self._pool.give_back(connection)
        except TimeoutError:
            raise Unavailable("The database is slow. Try again in a moment.") from None

    async def _connection(self) -> asyncpg.Connection:
        try:
            return await self._pool.lend()
        except (*faults.GONE, asyncpg.PostgresError) as error:
            raise faults.unavailable(error) from None
        finally:
            self.waiting -= 1


async def _snapshot(
    connection: asyncpg.Connection, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    tx = Snapshot(connection)
    try:
        await _begin(connection)
        return await settle(
            tx, getattr(query, "__qualname__", "query"), copy_context(), _whole(tx, query, args, kwargs)
        )
    finally:
        await roll_back(connection)


async def _begin(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    except (*faults.GONE, asyncpg.PostgresError) as error:
        connection.terminate()
        raise faults.unavailable(error) from None


async def _whole(tx: Snapshot, query: Query, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return await query(tx, *args, **kwargs)
