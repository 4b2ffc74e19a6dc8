"""A transaction on SQLite, as an action or a query sees it, inside the connection's thread.

Every call answers at once, so that the coroutine of an action never suspends: `settle` refuses one that does. The first
error dooms the transaction: what comes after raises the same, and its end is that error even if the action hid it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, TypeVar, cast

from gateway.errors import Misuse, TeamlineError
from gateway.store.books import Event, Signature
from gateway.store.sides import Buffers, ReadsOnly
from gateway.store.sqlite.connection import FOREVER, Watch
from gateway.store.sqlite.faults import code, fault
from gateway.store.statement import Sql, for_sqlite
from gateway.store.store import Row, Value

T = TypeVar("T")

STATEMENT_TIME: Final = 0.25
"""Seconds after which a writing transaction's statement is stopped: everybody waits behind it."""


class _Statements:
    """What reading and writing share."""

    __slots__ = ("_connection", "_is_over", "_watch", "fault")

    def __init__(self, connection: sqlite3.Connection, watch: Watch) -> None:
        self._connection = connection
        self._watch = watch
        self.fault: TeamlineError | None = None
        """What doomed it."""
        self._is_over = False

    async def one(self, sql: str | Sql, *values: Value) -> Row | None:
        return self._perform(sql, values, _first)

    async def all(self, sql: str | Sql, *values: Value) -> Sequence[Row]:
        return self._perform(sql, values, _everything)

    def end(self) -> None:
        """After this an action that kept its transaction finds it closed."""
        self._is_over = True

    def _perform(self, sql: str | Sql, values: tuple[Value, ...], take: Callable[[sqlite3.Cursor], T]) -> T:
        if self._is_over:
            self.fault = self.fault or Misuse("this transaction is over")
        if self.fault is not None:
            raise self.fault
        try:
            text = for_sqlite(sql)
            self._limit()
            return take(self._connection.execute(text, values))
        except Exception as error:  # noqa: BLE001  a value that cannot be bound raises whatever it likes
            self.fault = self._told(error, sql)
            raise self.fault from None
        finally:
            self._watch.until = FOREVER

    def _limit(self) -> None:
        raise NotImplementedError

    def _told(self, error: Exception, sql: str | Sql) -> TeamlineError:
        return fault(error, sql)


class Transaction(Buffers, _Statements):
    """A writing transaction; events and signatures are buffered for `close_books`."""

    __slots__ = ("events", "signatures")

    def __init__(self, connection: sqlite3.Connection, watch: Watch) -> None:
        super().__init__(connection, watch)
        self.events: list[Event] = []
        self.signatures: list[Signature] = []

    async def run(self, sql: str | Sql, *values: Value) -> int:
        return self._perform(sql, values, self._changed)

    def _changed(self, cursor: sqlite3.Cursor) -> int:
        if cursor.rowcount >= 0:
            return cursor.rowcount
        # Python counts the rows only of a statement that begins with its verb, not of WITH ... UPDATE.
        return cast("int", self._connection.execute("SELECT changes()").fetchone()[0])

    def _limit(self) -> None:
        self._watch.until = monotonic() + STATEMENT_TIME


class Snapshot(ReadsOnly, _Statements):
    """A reading transaction with one deadline for all its statements (monotonic seconds)."""

    __slots__ = ("_deadline",)

    def __init__(self, connection: sqlite3.Connection, watch: Watch, deadline: float) -> None:
        super().__init__(connection, watch)
        self._deadline = deadline

    def _limit(self) -> None:
        self._watch.until = self._deadline

    def _told(self, error: Exception, sql: str | Sql) -> TeamlineError:
        return self._refused() if code(error) == sqlite3.SQLITE_READONLY else fault(error, sql)


def settle(tx: _Statements, name: str, work: Coroutine[Any, Any, T]) -> T:
    """Drive a transaction's coroutine to its end and give its result, or raise what doomed it, or what it raised."""
    try:
        value = _drive(tx, name, work)
    except BaseException:
        if tx.fault is not None:
            raise tx.fault from None  # whatever the action made of it
        raise
    if tx.fault is not None:
        raise tx.fault
    tx.end()
    return value


def _drive(tx: _Statements, name: str, work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    tx.fault = Misuse(f"{name} awaited something other than its transaction")
    with suppress(Exception):
        work.close()  # its `finally` blocks find the transaction doomed
    raise tx.fault


def _first(cursor: sqlite3.Cursor) -> Row | None:
    row: sqlite3.Row | None = cursor.fetchone()
    cursor.close()  # an unfinished cursor would hold its snapshot, and the WAL would grow behind it
    return row


def _everything(cursor: sqlite3.Cursor) -> Sequence[Row]:
    return cursor.fetchall()
