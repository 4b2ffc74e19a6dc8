"""A database as others reach it: an operator's own tool, or somebody who damages it. None of our code is between.

Every call is told where the database is, as `[database] url` says it, and blocks.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import asyncpg

from tests.postgres import elsewhere

_SQLITE: Final = "sqlite:///"
_BYTES: Final = re.compile(r"x'([0-9a-f]*)'")
"""A literal of bytes in SQLite's words."""
_CHECKS: Final = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
_TABLES: Final = "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public'"


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds, on either engine."""
    if url.startswith(_SQLITE):
        with closing(sqlite3.connect(url.removeprefix(_SQLITE))) as raw:
            return raw.execute(query).fetchall()
    return elsewhere(_fetch(url, query))


def empty(url: str) -> None:
    """As an operator gives it to us: without a table, or on SQLite not there at all."""
    if url.startswith(_SQLITE):
        Path(url.removeprefix(_SQLITE)).unlink(missing_ok=True)
    else:
        rows(url, "DROP SCHEMA public CASCADE")
        rows(url, "CREATE SCHEMA public")


def damage(url: str, script: str) -> int:
    """Statements, with semicolons between, that no constraint hinders; how many rows they changed."""
    if url.startswith(_SQLITE):
        with closing(sqlite3.connect(url.removeprefix(_SQLITE))) as raw:
            raw.execute("PRAGMA ignore_check_constraints = ON")
            raw.executescript(f"BEGIN; {script}; COMMIT")
            return raw.total_changes
    return elsewhere(_damage(url, script))


def end_leases(url: str) -> None:
    """What a process that died had claimed is taken over now. On SQLite, where nobody else serves, it is so at once."""
    if not url.startswith(_SQLITE):
        for table in ("delivery", "call"):
            elsewhere(_fetch(url, f"UPDATE {table} SET lease_until = 0 WHERE lease_until IS NOT NULL"))


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Nobody else can write meanwhile."""
    if url.startswith(_SQLITE):
        with closing(sqlite3.connect(url.removeprefix(_SQLITE), isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            yield
            raw.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {await connection.fetchval(_TABLES)} IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def _fetch(url: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def _damage(url: str, script: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        for table, name in await connection.fetch(_CHECKS):
            await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        await connection.execute("SET session_replication_role = replica")  # no foreign key is looked at
        said = [await connection.execute(_BYTES.sub(r"'\\x\1'::bytea", each)) for each in script.split("; ")]
        return sum(int(each.rpartition(" ")[2]) for each in said)
    finally:
        await connection.close()
