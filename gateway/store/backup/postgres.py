"""PostgreSQL's half: one read-only transaction that sees one moment, and one that brings everything or nothing.

The only place beside `gateway.store.postgres` that knows asyncpg. `pg_dump` is not needed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import asyncpg

from gateway.errors import Conflict, Invalid, Unavailable
from gateway.store.backup.layout import LEFT_OUT, Table, layout, newest
from gateway.store.backup.rows import AT_ONCE, Rows
from gateway.store.backup.sqlite import refuse_full
from gateway.store.books import close_books
from gateway.store.migrate import migrations
from gateway.store.postgres import faults, pools
from gateway.store.postgres.migrate import LOCK, migrate
from gateway.store.postgres.transaction import Transaction
from gateway.store.store import Tx

P = ParamSpec("P")
T = TypeVar("T")

_NAMED: Final = """SELECT hash FROM attachment WHERE hash IS NOT NULL
  UNION SELECT thumb_hash FROM attachment WHERE thumb_hash IS NOT NULL ORDER BY 1"""
_PATIENT: Final = """SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0"""


@asynccontextmanager
async def source(dsn: str) -> AsyncIterator[PostgresSource]:
    """The database as it is now, whatever is written while it is read. Raises Unavailable."""
    with _told("the database cannot be read"):
        async with _connected(dsn) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_PATIENT)
            yield PostgresSource(connection)


class PostgresSource:
    """A `gateway.store.backup.rows.Source`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, table: Table) -> AsyncIterator[Rows]:
        """See `Source.rows`."""
        cursor = await self._connection.cursor(table.selecting)
        while records := await cursor.fetch(AT_ONCE):
            yield [tuple(record) for record in records]

    async def count(self, table: Table) -> int:
        """See `Source.count`."""
        return int(await self._connection.fetchval(table.counting))

    async def files(self) -> list[str]:
        """See `Source.files`."""
        return [record[0] for record in await self._connection.fetch(_NAMED)]


@asynccontextmanager
async def target(dsn: str, version: int, name: str) -> AsyncIterator[PostgresTarget]:
    """An empty database with the schema of this version, which is `publish`ed or as it was afterwards. A node that
    starts meanwhile waits. `name` is shown. Raises Conflict where something is there already, Invalid and Unavailable.
    """
    with _told("the database cannot be written"):
        async with _connected(dsn) as connection:
            work = connection.transaction()
            await work.start()
            try:
                await connection.execute(_PATIENT)
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                await _refuse_rows(connection, version, name)
                await migrate(connection, migrations("postgres")[:version])
                made = PostgresTarget(connection, work)
                yield made
            finally:
                if connection.is_in_transaction():
                    connection.terminate()  # the server forgets all of it


class PostgresTarget(PostgresSource):
    """A `gateway.store.backup.rows.Target`: one transaction, which may be read from as well."""

    def __init__(self, connection: asyncpg.Connection, work: Any) -> None:
        super().__init__(connection)
        self._work = work

    async def add(self, table: Table, rows: Rows) -> None:
        """See `Target.add`."""
        try:
            await self._connection.copy_records_to_table(table.name, records=rows, columns=list(table.columns))
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:  # its words hold values
            raise Invalid(f"a row of {table.name} does not fit PostgreSQL ({type(error).__name__})") from None

    async def migrate(self) -> None:
        """See `Target.migrate`."""
        await migrate(self._connection, migrations("postgres"))

    async def run(self, action: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Target.run`."""
        tx = Transaction(self._connection)

        value = await action(tx, *args, **kwargs)
        await close_books(tx, tx.events, tx.signatures)
        return value

    async def publish(self) -> None:
        """See `Target.publish`. New rows get new numbers."""
        for table in layout(newest()["sqlite"]):
            if table.key == ("id",) and table.columns["id"] == "INTEGER":
                await self._connection.execute(
                    f"""SELECT setval(pg_get_serial_sequence('"{table.name}"', 'id'), max(id)) FROM "{table.name}" """  # noqa: S608
                )
        await self._work.commit()
        with suppress(*faults.GONE, asyncpg.PostgresError):
            await self._connection.execute("ANALYZE")  # else the first questions are planned for an empty database


async def _refuse_rows(connection: asyncpg.Connection, version: int, name: str) -> None:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    names = [record[0] for record in await connection.fetch(tables)]
    if names and "migration" not in names:
        raise Conflict(f"{name} has tables of something else ({', '.join(names[:5])}). Name a database of its own")
    ours = [name for name in names if name not in LEFT_OUT]
    counts = {one: await connection.fetchval(f'SELECT count(*) FROM "{one}"') for one in ours}  # noqa: S608
    refuse_full(name, counts)
    if names and await connection.fetchval("SELECT max(version) FROM migration") > version:
        raise Conflict(f"{name} has the tables of a newer Teamline already. Name a database without tables")


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await pools.connect(dsn, command_seconds=None)
    try:
        yield connection
    finally:
        await pools.hang_up(connection)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the server says in general; its details, which hold values, are never repeated."""
    try:
        yield
    except (*faults.GONE, asyncpg.PostgresError) as error:
        raise Unavailable(f"{what}: {faults.words(error)}") from None
