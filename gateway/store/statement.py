"""What a statement may be, and how each engine says it. Refuses whatever one engine would take and the other would not,
or would take to mean something else. A statement once looked at costs nothing.

Statements are written once, in what both engines understand. Where that cannot be, both texts stand side by side in one
`Sql`, with the same placeholders. Locking clauses (FOR UPDATE ...) are PostgreSQL's: on SQLite there is one writer,
which holds everything, and they are left out. `db_now()` is the database's own clock, in microseconds since 1970.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.errors import Misuse

VERBS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
"""No BEGIN, PRAGMA or CREATE: transactions are the engine's, the schema is the migrations'."""

CACHED: Final = 1024
"""More than the program has statements; bounded all the same."""

_FIRST_WORD = re.compile(r"\s*([A-Za-z]+)")
_PLACEHOLDER = re.compile(r"\?(\d+)")
_LOCKING = re.compile(r"\s+FOR\s+(NO\s+KEY\s+)?UPDATE(\s+OF\s+\w+)?(\s+SKIP\s+LOCKED)?\b")
_REFUSED: Final = (
    (re.compile(r"\bOR\s+(ROLLBACK|ABORT|FAIL|IGNORE|REPLACE)\b", re.IGNORECASE), "decide conflicts with ON CONFLICT"),
    (re.compile(r"(\bSELECT\s+|\bRETURNING\s+|,\s*|\w\.)\*", re.IGNORECASE), "name the columns"),
    (re.compile(";"), "one statement at a time, without a semicolon"),
    (re.compile(r"\?(?!\d)|[:@$]\d"), "write placeholders as ?1, ?2"),
)


class Sql(NamedTuple):
    """One statement in both engines' words; on PostgreSQL "" where the one before has done it already, which saves
    a round trip."""

    sqlite: str
    postgres: str


class PostgresText(NamedTuple):
    """A statement as PostgreSQL gets it."""

    text: str
    writes: bool


@lru_cache(maxsize=CACHED)
def for_sqlite(statement: str | Sql) -> str:
    """Raises Misuse for a statement that a transaction may not make."""
    sql = statement if isinstance(statement, str) else statement.sqlite
    _check(sql)
    return _LOCKING.sub("", sql)


@lru_cache(maxsize=CACHED)
def for_postgres(statement: str | Sql) -> PostgresText:
    """With $1 for ?1. Raises Misuse as above."""
    pair = Sql(statement, statement) if isinstance(statement, str) else statement
    if not pair.postgres:
        return PostgresText("", writes=False)
    verb = _check(pair.postgres)
    return PostgresText(_PLACEHOLDER.sub(r"$\1", pair.postgres), verb != "SELECT")


def _check(sql: str) -> str:
    """The statement's verb."""
    first = _FIRST_WORD.match(sql)
    if first is None or (verb := first[1].upper()) not in VERBS:
        raise Misuse(f"a transaction takes {', '.join(sorted(VERBS))} only: {brief(sql)}")
    for pattern, remedy in _REFUSED:
        if pattern.search(sql):
            raise Misuse(f"{remedy}: {brief(sql)}")
    return verb


def brief(statement: str | Sql) -> str:
    """A statement on one line, for an error; values are never part of its text."""
    sql = statement if isinstance(statement, str) else statement.postgres
    return " ".join(sql.split())[:200]
