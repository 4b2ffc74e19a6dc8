"""What an action may do with its transaction, and what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest

from gateway.errors import Misuse, NotFound
from gateway.store.store import Store, Tx
from tests.store.marks import INSERT, mark, mark_and_fail, marks

SECRET = "my number is 555"  # what a customer wrote, say

REQUEST: ContextVar[str] = ContextVar("REQUEST", default="none")


async def test_result(store: Store) -> None:
    """A write returns what its action returns, and a read sees it from then on."""
    assert "a" == await store.write(mark, "a")
    assert ["a"] == await store.read(marks)


async def test_own_error(store: Store) -> None:
    """An action's own error travels to the caller unchanged, and nothing of the action stays."""
    with pytest.raises(NotFound, match="gone"):
        await store.write(mark_and_fail, "gone")
    assert [] == await store.read(marks)


async def test_wrong_arguments(store: Store) -> None:
    """A call that does not fit its action fails alone."""
    with pytest.raises(TypeError):
        await store.write(mark)  # type: ignore[call-arg]
    assert "a" == await store.write(mark, "a")


@pytest.mark.parametrize("door", ["write", "read"])
async def test_foreign_await(store: Store, door: str) -> None:
    """A transaction that awaits anything else is refused, and none of it stays."""

    async def wanders(tx: Tx) -> None:
        await tx.all("SELECT subject FROM attempt")
        await asyncio.sleep(0)

    with pytest.raises(Misuse, match="awaited something other"):
        await getattr(store, door)(wanders)


async def test_foreign_await_in_the_middle(store: Store) -> None:
    """What was written before a foreign await is undone, and its cleanup finds the transaction doomed."""
    seen: list[str] = []

    async def wanders(tx: Tx) -> None:
        try:
            await tx.run(INSERT, "before", 0)
            await asyncio.sleep(0)
        finally:
            try:
                await tx.run(INSERT, "after", 0)
            except Misuse as error:
                seen.append(error.detail)

    with pytest.raises(Misuse):
        await store.write(wanders)
    assert [True] == ["awaited something other" in detail for detail in seen]
    assert [] == await store.read(marks)


async def test_swallowed_error(store: Store) -> None:
    """An SQL error dooms the transaction even if the action hides it, and later calls raise the same."""

    async def swallows(tx: Tx) -> str:
        await tx.run(INSERT, "before", 0)
        for name in (None, "after"):
            with suppress(Misuse):
                await tx.run(INSERT, name, 0)
        return "accepted"

    with pytest.raises(Misuse, match=r"SQLITE_CONSTRAINT_NOTNULL|23502"):
        await store.write(swallows)
    assert [] == await store.read(marks)


async def test_error_in_disguise(store: Store) -> None:
    """An SQL error stays what it was when the action turns it into another."""

    async def disguises(tx: Tx) -> None:
        try:
            await tx.run(INSERT, None, 0)
        except Misuse:
            raise NotFound from None

    with pytest.raises(Misuse, match=r"NOT NULL constraint failed|NotNullViolation"):
        await store.write(disguises)


@pytest.mark.parametrize(
    "values", [(None, SECRET), ("\ud800" + SECRET, 0), (SECRET, 2**70), (SECRET, 0, SECRET), ([SECRET], 0)]
)
async def test_no_values_in_errors(store: Store, values: tuple[Any, ...]) -> None:
    """An error names its statement and never repeats a value."""

    async def binds(tx: Tx) -> None:
        await tx.run(INSERT, *values)

    with pytest.raises(Misuse) as caught:
        await store.write(binds)
    assert "INSERT INTO attempt" in caught.value.detail
    assert SECRET not in caught.value.detail
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "PRAGMA foreign_keys = OFF",
        "CREATE TABLE x (y)",
        "REPLACE INTO attempt (subject, at) VALUES ('x', 0)",
        "INSERT OR ROLLBACK INTO attempt (subject, at) VALUES ('x', 0)",
        "update or\n ignore attempt SET at = 1",
        "SELECT * FROM attempt",
        "SELECT attempt.* FROM attempt",
        "SELECT subject FROM attempt WHERE at = ?",
        "SELECT subject FROM attempt WHERE at = $1",
        "SELECT 1; SELECT 2",
        "DELETE FROM attempt; COMMIT",
        "-- a remark\nDELETE FROM attempt",
    ],
)
async def test_refused_statements(store: Store, sql: str) -> None:
    """A statement that one engine would take otherwise than the other is refused, and dooms."""

    async def says(tx: Tx) -> None:
        await tx.run(INSERT, "before", 0)
        await tx.run(sql)

    with pytest.raises(Misuse):
        await store.write(says)
    assert [] == await store.read(marks)


