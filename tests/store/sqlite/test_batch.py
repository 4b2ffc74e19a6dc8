"""Many actions in one commit: each stands or falls alone, and together they are what they would be one by one."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import NotFound
from gateway.store.sqlite import batch
from gateway.store.store import Store, Tx
from tests.engines import open_engine
from tests.store.marks import mark, mark_and_fail, marks


async def test_one_commit(store: Store) -> None:
    """Writes that wait together are committed together, and one that fails takes no other with it."""
    results = await asyncio.gather(
        store.write(mark, "a"), store.write(mark_and_fail, "b"), store.write(mark, "c"), return_exceptions=True
    )
    assert ["a", "gone", "c"] == ["gone" if isinstance(result, NotFound) else result for result in results]
    assert 1 == store.stats().batches
    assert ["a", "c"] == await store.read(marks)


async def test_out_of_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that runs out of time commits what it has, and the rest comes next in its old order."""
    monkeypatch.setattr(batch, "BATCH_TIME", 0)
    await asyncio.gather(*(store.write(mark, name) for name in "abcde"))
    assert 5 == store.stats().batches
    assert list("abcde") == await store.read(marks)


Step = tuple[str, int, bool]


async def step(tx: Tx, subject: str, amount: int, fails: bool) -> tuple[int, int]:
    """Depends on what was there, changes it, logs it, and may think better of it."""
    row = await tx.one("SELECT at FROM attempt WHERE subject = ?1", subject)
    if row is None:
        await tx.run("INSERT INTO attempt (subject, at) VALUES (?1, ?2)", subject, amount)
    else:
        await tx.run("UPDATE attempt SET at = at * 2 + ?2 WHERE subject = ?1", subject, amount)
    await tx.run("INSERT INTO team (id) VALUES (?1) ON CONFLICT DO NOTHING", subject)
    tx.event(subject, "thread.done", None, amount, {})  # type: ignore[arg-type]
    if fails:
        raise NotFound
    events = await tx.one("SELECT count(at) AS count, sum(at) AS sum FROM event")
    assert events is not None
    return events["count"], events["sum"]


async def outcome(store: Store, one: Step) -> object:
    try:
        return await store.write(step, *one)
    except NotFound:
        return "refused"


async def table(tx: Tx) -> list[tuple[object, ...]]:
    attempts = await tx.all("SELECT subject, at FROM attempt ORDER BY subject")
    events = await tx.all("SELECT team_id, seq, at FROM event ORDER BY team_id, seq")
    return [*map(tuple, attempts), *map(tuple, events)]


async def apply(steps: list[Step], *, together: bool) -> tuple[list[object], list[tuple[object, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_engine("sqlite", Path(folder))
        if together:
            results: list[object] = list(await asyncio.gather(*(outcome(store, one) for one in steps)))
        else:
            results = [await outcome(store, one) for one in steps]
        rows = await store.read(table)
        await store.close()
    return results, rows


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99), st.booleans()), max_size=12))
def test_serial(steps: list[Step]) -> None:
    """Actions in one batch give the results and the rows that they give one after another."""
    assert asyncio.run(apply(steps, together=False)) == asyncio.run(apply(steps, together=True))
