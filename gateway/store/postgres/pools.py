"""Connections of one node: some that write, some that read, each with the bounds that keep one from holding up all.

What is set is set after connecting, not in the startup packet, which PgBouncer would refuse.
"""

from __future__ import annotations

from typing import Any, Final

import asyncpg

WRITERS: Final = 8
READERS: Final = 4
STATEMENTS: Final = 512
"""Prepared on each connection: more than the program has, so that none is prepared twice."""
COMMAND_SECONDS: Final = 5.0
"""How long we wait for the server to answer one statement: longer than it may take over there."""
CONNECT_SECONDS: Final = 5.0

_SETTINGS: Final = """
SET lock_timeout = '1s';
SET idle_in_transaction_session_timeout = '2s';
SET statement_timeout = '{seconds}s';
SET jit = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
"""An acknowledged row must not be lost, whatever the role's default is. Compiling plans costs more than they do."""
_WRITE_SECONDS: Final = 4
_READ_SECONDS: Final = 2


async def connect(dsn: str) -> asyncpg.Connection:
    """One connection of its own, with no more settings than it came with. Raises OSError and asyncpg's errors."""
    return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS)


async def writers(dsn: str, most: int = WRITERS) -> asyncpg.Pool:
    return await _pool(dsn, most, _WRITE_SECONDS)


async def readers(dsn: str, most: int = READERS) -> asyncpg.Pool:
    return await _pool(dsn, most, _READ_SECONDS)


async def _pool(dsn: str, most: int, seconds: int) -> asyncpg.Pool:
    settings = _SETTINGS.format(seconds=seconds)

    async def prepare(connection: Any) -> None:
        await connection.execute(settings)

    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=most,
        init=prepare,
        reset=_as_it_is,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=STATEMENTS,
        max_cached_statement_lifetime=0,
        max_inactive_connection_lifetime=0,
    )


async def _as_it_is(_connection: Any) -> None:
    """Between two of our own transactions nothing is to be reset; asyncpg would take a round trip for it each time."""
