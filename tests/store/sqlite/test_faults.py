"""What a disk and a neighbor can do to SQLite: nothing acknowledged is lost, and service resumes by itself."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.errors import NoRoom, OutcomeUnknown, Unavailable
from gateway.store.doorbell import Doorbell
from gateway.store.sqlite import batch, open_sqlite, writer
from gateway.store.store import Store, Tx
from tests.store.marks import ENDLESS, INSERT, Held, mark, marks

BULK = "x" * 1_000_000


class Fatal:
    """Notes that the process would have ended."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        self.called.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "teamline.db"


@pytest.fixture
def fatal() -> Fatal:
    return Fatal()


@pytest.fixture
async def store(path: Path, fatal: Fatal) -> AsyncIterator[Store]:
    store = await open_sqlite(path, doorbell=Doorbell(), on_fatal=fatal)
    yield store
    await store.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another writer holds the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def pragma(store: Store, setting: str) -> Any:
    def ask(connection: sqlite3.Connection) -> Any:
        return connection.execute(f"PRAGMA {setting}").fetchone()[0]

    return await store._writer._connection.run(ask)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: a real write error, as a failing disk gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_locked_for_a_moment(store: Store, path: Path) -> None:
    """A write waits for another process that holds the database, and the event loop runs on meanwhile."""
    with locked(path):
        write = asyncio.create_task(store.write(mark, "a"))
        while not store.stats().retries:  # noqa: ASYNC110  a plain counter
            await asyncio.sleep(0.01)
    assert "a" == await write


