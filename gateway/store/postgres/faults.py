"""PostgreSQL's errors in Teamline's words: `Unavailable` when the world stood in the way, `Misuse` when our SQL is
wrong.

Nothing here repeats what the server says beyond its code and the names of constraints: its details hold values, and
values hold message text.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from gateway.errors import Misuse, TeamlineError, Unavailable
from gateway.store.statement import Sql, brief

TURNS: Final = frozenset({"40P01", "40001"})
"""Deadlock and serialization failure: nothing happened, and the same again is likely to succeed."""

UNAVAILABLE: Final = (
    "08",  # connection
    "25P03",  # idle in transaction for too long
    "40",
    "53",  # out of memory, disk or connections
    "55P03",  # a lock was not to be had in time
    "57",  # canceled, shut down, starting up
    "58",  # the system's own
    "25006",  # read only: a standby was taken for the primary
    "XX001",
    "XX002",
)
"""SQLSTATE prefixes that say nothing against the statement.
https://www.postgresql.org/docs/15/errcodes-appendix.html"""

GONE: Final = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
"""What a connection that is lost, slow or being lost raises on our side. asyncpg's time-outs are TimeoutErrors."""


def code(error: BaseException) -> str:
    """The SQLSTATE, or "" for an error that is not the server's."""
    return getattr(error, "sqlstate", None) or ""


def is_away(error: BaseException) -> bool:
    """Whether it says nothing against the statement. A value of the wrong type is an InterfaceError too, and ours."""
    if isinstance(error, asyncpg.DataError | asyncpg.exceptions._base.UnsupportedClientFeatureError):  # noqa: SLF001
        return False
    return isinstance(error, GONE) or code(error).startswith(UNAVAILABLE)


def fault(error: Exception, sql: str | Sql) -> TeamlineError:
    """What the caller of a transaction is told about a statement that failed."""
    if isinstance(error, TeamlineError):
        return error
    if is_away(error):
        return unavailable(error)
    if isinstance(error, asyncpg.PostgresError):
        constraint = getattr(error, "constraint_name", None)
        said = f"violates {constraint}" if constraint else type(error).__name__
        return Misuse(f"{code(error)}: {said}: {brief(sql)}")
    return Misuse(f"{type(error).__name__}: a value cannot be bound: {brief(sql)}")


def unavailable(error: BaseException) -> Unavailable:
    name = code(error) or type(error).__name__
    return Unavailable(f"The database cannot do this now ({name}); nothing was changed. Try again in a moment.")
