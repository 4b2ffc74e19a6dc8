"""What is forgotten once it has served its time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from gateway.actions import view
from gateway.channels.traffic import Traffic
from gateway.domain.traffic import Seen
from gateway.files.intake import Intake, Limits
from gateway.files.store import LocalFiles
from gateway.scheduler import Housekeeping, Indexer, housekeeping
from gateway.store import attempts, paces, presence, search, status
from tests.company import FRONT, SECOND, Company, company, engine
from tests.outbox.provider import until

__all__ = ["company", "engine"]

DAY = 86_400 * SECOND


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    made = Intake(LocalFiles(tmp_path / "files"), Limits)
    yield made
    made.close()


async def test_keys_and_attempts_are_forgotten_in_time(company: Company, intake: Intake) -> None:
    """Idempotency keys go after seven days and attempts to sign in after their window, and none before."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.note(ana.secret, thread, key="k1")
    written = company.clock()
    await company.store.write(attempts.add, "login", written)
    running = Housekeeping(company.store, company.clock, Traffic(), intake)
    try:
        for later, keys, tries in (
            (0, 1, 1),
            (900 * SECOND, 1, 1),
            (901 * SECOND, 1, 0),
            (7 * DAY, 1, 0),
            (7 * DAY + 1, 0, 0),
        ):
            company.clock.at = written + later
            await running.sweep()
            expected = [(keys, tries)]
            query = "SELECT (SELECT count(*) FROM idempotency), (SELECT count(*) FROM attempt)"
            assert expected == await company.rows(query)
    finally:
        await running.close()


async def test_more_than_one_step_is_taken(company: Company, intake: Intake) -> None:
    """However many keys are old, one sweep forgets them all, a bounded number at a time."""
    await company.sql(
        """INSERT INTO idempotency (principal, key, fingerprint, answer, at)
           WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
           SELECT 'agent', i || '', team.chain_hash, '', 0 FROM n, team WHERE team.id = ?1""",
        FRONT,
    )
    running = Housekeeping(company.store, company.clock, Traffic(), intake)
    try:
        await running.sweep()
    finally:
        await running.close()
    assert [(0,)] == await company.rows("SELECT count(*) FROM idempotency")


async def test_it_begins_by_itself(company: Company, intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the jobs is done soon after the start without a fault, and is not due again before its time."""
    monkeypatch.setattr(housekeeping, "LOOK", timedelta(seconds=0.05))
    names = ("forget_shared", "forget_tokens", "forget_visitors", "sweep")
    with structlog.testing.capture_logs() as logs:
        running = Housekeeping(company.store, company.clock, Traffic(), intake)
        try:
            await until(lambda: _done(company, names))
        finally:
            await running.close()
    assert [] == logs
    assert [(name, 1) for name in names] == await company.rows("SELECT name, attempt FROM job ORDER BY name")


async def _done(company: Company, names: tuple[str, ...]) -> bool:
    [(done,)] = await company.rows("SELECT count(*) FROM job WHERE lease_until IS NULL")
    return bool(done == len(names))


async def test_what_nodes_told_is_forgotten(company: Company, intake: Intake) -> None:
    """Who was in a thread, and who has all of their bounds again, is not kept."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    long = 60 * SECOND
    for here, typing in ((0, 0), (long, 0), (long, long)):
        await company.store.write(presence.keep, [presence.Said(thread, ana.id, FRONT, here, typing)])
        expected = [("Ana Ortiz", typing > 0)] if here else []
        found = await company.store.read(presence.here)
        assert expected == [(row["name"], row["typing"] > 0) for row in found]
    other = (await company.text(sender="+13035550143")).thread
    await company.store.write(presence.keep, [presence.Said(other, ana.id, FRONT, 0, 0)])
    for cost in (long, long, -30 * SECOND):
        await company.store.write(paces.spend, [("messages", "ann", cost), ("messages", "bob", 0)])
    [(name, who, rest)] = await company.store.read(paces.spenders, 0, 10)
    assert ("messages", "ann", True) == (name, who, 80 * SECOND < rest <= 90 * SECOND)
    running = Housekeeping(company.store, company.clock, Traffic(), intake)
    try:
        await running.forget_shared()
    finally:
        await running.close()
    query = "SELECT (SELECT count(*) FROM presence), (SELECT count(*) FROM pace)"
    assert [(1, 1)] == await company.rows(query)


async def test_traffic_is_written_down(company: Company, intake: Intake) -> None:
    """When something last came, went and went wrong outlasts the process that saw it; what is newer wins."""
    for first, error in ((1, 3), (5, None)):
        traffic = Traffic()
        traffic.came_in("sms", first)
        if error is not None:
            traffic.went_wrong("sms", "30003", "The phone is off.", error)
        await Housekeeping(company.store, company.clock, traffic, intake).close()
    assert {"sms": Seen(5, None, 3, "30003", "The phone is off.")} == await company.store.read(status.kept_traffic)


async def test_what_is_written_can_be_found(company: Company) -> None:
    """The indexer takes in messages and customers as they come, and search finds both."""
    ana = await company.hire("ana", FRONT)
    indexer = Indexer(company.store, company.doorbell)
    try:
        await company.text(body="The storm took my signal")
        ear = company.doorbell.listen()
        async with asyncio.timeout(10):
            while await company.store.read(search.behind):
                await ear.heard(0.1)
    finally:
        await indexer.close()
    found = await company.store.read(view.search, ana.secret, "storm sig", None, 10, company.clock())
    assert ["The storm took my signal"] == [message["body"] for message, _ in found.messages]
