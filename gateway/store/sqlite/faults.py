"""SQLite's errors in Teamline's words: `Unavailable` when the world stood in the way, `Misuse` when our SQL is wrong.

What SQLite says names tables and columns, never values; nothing here repeats a value, since they hold message text.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from gateway.errors import Misuse, NoRoom, TeamlineError, Unavailable
from gateway.store.statement import Sql, brief

BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

UNAVAILABLE: Final = BUSY | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
"""Primary result codes that say nothing against the statement. https://www.sqlite.org/rescode.html"""

SURELY_NOT_COMMITTED: Final = BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CONSTRAINT}
"""Codes of a COMMIT that left nothing behind. After any other (a failed sync, above all) the row may be there when the
file is opened again, although no reader has seen it."""


def code(error: BaseException) -> int:
    """The primary result code, or 0 for an error that is not SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def name(error: BaseException) -> str:
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def fault(error: Exception, sql: str | Sql) -> TeamlineError:
    """What the caller of a transaction is told about a statement that failed."""
    if isinstance(error, TeamlineError):
        return error
    if code(error) in UNAVAILABLE:
        return unavailable(error)
    said = str(error) if isinstance(error, sqlite3.Error) else "a value cannot be bound"
    return Misuse(f"{name(error)}: {said}: {brief(sql)}")


def unavailable(error: Exception) -> Unavailable:
    if code(error) == sqlite3.SQLITE_FULL:
        return NoRoom()
    return Unavailable(f"The database cannot do this now ({name(error)}); nothing was changed. Try again in a moment.")
