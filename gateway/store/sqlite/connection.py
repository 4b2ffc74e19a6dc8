"""A SQLite connection in a thread of its own. The only place that reaches into aiosqlite.

A whole batch runs in that thread in one hop, because the hops cost more than the SQL or the sync. aiosqlite has no
public call for it; its own methods are all made of `_execute(function, ...)`, and so is `run`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

import aiosqlite

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT: Final = 0.25
"""Seconds in which SQLite itself waits for another writer; longer waits happen outside the thread."""

CACHED_STATEMENTS: Final = 512
"""More than the program has, so that none is prepared twice."""

JOURNAL_SIZE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes to which the WAL file is cut back after a checkpoint, so that one flood does not hold the disk for ever."""

CHECKPOINT_PAGES: Final = 1000
"""SQLite's own default: about 4 MB of WAL between checkpoints, each a few milliseconds of the writer's time."""

WATCH_EVERY: Final = 10_000
"""Virtual machine steps between two looks at the clock: under a millisecond, and more than a short statement takes."""

FOREVER: Final = float("inf")


class Watch:
    """A progress handler that stops a statement which runs past `until` (monotonic seconds)."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = FOREVER

    def __call__(self) -> int:
        return monotonic() > self.until


class Connection(aiosqlite.Connection):
    """Opened with `await Connection.open(...)`, ended with `await connection.close()`; transactions are explicit."""

    watch: Watch

    @classmethod
    async def open(cls, path: Path) -> Connection:
        """Raises sqlite3.Error when the file cannot be opened."""

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                path, timeout=BUSY_TIMEOUT, isolation_level=None, cached_statements=CACHED_STATEMENTS
            )

        connection = cls(connect, iter_chunk_size=64)
        connection.watch = Watch()
        await connection  # type: ignore[unused-awaitable]  # starts the thread
        await connection.run(_prepare, connection.watch)
        return connection

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `function` in the thread, with the plain connection. It runs to its end even if this is cancelled."""
        return cast("T", await self._execute(function, self._conn, *args, **kwargs))  # type: ignore[no-untyped-call]


def _prepare(connection: sqlite3.Connection, watch: Watch) -> None:
    connection.row_factory = sqlite3.Row
    connection.set_progress_handler(watch, WATCH_EVERY)
    connection.create_function("db_now", 0, _now)  # as PostgreSQL's schema has it


def _now() -> int:
    return time.time_ns() // 1000


def for_writing(connection: sqlite3.Connection, *, checkpoints: bool) -> None:
    """Only the serving process checkpoints, so that a short command never holds everyone up with it."""
    _pragmas(
        connection,
        (
            "journal_mode = WAL",
            "synchronous = FULL",  # in WAL mode NORMAL may lose the last commits to a power cut
            "foreign_keys = ON",
            f"journal_size_limit = {JOURNAL_SIZE_LIMIT}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES if checkpoints else 0}",
        ),
    )


def for_reading(connection: sqlite3.Connection) -> None:
    _pragmas(connection, ("query_only = ON", "wal_autocheckpoint = 0"))


def _pragmas(connection: sqlite3.Connection, settings: Iterable[str]) -> None:
    for setting in settings:
        connection.execute(f"PRAGMA {setting}").fetchall()
