"""The large database as SQLite's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from bench.history import COLUMNS, Rows
from gateway.store.migrate import migrations
from gateway.store.sqlite.migrate import migrate


def kept(folder: Path, name: str, stamp: str, steps: Iterable[Rows]) -> Path:
    """The file of this stamp, built now if it is not there; those with other stamps go."""
    path = folder / f"{name}{stamp}.db"
    if not path.exists():
        for old in folder.glob(f"{name}*"):
            old.unlink()
        draft = path.with_suffix(".draft")
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            _build(connection, steps)
        draft.rename(path)
    return path


def _build(db: sqlite3.Connection, steps: Iterable[Rows]) -> None:
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    migrate(db, migrations("sqlite"))
    db.execute("PRAGMA foreign_keys = OFF")  # rows of one step refer to each other in any order; checked at the end
    for rows in steps:
        _insert(db, rows)
    db.execute("UPDATE indexed SET last_id = (SELECT max(id) FROM message) WHERE kind = 'message'")
    db.execute("UPDATE indexed SET last_id = (SELECT max(id) FROM line) WHERE kind = 'line'")
    if db.execute("PRAGMA foreign_key_check").fetchone():
        raise SystemExit("the large database refers to rows that are not there")
    db.execute("PRAGMA journal_mode = WAL").fetchall()


def _insert(db: sqlite3.Connection, rows: Rows) -> None:
    db.execute("BEGIN")
    for table, values in rows.items():
        columns = COLUMNS[table].replace("id, words", "rowid, words")
        places = ", ".join("?" * len(columns.split(",")))
        db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)
    db.execute("COMMIT")
