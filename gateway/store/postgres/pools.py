"""Connections of one node: some that write, some that read, each with the bounds that keep one from holding up all.

What is set is set after connecting, not in the startup packet, which PgBouncer would refuse. A pool of our own, since
asyncpg's costs two tasks for each loan, and what it lends forgets itself when its connection is lost.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import asyncpg

from gateway.store.postgres import faults

WRITERS: Final = 8
READERS: Final = 4
STATEMENTS: Final = 512
"""Prepared on each connection: more than the program has, so that none is prepared twice."""
COMMAND_SECONDS: Final = 5.0
"""How long we wait for the server to answer one statement: longer than it may take over there."""
CONNECT_SECONDS: Final = 5.0
END_SECONDS: Final = 1.0
"""How long a transaction that failed, or a connection that is closed, may take to end in good order."""

_SETTINGS: Final = """
SET lock_timeout = '1500ms';
SET idle_in_transaction_session_timeout = '2s';
SET statement_timeout = '{seconds}s';
SET jit = off; SET max_parallel_workers_per_gather = 0;
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
"""An acknowledged row must not be lost, whatever the role's default is. Compiling plans costs more than they do, and
so does making one anew for each search; all of ours go by indexes, also while a table is too new for statistics. The
server looks for a deadlock after a second: with a lock's time-out at the same moment it would never say so."""
_WRITE_SECONDS: Final = 4
_READ_SECONDS: Final = 2


async def connect(dsn: str, command_seconds: float | None = None) -> asyncpg.Connection:
    """One connection of its own, with no more settings than it came with; its statements take as long as they
    take, or so many seconds. Raises OSError and asyncpg's errors."""
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_SECONDS,
        command_timeout=command_seconds,
        statement_cache_size=STATEMENTS,
        max_cached_statement_lifetime=0,
    )


async def hang_up(connection: asyncpg.Connection) -> None:
    """In good order if the server plays along, else without."""
    with suppress(*faults.GONE, asyncpg.PostgresError):
        async with asyncio.timeout(END_SECONDS):
            await connection.close()
    connection.terminate()


async def roll_back(connection: asyncpg.Connection) -> None:
    """End a transaction that has failed or only read. Where that takes long, the connection goes with it."""
    if connection.is_closed():
        return
    try:
        # asyncpg waits without any bound of its own until a statement that was given up is canceled over there.
        async with asyncio.timeout(END_SECONDS):
            await connection.execute("ROLLBACK")
    except (*faults.GONE, asyncpg.PostgresError):
        connection.terminate()  # the server ends it by itself


class Pool:
    """At most so many connections, each lent to one at a time, the one used last first. Belongs to one event loop."""

    def __init__(self, dsn: str, most: int, statement_seconds: int) -> None:
        self.most = most
        self._dsn = dsn
        self._settings = _SETTINGS.format(seconds=statement_seconds)
        self._idle: list[asyncpg.Connection] = []
        self._free = asyncio.Semaphore(most)

    async def lend(self) -> asyncpg.Connection:
        """Waits its turn where all are lent. Raises OSError and asyncpg's errors when one cannot be opened."""
        await self._free.acquire()
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._open()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: asyncpg.Connection) -> None:
        if not connection.is_closed():
            if connection.is_in_transaction():  # somebody was stopped halfway
                connection.terminate()
            else:
                self._idle.append(connection)
        self._free.release()

    async def close(self) -> None:
        """When all have been given back."""
        await asyncio.gather(*map(hang_up, self._idle))
        self._idle.clear()

    async def _open(self) -> asyncpg.Connection:
        connection = await connect(self._dsn, COMMAND_SECONDS)
        try:
            await connection.execute(self._settings)
        except BaseException:
            connection.terminate()
            raise
        return connection


async def writers(dsn: str, most: int = WRITERS) -> Pool:
    """With one open connection. Raises as `Pool.lend`."""
    return await _tried(Pool(dsn, most, _WRITE_SECONDS))


async def readers(dsn: str, most: int = READERS) -> Pool:
    """As `writers`."""
    return await _tried(Pool(dsn, most, _READ_SECONDS))


async def _tried(pool: Pool) -> Pool:
    pool.give_back(await pool.lend())
    return pool
