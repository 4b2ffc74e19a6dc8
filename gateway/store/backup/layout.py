"""The tables that are carried, with their columns, as every engine has them at one version of the schema.

Read from SQLite's migrations, so that a new table is carried from its first day. Left out is what a database makes by
itself: the words for search (they are indexed anew), the jobs that are due, and what is true for some seconds only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import Any, Final

from gateway.store.migrate import migrations
from gateway.store.sqlite.migrate import migrate

LEFT_OUT: Final = frozenset(
    {
        *("migration", "indexed", "unindexed", "message_words", "customer_words"),
        *("job", "node", "presence", "pace"),
    }
)
"""On either engine."""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are names -> INTEGER, TEXT, BLOB or REAL; rows are in the order of `key`, byte by byte for text."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]

    @property
    def blobs(self) -> tuple[int, ...]:
        """Places of the columns with bytes."""
        return tuple(place for place, kind in enumerate(self.columns.values()) if kind == "BLOB")

    @property
    def selecting(self) -> str:
        """All of it, in order, on either engine."""
        return f'SELECT {_listed(self.columns)} FROM "{self.name}" ORDER BY {_listed(self.key)}'  # noqa: S608  our names

    @property
    def inserting(self) -> str:
        """One row, for SQLite."""
        places = ", ".join("?" * len(self.columns))
        return f'INSERT INTO "{self.name}" ({_listed(self.columns)}) VALUES ({places})'  # noqa: S608

    @property
    def counting(self) -> str:
        return f'SELECT count(*) FROM "{self.name}"'  # noqa: S608


@lru_cache(maxsize=4)
def layout(version: int) -> tuple[Table, ...]:
    """Of SQLite's schema at this version; a table comes after those that it refers to."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db, migrations("sqlite")[:version])
        tables = {name: _table(db, name) for name in _names(db)}
        parents = {name: sorted({row[2] for row in _asked(db, "foreign_key_list", name)} - {name}) for name in tables}
    return tuple(tables[name] for name in TopologicalSorter(parents).static_order())


def newest() -> dict[str, int]:
    """The schema's version on each engine: every command that opens a database brings it there first."""
    return {"sqlite": len(migrations("sqlite")), "postgres": len(migrations("postgres"))}


def _names(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name")
    return [name for (name,) in rows if name not in LEFT_OUT and not name.startswith("sqlite_")]


def _table(db: sqlite3.Connection, name: str) -> Table:
    facts = list(_asked(db, "table_info", name))  # (place, name, type, not null, default, place in the key)
    key = sorted((row[5], row[1]) for row in facts if row[5])
    columns = {row[1]: row[2] for row in facts}
    return Table(name, columns, tuple(column for _, column in key) or tuple(columns))


def _asked(db: sqlite3.Connection, pragma: str, table: str) -> Iterator[Any]:
    yield from db.execute(f'PRAGMA {pragma}("{table}")')


def _listed(columns: Any) -> str:
    return ", ".join(f'"{column}"' for column in columns)
