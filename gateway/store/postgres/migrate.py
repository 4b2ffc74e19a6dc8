"""Applies migrations to a PostgreSQL database, all that are missing in one transaction. Nodes that start at once take
turns by an advisory lock that ends with the transaction, and the second finds the work done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from asyncpg import Connection

from gateway.store.migrate import Migration, missing

LOCK: Final = 0x7465616D6C696E65
"""Of `pg_advisory_xact_lock`: "teamline" in ASCII, so that it meets nobody else's."""

_SEEN: Final = """
CREATE TABLE IF NOT EXISTS migration (
  version    BIGINT PRIMARY KEY,
  name       TEXT   NOT NULL,
  sha256     TEXT   NOT NULL,
  applied_at BIGINT NOT NULL
)
"""


async def migrate(connection: Connection, known: Sequence[Migration]) -> None:
    """Raises DatabaseTooNew, Misuse, and asyncpg's own errors."""
    async with connection.transaction():
        await connection.execute(
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
            "SET LOCAL idle_in_transaction_session_timeout = 0"
        )
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(_SEEN)
        seen = {row[0]: row[1] for row in await connection.fetch("SELECT version, sha256 FROM migration")}
        for migration in missing(known, seen):
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration (version, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
                migration.version,
                migration.name,
                migration.sha256,
                time.time_ns() // 1000,
            )
