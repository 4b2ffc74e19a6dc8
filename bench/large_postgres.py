"""The large database in the benches' PostgreSQL server: copied in, then indexed and analyzed."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, Final

import asyncpg

from bench.history import COLUMNS, Rows
from gateway.store.migrate import migrations
from gateway.store.postgres.migrate import migrate

WORDS: Final = ("message_words", "customer_words")


async def kept(server: str, name: str, stamp: str, steps: Iterable[Rows]) -> str:
    """The database of this stamp, built now if it is not there; those with other stamps go."""
    admin = await asyncpg.connect(server)
    try:
        there = [
            row[0] for row in await admin.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", name)
        ]
        if f"{name}{stamp}" not in there:
            for old in there:
                await admin.execute(f"DROP DATABASE {old} WITH (FORCE)")
            draft = f"{name}draft"
            await admin.execute(f"CREATE DATABASE {draft}")
            await _build(_beside(server, draft), steps)
            await admin.execute(f"ALTER DATABASE {draft} RENAME TO {name}{stamp}")
    finally:
        await admin.close()
    return _beside(server, f"{name}{stamp}")


def _beside(server: str, name: str) -> str:
    return f"{server.rpartition('/')[0]}/{name}"


async def _build(url: str, steps: Iterable[Rows]) -> None:
    db = await asyncpg.connect(url)
    try:
        await migrate(db, migrations("postgres"))
        # Neither triggers nor foreign keys: SQLite's file, of the same rows, is checked for those.
        await db.execute("SET session_replication_role = replica")
        indexes = await db.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) AND indexdef LIKE '%gin%'", WORDS
        )
        for index in indexes:  # made at once at the end, much sooner than row by row
            await db.execute(f"DROP INDEX {index['indexname']}")
        for rows in steps:
            for table, values in rows.items():
                await _copy(db, table, values)
        for index in indexes:
            await db.execute(index["indexdef"])
        for table, column in await db.fetch(_COUNTED):
            await db.execute(
                f"SELECT setval(pg_get_serial_sequence($1, $2), coalesce(max({column}), 0) + 1) FROM {table}",
                table,
                column,
            )
        await db.execute("VACUUM (FREEZE, ANALYZE)")
    finally:
        await db.close()


_COUNTED: Final = """SELECT table_name, column_name FROM information_schema.columns
                      WHERE table_schema = 'public' AND is_identity = 'YES'"""


async def _copy(db: asyncpg.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    columns = COLUMNS[table].split(", ")
    if table in WORDS:
        text = "".join(f"{id_}\t{_vector(words)}\n" for id_, words in rows)
        await db.copy_to_table(table, source=io.BytesIO(text.encode()), columns=columns)
    else:
        await db.copy_records_to_table(table, records=rows, columns=columns)


def _vector(words: str) -> str:
    """https://www.postgresql.org/docs/15/datatype-textsearch.html, "tsvector". Words have neither quotes nor tabs."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(words.split(" "), 1) if word)
