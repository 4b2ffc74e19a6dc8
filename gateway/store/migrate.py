"""The schema moves forward only, by numbered files: migrations/NNNN_name.<engine>.sql, each in one transaction.

The database keeps the number, name and SHA-256 of each that it has seen. Refused: a database that has seen one this
code does not know, and a file that was changed after a database has seen it (write a new one instead).
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, Literal

from gateway.errors import DatabaseTooNew, Misuse

Engine = Literal["sqlite", "postgres"]

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.([a-z]+)\.sql")

_SEEN: Final = """
CREATE TABLE IF NOT EXISTS migration (
  version    INTEGER PRIMARY KEY,
  name       TEXT    NOT NULL,
  sha256     TEXT    NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hexadecimal, of the file as UTF-8."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(engine: Engine, folder: Traversable | None = None) -> tuple[Migration, ...]:
    """Those of one engine in order; from the installed package unless told otherwise. Raises Misuse on a gap."""
    files = (folder or resources.files("gateway.store") / "migrations").iterdir()
    found = sorted(
        (
            Migration(int(match[1]), match[2], file.read_text(encoding="utf-8"))
            for file in files
            if (match := _FILE.fullmatch(file.name)) and match[3] == engine
        ),
        key=lambda migration: migration.version,
    )
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise Misuse(f"the migrations for {engine} are not numbered 1, 2, 3 ...")
    return tuple(found)


def missing(known: Sequence[Migration], seen: Mapping[int, str]) -> Sequence[Migration]:
    """Those yet to be applied to a database that has `seen` version -> SHA-256. Raises DatabaseTooNew and Misuse."""
    if len(seen) > len(known):
        raise DatabaseTooNew
    for migration in known[: len(seen)]:
        if seen.get(migration.version) != migration.sha256:
            raise Misuse(f"migration {migration.version:04}_{migration.name} was changed after this database saw it")
    return known[len(seen) :]


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
