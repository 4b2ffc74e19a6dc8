"""APScheduler as an alarm clock: it calls actions and holds no truth. What it forgets at a restart is in the database.

Settings after HOUSE: a memory store, UTC, no grace (a late job runs late rather than never), and missed runs are one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway.actions.sign_in import WINDOW
from gateway.errors import Problem
from gateway.store import attempts, idempotency
from gateway.store.store import Store

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=10)
_MICROSECOND: Final = timedelta(microseconds=1)


class Housekeeping:
    """Forgets what has served its time: idempotency keys after seven days, attempts to sign in after their window."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store, self._clock = store, clock
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_job(self.sweep, "interval", seconds=EVERY.total_seconds())
        self._scheduler.start()

    def close(self) -> None:
        self._scheduler.shutdown(wait=False)

    async def sweep(self) -> None:
        """Bounded steps, so that nobody waits for a large one."""
        now = self._clock()
        try:
            while await self._store.write(idempotency.forget_old, now - idempotency.KEPT // _MICROSECOND):
                pass
            await self._store.write(attempts.forget_old, now - WINDOW // _MICROSECOND)
        except Problem as problem:
            log.warning("housekeeping.failed", problem=problem.slug)
