"""SQLite's half: a snapshot that a serving process does not feel, and a new file that is in its place only when it is
whole."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from gateway.errors import Conflict, Invalid, Unavailable
from gateway.store.backup.layout import LEFT_OUT, Table
from gateway.store.backup.rows import AT_ONCE, Rows
from gateway.store.books import close_books
from gateway.store.migrate import migrations
from gateway.store.sqlite.connection import Connection
from gateway.store.sqlite.migrate import migrate
from gateway.store.sqlite.transaction import Transaction, settle
from gateway.store.store import Tx

P = ParamSpec("P")
T = TypeVar("T")

_NAMED: Final = """SELECT hash FROM attachment WHERE hash IS NOT NULL
  UNION SELECT thumb_hash FROM attachment WHERE thumb_hash IS NOT NULL ORDER BY 1"""
_QUICK: Final = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536", "foreign_keys = OFF")
"""For a file that nobody sees before it is whole and synced. References are looked at once, at the end."""


@asynccontextmanager
async def snapshot(database: Path, beside: Path) -> AsyncIterator[SqliteSource]:
    """The database as it is now, in a copy that goes afterwards: whoever serves it waits for nobody, and the log of its
    writes does not grow for as long as the rows are read. Raises Unavailable."""
    copy = beside.with_name(f"{beside.name}.snapshot")
    try:
        with _told(f"the database {database} cannot be copied to {copy}"):
            copy.unlink(missing_ok=True)  # of a backup that was killed
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            async with _opened(database) as connection:
                await _interruptible(connection, _vacuum, str(copy))
        async with source(copy) as opened:
            yield opened
    finally:
        copy.unlink(missing_ok=True)


@asynccontextmanager
async def source(database: Path) -> AsyncIterator[SqliteSource]:
    """A database that nobody writes to meanwhile. Raises Unavailable."""
    with _told(f"the database {database} cannot be read"):
        async with _opened(database) as connection:
            yield SqliteSource(connection)


class SqliteSource:
    """A `gateway.store.backup.rows.Source`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, table: Table) -> AsyncIterator[Rows]:
        """See `Source.rows`."""
        cursor = await self._connection.run(_select, table.selecting)
        while rows := await self._connection.run(lambda _: cursor.fetchmany(AT_ONCE)):
            yield rows

    async def count(self, table: Table) -> int:
        """See `Source.count`."""
        cursor = await self._connection.run(_select, table.counting)
        return int((await self._connection.run(lambda _: cursor.fetchone()))[0])

    async def files(self) -> list[str]:
        """See `Source.files`."""
        cursor = await self._connection.run(_select, _NAMED)
        return [hash_ for (hash_,) in await self._connection.run(lambda _: cursor.fetchall())]


@asynccontextmanager
async def target(database: Path, version: int) -> AsyncIterator[SqliteTarget]:
    """An empty database with the schema of this version, which is `publish`ed or gone afterwards. The caller holds the
    lock of who serves it. Raises Conflict where something is there already, and Unavailable."""
    _refuse_rows(database)
    draft = database.with_name(f"{database.name}.restoring")
    try:
        with _told(f"the database {database} cannot be written"):
            database.parent.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)  # of a restore that was killed
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            async with _opened(draft) as connection:
                await connection.run(_begin, version)
                yield SqliteTarget(connection, draft, database)
    finally:
        draft.unlink(missing_ok=True)


class SqliteTarget:
    """A `gateway.store.backup.rows.Target`: a file beside the database's, in one transaction."""

    def __init__(self, connection: Connection, draft: Path, database: Path) -> None:
        self._connection, self._draft, self._database = connection, draft, database

    async def add(self, table: Table, rows: Rows) -> None:
        """See `Target.add`."""
        await self._connection.run(_insert, table.inserting, rows)

    async def migrate(self) -> None:
        """See `Target.migrate`."""
        await _interruptible(self._connection, _migrate)

    async def run(self, action: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Target.run`."""
        return await self._connection.run(_act, self._connection.watch, lambda tx: action(tx, *args, **kwargs))

    async def publish(self) -> None:
        """See `Target.publish`. It is synced, then put in its place."""
        await self._connection.run(_commit)
        await self._connection.close()
        _sync(self._draft)
        for left in ("-wal", "-shm"):  # of the empty database that was there
            self._database.with_name(self._database.name + left).unlink(missing_ok=True)
        self._draft.replace(self._database)
        _sync(self._database.parent)


def _refuse_rows(database: Path) -> None:
    if not database.exists() or not database.stat().st_size:
        return
    with (
        _told(f"{database} is there already, and cannot be looked into"),
        closing(sqlite3.connect(database, timeout=5)) as db,
    ):
        names = db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
        tables = sorted(name for (name,) in names if name not in LEFT_OUT and not name.startswith("sqlite_"))
        counts = {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608
    refuse_full(str(database), counts)


def refuse_full(name: str, counts: dict[str, int]) -> None:
    """Raises Conflict for a database that holds something."""
    if full := [f"{table}: {count:,}" for table, count in counts.items() if count]:
        raise Conflict(f"{name} is not empty (rows in {', '.join(full)}). Name another database, or move this one away")


def _begin(db: sqlite3.Connection, version: int) -> None:
    for setting in _QUICK:
        db.execute(f"PRAGMA {setting}").fetchall()
    migrate(db, migrations("sqlite")[:version])
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN")


def _insert(db: sqlite3.Connection, sql: str, rows: Rows) -> None:
    db.executemany(sql, rows)


def _act(db: sqlite3.Connection, watch: Any, action: Callable[[Tx], Awaitable[T]]) -> T:
    tx = Transaction(db, watch)

    async def whole() -> T:
        value = await action(tx)
        await close_books(tx, tx.events, tx.signatures)
        return value

    return settle(tx, "restore", whole())


def _commit(db: sqlite3.Connection) -> None:
    db.execute("COMMIT")


def _migrate(db: sqlite3.Connection) -> None:
    db.execute("COMMIT")
    migrate(db, migrations("sqlite"))
    db.execute("BEGIN")
    if (row := db.execute("PRAGMA foreign_key_check").fetchone()) is not None:
        raise Invalid(f"a row of {row[0]} refers to one of {row[2]} that is not there")


def _select(db: sqlite3.Connection, sql: str) -> sqlite3.Cursor:
    cursor = db.execute(sql)
    cursor.row_factory = None
    return cursor


def _vacuum(db: sqlite3.Connection, into: str) -> None:
    db.execute("VACUUM INTO ?", (into,))


async def _interruptible(connection: Connection, work: Callable[..., T], *args: Any) -> T:
    """What may take a while, and is to end with Ctrl-C."""
    task = asyncio.ensure_future(connection.run(work, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await connection.interrupt()
        await asyncio.wait((task,))
        task.exception()  # it was interrupted: nobody asks what it says of that
        raise


@asynccontextmanager
async def _opened(database: Path) -> AsyncIterator[Connection]:
    connection = await Connection.open(database)
    try:
        yield connection
    finally:
        await connection.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the disk and SQLite say, in one line; neither repeats what is in the rows."""
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(f"{what}: {error}") from None
    except OSError as error:
        full = " Make room, or choose another disk." if error.errno == errno.ENOSPC else ""
        raise Unavailable(f"{what}: {error.strerror or error}.{full}") from None
