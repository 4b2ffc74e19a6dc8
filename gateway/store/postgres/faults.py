"""PostgreSQL's errors in Teamline's words: `Unavailable` when the world stood in the way, `Misuse` when our SQL is
wrong.

Nothing here repeats what the server says beyond its code and the names of constraints: its details hold values, and
values hold message text.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from gateway.errors import Misuse, NoRoom, TeamlineError, Unavailable
from gateway.store.statement import Sql, brief

TURNS: Final = frozenset({"40P01", "40001"})
"""Deadlock and serialization failure: nothing happened, and the same again is likely to succeed."""

STALE: Final = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""A newer node has changed the schema under a prepared statement; asyncpg has forgotten it by now."""

SURELY_NOT_COMMITTED: Final = TURNS | {"40002", "23502", "23503", "23505", "23514", "23P01"}
"""What a server may say to COMMIT when nothing is left of it. After any other answer (it is being shut down, say, while
it waits for a standby) the rows may be there; 40003 even says so."""

READ_ONLY: Final = "25006"
FULL: Final = "53100"
_INTERNAL: Final = "XX"

UNAVAILABLE: Final = (
    "08",  # connection
    "25P03",  # idle in transaction for too long
    "40",
    "53",  # out of memory, disk or connections
    "55P03",  # a lock was not to be had in time
    "57",  # canceled, shut down, starting up
    "58",  # the system's own
    READ_ONLY,  # a standby was taken for the primary
    "XX001",
    "XX002",
)
"""SQLSTATE prefixes that say nothing against the statement.
https://www.postgresql.org/docs/15/errcodes-appendix.html"""

GONE: Final = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
"""What a connection that is lost, slow or being lost raises on our side. asyncpg's time-outs are TimeoutErrors."""


def code(error: BaseException | None) -> str:
    """The SQLSTATE, or "" for an error that is not the server's."""
    return getattr(error, "sqlstate", None) or ""


def is_turn(error: BaseException | None) -> bool:
    """Whether the transaction should simply be tried again."""
    return code(error) in TURNS or isinstance(error, STALE)


def is_away(error: BaseException) -> bool:
    """Whether the world stands in the way. An InterfaceError is ours (a value of the wrong type, a wrong setting),
    unless the connection is lost, which it does not say."""
    if isinstance(error, asyncpg.PostgresError):
        return code(error).startswith(UNAVAILABLE)
    return isinstance(error, GONE) and not isinstance(error, asyncpg.InterfaceError)


def fault(error: Exception, sql: str | Sql, *, is_lost: bool) -> TeamlineError:
    """What the caller of a transaction is told about a statement that failed; `is_lost` is its connection."""
    if isinstance(error, TeamlineError):
        return error
    if is_away(error) or isinstance(error, STALE) or (is_lost and isinstance(error, GONE)):
        return unavailable(error)
    if isinstance(error, asyncpg.PostgresError):
        constraint = getattr(error, "constraint_name", None)
        said = f"violates {constraint}" if constraint else type(error).__name__
        return Misuse(f"{code(error)}: {said}: {brief(sql)}")
    return Misuse(f"{type(error).__name__}: a value cannot be bound: {brief(sql)}")


def unavailable(error: BaseException) -> Unavailable:
    if code(error) == FULL:
        return NoRoom()
    name = code(error) or type(error).__name__
    return Unavailable(f"The database cannot do this now ({name}); nothing was changed. Try again in a moment.")


_WORDS: Final = {
    "28P01": "the password, or the role, is wrong",
    "28000": "the server does not let this role in from here",
    "3D000": "there is no such database",
    "25006": "it is read only: a standby, or set so",
    "42501": "the role may not do this there",
    FULL: "the server's disk is full",
    "53300": "the server has no connection left",
    "57P03": "the server is starting or stopping",
}


def words(error: BaseException) -> str:
    """Why, for whoever runs a command. What the server says itself may hold values, and is not repeated."""
    if known := _WORDS.get(code(error)):
        return known
    if code(error).startswith(_INTERNAL):  # a full disk, too, where the server had not expected one
        return f"the server had an internal error ({code(error)}); see its log"
    return (str(error) if isinstance(error, OSError) else "") or type(error).__name__


def closed(error: BaseException) -> Unavailable:
    """What whoever opens a store is told. It names no password: what the server and the system say has none, while a
    word against the URL may hold a piece of it."""
    if code(error) == FULL or code(error).startswith(_INTERNAL):
        said = words(error)
    elif isinstance(error, asyncpg.PostgresError | OSError):
        said = str(error) or type(error).__name__
    elif isinstance(error, ValueError):
        said = "its URL, or a setting in it, is not one that asyncpg understands"
    else:
        said = type(error).__name__
    return Unavailable(f"The database cannot be opened: {said}")
