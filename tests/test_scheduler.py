"""What is forgotten once it has served its time."""

from __future__ import annotations

from gateway.scheduler import Housekeeping
from gateway.store import attempts
from tests.company import FRONT, SECOND, Company, company, engine

__all__ = ["company", "engine"]

DAY = 86_400 * SECOND


async def test_keys_and_attempts_are_forgotten_in_time(company: Company) -> None:
    """Idempotency keys go after seven days and attempts to sign in after their window, and none before."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.note(ana.secret, thread, key="k1")
    written = company.clock()
    await company.store.write(attempts.add, "login", written)
    housekeeping = Housekeeping(company.store, company.clock)
    try:
        for later, keys, tries in (
            (0, 1, 1),
            (900 * SECOND, 1, 1),
            (901 * SECOND, 1, 0),
            (7 * DAY, 1, 0),
            (7 * DAY + 1, 0, 0),
        ):
            company.clock.at = written + later
            await housekeeping.sweep()
            expected = [(keys, tries)]
            query = "SELECT (SELECT count(*) FROM idempotency), (SELECT count(*) FROM attempt)"
            assert expected == await company.rows(query)
    finally:
        housekeeping.close()


async def test_more_than_one_step_is_taken(company: Company) -> None:
    """However many keys are old, one sweep forgets them all, a bounded number at a time."""
    await company.sql(
        """INSERT INTO idempotency (principal, key, fingerprint, answer, at)
           WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
           SELECT 'agent', i || '', x'', '', 0 FROM n"""
    )
    housekeeping = Housekeeping(company.store, company.clock)
    try:
        await housekeeping.sweep()
    finally:
        housekeeping.close()
    assert [(0,)] == await company.rows("SELECT count(*) FROM idempotency")
