"""Applies migrations to a SQLite database, each in one transaction. Two processes that migrate at once take turns."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.errors import Misuse
from gateway.store.migrate import Migration, missing

_SEEN: Final = """
CREATE TABLE IF NOT EXISTS migration (
  version    INTEGER PRIMARY KEY,
  name       TEXT    NOT NULL,
  sha256     TEXT    NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT
"""


def migrate(connection: sqlite3.Connection, known: Sequence[Migration]) -> None:
    """Bring a SQLite database up to date. Raises sqlite3.OperationalError (SQLITE_BUSY) while another process writes,
    and may then be called again: two that migrate at once take turns, and the second finds the work done."""
    # A table is rebuilt under a new name, which enforced references would not survive; they are checked at the end.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        while _next(connection, known):
            pass
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _next(connection: sqlite3.Connection, known: Sequence[Migration]) -> bool:
    """Apply one, and say whether there may be another."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_SEEN)
        seen = {row[0]: row[1] for row in connection.execute("SELECT version, sha256 FROM migration")}
        ahead = missing(known, seen)
        if ahead:
            _apply(connection, ahead[0])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(ahead) > 1


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in _statements(migration.sql):
        connection.execute(statement)
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        raise Misuse(f"migration {migration.version:04}_{migration.name} leaves a reference to nothing")
    connection.execute(
        "INSERT INTO migration (version, name, sha256, applied_at) VALUES (?1, ?2, ?3, ?4)",
        (migration.version, migration.name, migration.sha256, time.time_ns() // 1000),
    )


def _statements(script: str) -> Iterator[str]:
    """One by one, since sqlite3's own `executescript` commits before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
