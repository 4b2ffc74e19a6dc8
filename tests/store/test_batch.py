"""Many actions in one commit: each stands or falls alone, and together they are what they would be one by one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Misuse, NotFound, TeamlineError, Unavailable
from gateway.store.lanes import BATCH_LIMIT, LANE_LIMIT, LIST_LIMITS
from gateway.store.sqlite import batch
from gateway.store.store import Lane, Store, Tx
from tests.engines import ENGINES, open_engine
from tests.store.marks import Held, mark, mark_all, mark_and_fail, marks


async def begun(held: Held) -> None:
    assert await asyncio.to_thread(held.began.wait, 30)


async def test_one_commit(store: Store) -> None:
    """Writes that wait together are committed together, and one that fails takes no other with it."""
    results = await asyncio.gather(
        store.write(mark, "a"), store.write(mark_and_fail, "b"), store.write(mark, "c"), return_exceptions=True
    )
    assert ["a", "gone", "c"] == ["gone" if isinstance(result, NotFound) else result for result in results]
    assert 1 == store.stats().batches
    assert ["a", "c"] == await store.read(marks)


async def test_list(store: Store) -> None:
    """Items of one list action that wait together are one list, and each caller gets their own result."""
    results = await asyncio.gather(*(store.write_each(mark_all, name) for name in "abc"))
    assert ["a of 3", "b of 3", "c of 3"] == results


async def test_long_list(store: Store) -> None:
    """A list is bounded, so that the other lane gets its turn."""
    most = LIST_LIMITS[Lane.INGEST]
    results = await asyncio.gather(*(store.write_each(mark_all, "x") for _ in range(most + 1)))
    assert [f"x of {most}"] * most + ["x of 1"] == results


async def test_failing_list(store: Store) -> None:
    """A list that fails is run again one by one, and only the bad item fails."""
    results = await asyncio.gather(
        *(store.write_each(mark_all, name) for name in ("a", "bad", "c")), return_exceptions=True
    )
    assert ["a of 1", "bad", "c of 1"] == [r.detail if isinstance(r, TeamlineError) else r for r in results]
    assert ["a", "c"] == await store.read(marks)


async def test_wrong_count(store: Store) -> None:
    """A list action that does not answer each item is our bug, and nothing of it stays."""

    async def forgets(tx: Tx, names: Sequence[str]) -> list[str]:
        await mark_all(tx, names)
        return []

    with pytest.raises(Misuse, match="0 results for 1 items"):
        await store.write_each(forgets, "a")
    assert [] == await store.read(marks)


async def test_gone_before(store: Store) -> None:
    """A caller who has gone before their action began is skipped."""
    held = Held()
    first = asyncio.create_task(store.write(held.action))
    await begun(held)
    gone = asyncio.create_task(store.write(mark, "gone"))
    stays = asyncio.create_task(store.write(mark, "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    held.let_go()
    await asyncio.gather(first, stays)
    assert ["stays"] == await store.read(marks)


async def test_gone_meanwhile(store: Store) -> None:
    """A caller who goes while their action runs does not undo it, and knows nothing of the outcome."""
    held = Held()

    async def slow(tx: Tx) -> None:
        await mark(tx, "slow")
        await held.action(tx)

    caller = asyncio.create_task(store.write(slow))
    await begun(held)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    held.let_go()
    await store.write(mark, "next")
    assert ["slow", "next"] == await store.read(marks)


@pytest.mark.parametrize("lane", list(Lane))
async def test_full_lane(store: Store, lane: Lane) -> None:
    """A full lane refuses at once with Retry-After, the other still takes, and nobody who was taken is lost."""
    held = Held()
    first = asyncio.create_task(store.write(held.action))
    await begun(held)
    taken = [asyncio.create_task(store.write_each(mark_all, "x", lane)) for _ in range(LANE_LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as caught:
        await store.write_each(mark_all, "refused", lane)
    assert 1 == caught.value.retry_after
    other = Lane.PEOPLE if lane is Lane.INGEST else Lane.INGEST
    last = asyncio.create_task(store.write_each(mark_all, "other", other))
    await asyncio.sleep(0)
    assert (LANE_LIMIT, 1) == (store.stats().ingest_waiting, store.stats().people_waiting)[
        :: 1 if other is Lane.PEOPLE else -1
    ]
    held.let_go()
    await asyncio.gather(first, last, *taken)
    assert ["other"] + ["x"] * LANE_LIMIT == sorted(await store.read(marks))


async def test_turns(store: Store) -> None:
    """A flood of texts does not make a person wait for more than a batch."""
    held = Held()
    first = asyncio.create_task(store.write(held.action))
    await begun(held)
    flood = [asyncio.create_task(store.write_each(mark_all, "text")) for _ in range(LANE_LIMIT)]
    await asyncio.sleep(0)
    person = asyncio.create_task(store.write(mark, "person"))
    await asyncio.sleep(0)
    held.let_go()
    await asyncio.gather(first, person, *flood)
    assert (await store.read(marks)).index("person") < BATCH_LIMIT


async def test_out_of_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that runs out of time commits what it has, and the rest comes next in its old order."""
    monkeypatch.setattr(batch, "BATCH_TIME", 0)
    await asyncio.gather(*(store.write(mark, name) for name in "abcde"))
    assert 5 == store.stats().batches
    assert list("abcde") == await store.read(marks)


async def test_close(engine: str, tmp_path: Path) -> None:
    """Closing finishes what was taken and refuses what is new."""
    store = await open_engine(engine, tmp_path)
    taken = [asyncio.create_task(store.write(mark, "x")) for _ in range(300)]
    reading = asyncio.create_task(store.read(marks))
    await asyncio.sleep(0)
    await store.close()
    assert ["x"] * 300 == await asyncio.gather(*taken)
    assert isinstance(await reading, list)
    with pytest.raises(Unavailable):
        await store.write(mark, "late")
    with pytest.raises(Unavailable):
        await store.read(marks)
    store = await open_engine(engine, tmp_path)
    assert ["x"] * 300 == await store.read(marks)
    await store.close()


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


async def apply(engine: str, steps: list[Step], *, together: bool) -> tuple[list[object], list[tuple[object, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_engine(engine, Path(folder))
        if together:
            results: list[object] = list(await asyncio.gather(*(outcome(store, one) for one in steps)))
        else:
            results = [await outcome(store, one) for one in steps]
        rows = await store.read(table)
        await store.close()
    return results, rows


@pytest.mark.parametrize("engine_name", ENGINES)
@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99), st.booleans()), max_size=12))
def test_serial(engine_name: str, steps: list[Step]) -> None:
    """Actions in one batch give the results and the rows that they give one after another."""
    assert asyncio.run(apply(engine_name, steps, together=False)) == asyncio.run(
        apply(engine_name, steps, together=True)
    )
