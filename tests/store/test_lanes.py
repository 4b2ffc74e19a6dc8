"""Many writers at once: each stands or falls alone, nobody is lost, and a flood of texts leaves room for people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.errors import Misuse, NotFound, TeamlineError, Unavailable
from gateway.store.lanes import LANE_LIMIT, LIST_LIMITS
from gateway.store.store import Lane, Store, Tx
from tests.engines import open_engine
from tests.gateway_process import until
from tests.store.marks import Held, begun, held, mark, mark_all, mark_and_fail, marks


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


async def test_gone_before(store: Store, engine: str) -> None:
    """A caller who has gone before their action began is skipped."""
    async with held(store, engine):
        gone = asyncio.create_task(store.write(mark, "gone"))
        stays = asyncio.create_task(store.write(mark, "stays"))
        await asyncio.sleep(0)
        gone.cancel()
    await stays
    assert ["stays"] == await store.read(marks)


async def test_gone_meanwhile(store: Store) -> None:
    """A caller who goes while their action runs does not undo it, and knows nothing of the outcome."""
    kept = Held()

    async def slow(tx: Tx) -> None:
        await mark(tx, "slow")
        await kept.action(tx)

    caller = asyncio.create_task(store.write(slow))
    await begun(kept)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    kept.let_go()

    async def is_there() -> bool:
        return ["slow"] == await store.read(marks)

    assert await until(is_there)


@pytest.mark.parametrize("lane", list(Lane))
async def test_full_lane(store: Store, engine: str, lane: Lane) -> None:
    """A full lane refuses at once with Retry-After, the other still takes, and nobody who was taken is lost."""
    async with held(store, engine):
        taken = [asyncio.create_task(store.write_each(mark_all, "x", lane)) for _ in range(LANE_LIMIT)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as caught:
            await store.write_each(mark_all, "refused", lane)
        assert 1 == caught.value.retry_after
        other = Lane.PEOPLE if lane is Lane.INGEST else Lane.INGEST
        last = asyncio.create_task(store.write_each(mark_all, "other", other))
        await asyncio.sleep(0)
        waiting = {Lane.PEOPLE: store.stats().people_waiting, Lane.INGEST: store.stats().ingest_waiting}
        assert {lane: LANE_LIMIT, other: 1} == waiting
    await asyncio.gather(last, *taken)
    assert ["other"] + ["x"] * LANE_LIMIT == sorted(await store.read(marks))


async def test_turns(store: Store, engine: str) -> None:
    """A flood of texts does not make a person wait for its end."""
    order: list[str] = []

    async def noted(name: str) -> None:
        await store.write_each(mark_all, name, Lane.PEOPLE if name == "person" else Lane.INGEST)
        order.append(name)

    async with held(store, engine):
        flood = [asyncio.create_task(noted("text")) for _ in range(LANE_LIMIT)]
        await asyncio.sleep(0)
        person = asyncio.create_task(noted("person"))
        await asyncio.sleep(0)
    await asyncio.gather(person, *flood)
    assert order.index("person") < LANE_LIMIT - LIST_LIMITS[Lane.INGEST]


async def test_counters(store: Store) -> None:
    """The engine counts the writes that were committed, and neither those that failed nor those that read."""
    results = await asyncio.gather(
        *(store.write_each(mark_all, name) for name in "abc"), store.write(mark_and_fail, "d"), return_exceptions=True
    )
    assert 1 == sum(isinstance(result, NotFound) for result in results)
    await store.read(marks)
    stats = store.stats()
    assert 3 == stats.actions
    assert 1 <= stats.batches <= 3
    assert [0, 0, 0, 0] == [stats.people_waiting, stats.ingest_waiting, stats.reads_waiting, stats.retries]


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
