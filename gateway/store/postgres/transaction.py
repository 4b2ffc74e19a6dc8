"""A transaction on PostgreSQL, as an action or a query sees it: each call is a round trip on one connection.

The first error dooms it: what comes after raises the same, and its end is that error even if the action hid it. An
action that awaits anything but its transaction is refused, since it would hold locks while it waits for the world, and
could not run on SQLite at all.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from contextvars import Context
from types import coroutine
from typing import Any, Final, TypeVar

from asyncpg import Connection, PostgresError

from gateway.errors import Misuse, OutcomeUnknown, TeamlineError
from gateway.store.books import Event, Signature
from gateway.store.postgres.faults import GONE, READ_ONLY, SURELY_NOT_COMMITTED, code, fault, unavailable
from gateway.store.sides import Buffers, ReadsOnly
from gateway.store.statement import Sql, for_postgres
from gateway.store.store import Row, Value

T = TypeVar("T")

_NOTHING: Final = frozenset({"UPDATE 0", "DELETE 0", "INSERT 0 0", "SELECT 0"})
"""What the server says of a statement that changed nothing."""


class _Statements:
    """What reading and writing share."""

    __slots__ = ("_connection", "_is_over", "cause", "fault", "under_way", "wrote")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_over = False
        self.fault: TeamlineError | None = None
        """What doomed it."""
        self.cause: Exception | None = None
        """The server's own error behind that."""
        self.under_way = False
        """Whether a call waits for the server: the only thing that an action may wait for."""
        self.wrote = False
        """Whether a statement has changed anything."""

    async def one(self, sql: str | Sql, *values: Value) -> Row | None:
        row: Row | None = await self._perform(sql, values, self._connection.fetchrow)
        return row

    async def all(self, sql: str | Sql, *values: Value) -> Sequence[Row]:
        rows: Sequence[Row] = await self._perform(sql, values, self._connection.fetch)
        return rows

    def end(self) -> None:
        """After this an action that kept its transaction finds it closed."""
        self._is_over = True

    async def _perform(
        self, sql: str | Sql, values: tuple[Value, ...], call: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Any:
        if self.under_way or self._is_over:
            self.fault = self.fault or Misuse("this transaction is over, or has a statement under way")
        if self.fault is not None:
            raise self.fault
        self.under_way = True
        try:
            said = for_postgres(sql)
            result = await call(said.text, *values)
        except Exception as error:  # noqa: BLE001  a value that cannot be bound raises whatever it likes
            self.cause = error
            self.fault = self._told(error, sql)
            raise self.fault from None
        finally:
            self.under_way = False
        if said.writes and result and not (isinstance(result, str) and result in _NOTHING):
            self.wrote = True
        return result

    def _told(self, error: Exception, sql: str | Sql) -> TeamlineError:
        return fault(error, sql, is_lost=self._connection.is_closed())


class Transaction(Buffers, _Statements):
    """A writing transaction; events and signatures are buffered for `close_books`."""

    __slots__ = ("events", "signatures")

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.events: list[Event] = []
        self.signatures: list[Signature] = []

    async def begin(self) -> None:
        """Raises Unavailable."""
        try:
            await self._connection.execute("BEGIN")
        except (*GONE, PostgresError) as error:
            self._connection.terminate()
            raise unavailable(error) from None

    async def commit(self) -> None:
        """Raises Unavailable where nothing is left of it, and OutcomeUnknown where the server has not said so."""
        try:
            said = await self._connection.execute("COMMIT")
        except (*GONE, PostgresError) as error:
            self.cause = error
            if code(error) in SURELY_NOT_COMMITTED:
                raise unavailable(error) from None
            self._connection.terminate()
            raise OutcomeUnknown from None
        if said != "COMMIT":
            raise Misuse("a transaction that had failed was committed")

    async def run(self, sql: str | Sql, *values: Value) -> int:
        if isinstance(sql, Sql) and not sql.postgres and self.fault is None:
            return 0
        status: str = await self._perform(sql, values, self._connection.execute)
        count = status.rpartition(" ")[2]  # "UPDATE 3", "INSERT 0 1", "SELECT 1"
        return int(count) if count.isdigit() else 0


class Snapshot(ReadsOnly, _Statements):
    """A reading transaction."""

    __slots__ = ()

    def _told(self, error: Exception, sql: str | Sql) -> TeamlineError:
        return self._refused() if code(error) == READ_ONLY else super()._told(error, sql)


async def settle(tx: _Statements, name: str, context: Context, work: Coroutine[Any, Any, T]) -> T:
    """Await a transaction's coroutine to its end, in its caller's context, and give its result, or raise what doomed
    it, or what it raised. A task that is canceled meanwhile stays so."""
    try:
        value = await _guarded(tx, name, context, work)
    except Exception:
        if tx.fault is not None:
            raise tx.fault from None  # whatever the action made of it
        raise
    finally:
        tx.end()
    if tx.fault is not None:
        raise tx.fault
    return value


@coroutine
def _guarded(tx: _Statements, name: str, context: Context, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Pass on what the coroutine waits for while a statement is under way, and nothing else."""
    thrown: BaseException | None = None
    while True:
        try:
            waited_for = context.run(work.send, None) if thrown is None else context.run(work.throw, thrown)
        except StopIteration as end:
            value: T = end.value
            return value
        except Exception:
            raise
        except BaseException as error:
            if thrown is not None:
                raise  # the task is canceled, and the action with it
            raise Misuse(f"{name} raised {type(error).__name__}") from None  # it would end more than the action
        if not tx.under_way:
            tx.fault = Misuse(f"{name} awaited something other than its transaction")
            with suppress(Exception):
                context.run(work.close)  # its `finally` blocks find the transaction doomed
            raise tx.fault
        thrown = None
        try:
            yield waited_for
        except BaseException as error:  # noqa: BLE001  handed on to where it belongs
            thrown = error
