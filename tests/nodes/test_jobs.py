"""Timed jobs: one node at a time runs each, and one that dies or hangs is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.errors import Unavailable
from gateway.store import jobs, turns
from gateway.store.store import Store
from gateway.store.turns import in_turn
from tests.company import Company, company, engine
from tests.engines import open_engine
from tests.outbox.provider import until

__all__ = ["company", "engine"]

LONG = 3_600_000_000
"""An hour, in microseconds."""


async def row(company: Company) -> tuple[bool, bool, int]:
    """Whether it is due, whether somebody is at it, and the attempt."""
    query = "SELECT due_at, lease_until, db_now(), attempt FROM job"
    [(due_at, lease_until, now, attempt)] = await company.rows(query)
    return due_at <= now, lease_until is not None and lease_until > now, attempt


async def test_one_is_at_it(company: Company) -> None:
    """A job that is new is due; while somebody is at it and until it is due again nobody else gets it."""
    store = company.store
    assert ["sweep"] == await store.read(jobs.due, ("sweep",))
    assert 1 == await store.write(jobs.claim, "sweep", LONG)
    assert ([], None) == (await store.read(jobs.due, ("sweep",)), await store.write(jobs.claim, "sweep", LONG))
    assert await store.write(jobs.done, "sweep", 1, LONG)
    assert ([], None) == (await store.read(jobs.due, ("sweep",)), await store.write(jobs.claim, "sweep", LONG))
    assert ["other"] == await store.read(jobs.due, ("sweep", "other"))


async def test_a_lease_runs_out(company: Company) -> None:
    """Whoever outlives their lease is given up: another gets the job, and the first can say nothing more about it."""
    store = company.store
    assert 1 == await store.write(jobs.claim, "sweep", 0)
    assert not await store.write(jobs.renew, "sweep", 1, LONG)
    assert 2 == await store.write(jobs.claim, "sweep", LONG)
    assert not await store.write(jobs.done, "sweep", 1, LONG)
    assert not await store.write(jobs.renew, "sweep", 1, LONG)
    assert await store.write(jobs.renew, "sweep", 2, LONG)
    assert (False, True, 2) == await row(company)


async def test_hurry(company: Company) -> None:
    """What is asked for while somebody is at it is due again when they are done, for they may have begun too early."""
    store = company.store
    await store.write(jobs.claim, "sweep", LONG)
    await store.write(jobs.hurry, ("sweep", "unknown"))
    assert (None, []) == (await store.write(jobs.claim, "sweep", LONG), await store.read(jobs.due, ("sweep",)))
    assert await store.write(jobs.renew, "sweep", 1, LONG)
    assert await store.write(jobs.done, "sweep", 1, LONG)
    assert 2 == await store.write(jobs.claim, "sweep", LONG)
    await store.write(jobs.release_all)
    assert 3 == await store.write(jobs.claim, "sweep", LONG)


async def test_what_fails_is_due_soon(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that fails, by whatever, is told of and due again soon; one that ends well when it says."""
    monkeypatch.setattr(turns, "SOON", 0.0)

    async def fails(error: Exception) -> float:
        raise error

    with structlog.testing.capture_logs() as logs:
        for error in (Unavailable(), RuntimeError("a bug")):
            assert await in_turn(company.store, "sweep", partial(fails, error))
    assert ["job.failed"] * 2 == [line["event"] for line in logs]

    async def ends() -> float:
        return 600

    assert await in_turn(company.store, "sweep", ends)
    assert not await in_turn(company.store, "sweep", ends)
    assert (False, False, 3) == await row(company)


async def test_a_long_one_is_held(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that takes longer than a lease keeps it, and nobody else begins."""
    monkeypatch.setattr(turns, "LEASE", 1.0)
    monkeypatch.setattr(turns, "RENEW", 0.02)
    renewals = 0
    enough = asyncio.Event()
    whole = jobs.renew

    async def renew(*args: Any) -> bool:
        nonlocal renewals
        renewals += 1
        if renewals == 5:
            enough.set()
        return await whole(*args)

    monkeypatch.setattr(jobs, "renew", renew)

    async def long() -> float:
        await enough.wait()
        assert not await in_turn(company.store, "sweep", long)
        return 600

    assert await in_turn(company.store, "sweep", long)
    assert (False, False, 1) == await row(company)


@pytest.mark.parametrize("given_up", [True, False])
async def test_the_holder_stops_in_time(company: Company, monkeypatch: pytest.MonkeyPatch, given_up: bool) -> None:
    """Whoever was given up, or cannot renew, stops by their own clock well before the lease is over."""
    assert turns.RENEW < turns.HOLD < turns.LEASE
    monkeypatch.setattr(turns, "RENEW", 0.01)
    monkeypatch.setattr(turns, "HOLD", 20.0 if given_up else 0.2)

    async def renew(*_: Any) -> bool:
        if given_up:
            return False
        raise Unavailable

    monkeypatch.setattr(jobs, "renew", renew)
    stopped = asyncio.Event()

    async def hangs() -> float:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return 600

    with structlog.testing.capture_logs() as logs:
        assert await in_turn(company.store, "sweep", hangs)
    assert (True, ["job.stopped"]) == (stopped.is_set(), [line["event"] for line in logs if line["event"][:3] == "job"])


async def test_a_node_that_closes_hands_it_on(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is cancelled is not held until its lease is over."""
    monkeypatch.setattr(turns, "SOON", 0.0)
    begun = asyncio.Event()

    async def hangs() -> float:
        begun.set()
        await asyncio.Event().wait()
        return 600

    task = asyncio.create_task(in_turn(company.store, "sweep", hangs))
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert 2 == await company.store.write(jobs.claim, "sweep", LONG)


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Two nodes' of one database."""
    opened = [await open_engine("postgresql", tmp_path) for _ in range(2)]
    yield opened
    for store in opened:
        await store.close()


async def test_one_winner(stores: list[Store]) -> None:
    """However many nodes reach for a job at once, one gets it, the first time and every other."""
    for attempt in range(1, 21):
        claims = [store.write(jobs.claim, "sweep", LONG) for store in stores * 4]
        assert [attempt] == [won for won in await asyncio.gather(*claims) if won is not None]
        assert await stores[attempt % 2].write(jobs.done, "sweep", attempt, 0)


async def test_a_dead_nodes_job_is_taken_over(stores: list[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node was at when it died another one begins when the lease has run out, and not before."""
    assert 1 == await stores[0].write(jobs.claim, "sweep", 300_000)
    order: list[str] = []

    async def work() -> float:
        order.append("taken over")
        return 600

    assert not await in_turn(stores[1], "sweep", work)
    order.append("held")
    await until(lambda: in_turn(stores[1], "sweep", work))
    assert ["held", "taken over"] == order