async def test_locked_for_long(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits too long for a locked database is told so, nothing of theirs stays, and service resumes."""
    monkeypatch.setattr(writer, "BUSY_PATIENCE", 0.3)
    with locked(path):
        results = await asyncio.gather(*(store.write(mark, "no") for _ in range(3)), return_exceptions=True)
        assert [] == await store.read(marks)
    assert [Unavailable] * 3 == [type(result) for result in results]
    assert "yes" == await store.write(mark, "yes")
    assert ["yes"] == await store.read(marks)


async def test_close_while_locked(path: Path) -> None:
    """Closing does not wait for whoever holds the database, and everyone gets an answer."""
    store = await open_sqlite(path, doorbell=Doorbell())
    with locked(path):
        write = asyncio.create_task(store.write(mark, "no"))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(Unavailable):
            await write


async def test_full_in_an_action(store: Store) -> None:
    """A disk that fills up in one action undoes a batch, and those whose writes still fit are accepted all the same."""
    await store.write(mark, "a")
    limit = await pragma(store, f"max_page_count = {await pragma(store, 'page_count')}")

    async def rename(tx: Tx, name: str) -> int:
        return await tx.run("UPDATE attempt SET at = at + 1 WHERE subject = ?1", name)

    results = await asyncio.gather(
        store.write(rename, "a"), store.write(mark, BULK), store.write(rename, "a"), return_exceptions=True
    )
    assert [int, NoRoom, int] == [type(result) for result in results]
    assert 0 <= monotonic() - store.stats().full_at < 60
    await pragma(store, f"max_page_count = {limit * 1000}")
    await store.write(mark, BULK)
    assert {"a", BULK} == set(await store.read(marks))

    async def times(tx: Tx) -> list[int]:
        return [row["at"] for row in await tx.all("SELECT at FROM attempt ORDER BY at")]

    assert [0, 2] == await store.read(times)


async def test_full_at_commit(store: Store, fatal: Fatal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up at COMMIT refuses the whole batch, nothing of it stays, and service resumes."""

    def full(connection: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(batch, "_commit", full)
        results = await asyncio.gather(store.write(mark, "a"), store.write(mark, "b"), return_exceptions=True)
    assert [NoRoom] * 2 == [type(result) for result in results]
    assert "c" == await store.write(mark, "c")
    assert (["c"], 0) == (await store.read(marks), fatal.calls)


async def test_write_error_at_commit(path: Path, fatal: Fatal) -> None:
    """After a COMMIT that failed in writing nobody is told it did not happen, nothing more is taken, and the process
    ends; what was acknowledged before is there when it is opened again."""
    store = await open_sqlite(path, doorbell=Doorbell(), on_fatal=fatal)
    await store.write(mark, "before")
    with files_end_at(path.with_name("teamline.db-wal").stat().st_size):
        results = await asyncio.gather(store.write(mark, "a"), store.write(mark, "b"), return_exceptions=True)
    assert [OutcomeUnknown] * 2 == [type(result) for result in results]
    with pytest.raises(Unavailable):
        await store.write(mark, "c")
    await asyncio.wait_for(fatal.called.wait(), 10)
    await store.close()
    assert 1 == fatal.calls
    store = await open_sqlite(path, doorbell=Doorbell())
    assert "before" in await store.read(marks)
    await store.close()


async def test_close_after_a_write_error(path: Path, fatal: Fatal) -> None:
    """Closing does not hide that the process must end."""
    store = await open_sqlite(path, doorbell=Doorbell(), on_fatal=fatal)
    with files_end_at(path.with_name("teamline.db-wal").stat().st_size), pytest.raises(OutcomeUnknown):
        await store.write(mark, "a")
    await store.close()
    assert 1 == fatal.calls


@pytest.mark.parametrize(
    "sql", [f"{ENDLESS} SELECT max(i) FROM n", f"INSERT INTO attempt (subject, at) {ENDLESS} SELECT i, i FROM n"]
)
async def test_endless_statement(store: Store, sql: str) -> None:
    """A statement that would not end is stopped, and takes no other action with it."""

    async def never_ends(tx: Tx) -> None:
        await tx.run(sql)

    results = await asyncio.gather(
        store.write(mark, "a"), store.write(never_ends), store.write(mark, "b"), return_exceptions=True
    )
    assert ["a", "b"] == [result for result in results if isinstance(result, str)]
    assert Unavailable is type(results[1])
    assert ["a", "b"] == sorted(await store.read(marks))


async def test_slow_action(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow action is logged by its name, without its arguments."""
    monkeypatch.setattr(batch, "SLOW", 0)
    with capture_logs() as logs:
        await store.write(mark, "private")
    assert [("slow action", "mark")] == [(line["event"], line["action"]) for line in logs]
    assert "private" not in str(logs)


async def test_our_own_bug(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer outlives a bug in its own machinery; the caller is told that the outcome is not known."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(batch, "_finish", broken)
        with pytest.raises(OutcomeUnknown):
            await store.write(mark, "a")
    assert "b" == await store.write(mark, "b")
    assert ["b"] == await store.read(marks)


async def test_cancelled_writer(path: Path) -> None:
    """When the event loop ends with the store still open, everyone has an answer all the same."""
    store = await open_sqlite(path, doorbell=Doorbell())
    held = Held()
    running = asyncio.create_task(store.write(held.action))
    assert await asyncio.to_thread(held.began.wait, 30)
    waiting = asyncio.create_task(store.write(mark, "a"))
    await asyncio.sleep(0)
    store._writer._task.cancel()
    results = await asyncio.gather(running, waiting, return_exceptions=True)
    assert [OutcomeUnknown, Unavailable] == [type(result) for result in results]
    held.let_go()
    with pytest.raises(Unavailable):
        await store.write(mark, "b")
    await store.close()


async def test_wal_alarm(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A WAL file that grows beyond all measure is said in the log, and its size is known."""
    monkeypatch.setattr(writer, "WAL_LOOK", 0)
    monkeypatch.setattr(writer, "WAL_ALARM", 1000)
    with capture_logs() as logs:
        await store.write(mark, "a")
        await store.write(mark, "b")
    assert "warning" in {line["log_level"] for line in logs}
    assert store.stats().wal_bytes > 1000


async def test_durable_settings(store: Store) -> None:
    """The writer syncs every commit to the write-ahead log, enforces references, and keeps the log's file small."""
    names = ("synchronous", "foreign_keys", "journal_size_limit", "wal_autocheckpoint")
    assert [2, 1, 16 * 1024 * 1024, 1000] == [await pragma(store, name) for name in names]
    assert "wal" == await pragma(store, "journal_mode")


async def test_private_file(store: Store, path: Path) -> None:
    """Only its owner may read a new database, its log included."""
    await store.write(mark, "a")
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}


async def test_cannot_open(tmp_path: Path) -> None:
    """A file that is no database is refused with its name, and left as it is."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(Unavailable, match=r"letter\.txt"):
        await open_sqlite(path, doorbell=Doorbell())
    assert path.read_text() == "Dear Sir or Madam, " * 100


async def test_bulk_insert_is_one_statement(store: Store) -> None:
    """A text as long as a body may be is stored as it came."""
    body = "\u202e🙂\u200d" * 5000

    async def keep(tx: Tx) -> None:
        await tx.run(INSERT, body, 0)

    await store.write(keep)
    assert [body] == await store.read(marks)