async def test_count(store: Store) -> None:
    """`run` says how many rows it changed, also for WITH, for a conflict and for none."""

    async def counts(tx: Tx) -> list[int]:
        return [
            await tx.run("INSERT INTO attempt (subject, at) VALUES (?1, 0), (?1, 1)", "x"),
            await tx.run("WITH old (t) AS (SELECT 0) UPDATE attempt SET at = 5 WHERE at IN (SELECT t FROM old)"),
            await tx.run("INSERT INTO team (id) VALUES ('t') ON CONFLICT DO NOTHING"),
            await tx.run("INSERT INTO team (id) VALUES ('t') ON CONFLICT DO NOTHING"),
            await tx.run("DELETE FROM attempt WHERE at = 99"),
        ]

    assert [2, 1, 1, 0, 0] == await store.write(counts)


async def test_rows(store: Store) -> None:
    """Rows are read by name, by position and whole; a bool is stored as a number; `one` is None where nothing is."""

    async def reads(tx: Tx) -> tuple[Any, ...]:
        row = await tx.one("INSERT INTO attempt (subject, at) VALUES (?2, ?1) RETURNING subject, at", True, "b")
        assert row is not None
        return row["at"], row[0], tuple(row), list(row.keys()), await tx.one("SELECT id FROM team")

    assert (1, "b", ("b", 1), ["subject", "at"], None) == await store.write(reads)


async def test_kept_transaction(store: Store) -> None:
    """A transaction that an action let out is closed when the action has ended."""
    kept: list[Tx] = []

    async def keeps(tx: Tx) -> None:
        kept.append(tx)

    await store.write(keeps)
    with pytest.raises(Misuse, match="over"):
        await kept[0].one("SELECT 1")


async def test_context(store: Store) -> None:
    """An action and a query see the context variables of their caller."""

    async def who(tx: Tx) -> str:
        return REQUEST.get()

    REQUEST.set("request 7")
    assert ["request 7", "request 7"] == [await store.write(who), await store.read(who)]


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
async def test_base_exceptions(store: Store, raised: type[BaseException]) -> None:
    """What would end the program or cancel the caller is our bug, and ends the action only."""

    async def leaves(tx: Tx) -> None:
        await mark(tx, "x")
        raise raised

    with pytest.raises(Misuse, match=raised.__name__):
        await store.write(leaves)
    assert [] == await store.read(marks)


async def _runs(tx: Tx) -> None:
    await tx.run("DELETE FROM attempt")


async def _inserts(tx: Tx) -> None:
    await tx.one("WITH x AS (SELECT 'a') INSERT INTO attempt (subject, at) VALUES ('a', 1) RETURNING at")


async def _logs(tx: Tx) -> None:
    tx.event("a", "thread.done", None, 0, {})  # type: ignore[arg-type]


async def _signs(tx: Tx) -> None:
    tx.sign("a", 1, 1, 1, b"")  # type: ignore[arg-type]


@pytest.mark.parametrize("query", [_runs, _inserts, _logs, _signs])
async def test_queries_only_read(store: Store, query: Callable[[Tx], Awaitable[None]]) -> None:
    """A query that writes is refused."""
    with pytest.raises(Misuse):
        await store.read(query)
    assert [] == await store.read(marks)
