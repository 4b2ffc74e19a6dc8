"""A SQLite file's schema moves forward only, and never under a database that knows more or knows otherwise."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import DatabaseTooNew, Misuse
from gateway.store.doorbell import Doorbell
from gateway.store.migrate import Migration
from gateway.store.sqlite import open_sqlite
from gateway.store.sqlite.migrate import migrate

FIRST = Migration(1, "first", "CREATE TABLE a (x); -- one; two\nINSERT INTO a VALUES ('semi;colon');")
SECOND = Migration(
    2,
    "second",
    "CREATE TABLE b (x);\n"
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  INSERT INTO b VALUES (new.x);\nEND;\n"
    "-- the end\n",
)


def connect(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


def seen(path: Path) -> list[tuple[int, str, str]]:
    with connect(path) as connection:
        return connection.execute("SELECT version, name, sha256 FROM migration ORDER BY version").fetchall()


async def opens(path: Path, *known: Migration) -> None:
    await (await open_sqlite(path, doorbell=Doorbell(), known=known)).close()


async def test_forward(tmp_path: Path) -> None:
    """Each migration is applied once and noted, whenever it comes."""
    path = tmp_path / "new" / "folder" / "x.db"
    await opens(path, FIRST)
    await opens(path, FIRST, SECOND)
    await opens(path, FIRST, SECOND)
    assert [(1, "first", FIRST.sha256), (2, "second", SECOND.sha256)] == seen(path)
    with connect(path) as connection:
        connection.execute("INSERT INTO a VALUES ('y')")
        assert [("semi;colon",), ("y",)] == connection.execute("SELECT x FROM a").fetchall()
        assert [("y",)] == connection.execute("SELECT x FROM b").fetchall()


async def test_newer_database(tmp_path: Path) -> None:
    """A database that has seen more than this code knows is refused, and not touched."""
    path = tmp_path / "x.db"
    await opens(path, FIRST, SECOND)
    with pytest.raises(DatabaseTooNew):
        await opens(path, FIRST)
    assert 2 == len(seen(path))


async def test_changed_migration(tmp_path: Path) -> None:
    """A migration that was changed after a database saw it is refused by name."""
    path = tmp_path / "x.db"
    await opens(path, FIRST)
    with pytest.raises(Misuse, match="0001_first was changed"):
        await opens(path, Migration(1, "first", FIRST.sql + " "), SECOND)


async def test_failing_migration(tmp_path: Path) -> None:
    """A migration that fails leaves nothing behind, and those before it stand."""
    path = tmp_path / "x.db"
    await opens(path, FIRST)
    with connect(path) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, [FIRST, Migration(2, "bad", "CREATE TABLE c (x);\nINSERT INTO nowhere VALUES (1);")])
    with connect(path) as connection:
        assert ["a", "migration"] == [
            row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        ]


async def test_dangling_reference(tmp_path: Path) -> None:
    """A migration may rebuild a table that others refer to, but not leave a reference to nothing."""
    start = Migration(
        1,
        "start",
        "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p (id));\n"
        "INSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);\n",
    )
    rebuild = "CREATE TABLE q (id INTEGER PRIMARY KEY, y);\n{copy}DROP TABLE p;\nALTER TABLE q RENAME TO p;\n"
    path = tmp_path / "x.db"
    with pytest.raises(Misuse, match="0002_loses leaves a reference to nothing"):
        await opens(path, start, Migration(2, "loses", rebuild.format(copy="")))
    await opens(path, start, Migration(2, "keeps", rebuild.format(copy="INSERT INTO q (id) SELECT id FROM p;\n")))
    assert ["start", "keeps"] == [name for _, name, _ in seen(path)]


async def test_at_once(tmp_path: Path) -> None:
    """Several who migrate one new database at once take turns."""
    path = tmp_path / "x.db"
    await asyncio.gather(*(opens(path, FIRST, SECOND) for _ in range(4)))
    assert 2 == len(seen(path))
