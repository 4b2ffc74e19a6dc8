"""APScheduler as an alarm clock: it calls actions and holds no truth. What it forgets at a restart is in the database.

Settings after HOUSE: a memory store, UTC, no grace (a late job runs late rather than never), and missed runs are one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway.actions import attach
from gateway.actions.sign_in import WINDOW
from gateway.channels.traffic import Traffic
from gateway.errors import Problem
from gateway.files.intake import Intake
from gateway.store import attempts, idempotency, search, status, visitors
from gateway.store.doorbell import Doorbell
from gateway.store.store import Store

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=10)
VISITORS_EVERY: Final = timedelta(hours=1)
TRAFFIC_EVERY: Final = timedelta(seconds=30)
INDEX_STEP: Final = 50
"""Messages indexed in one transaction: a few milliseconds of the writer's time."""
INDEX_REST: Final = 4.0
INDEX_GAP: Final = 0.2
"""Seconds at least between two looks for new messages: what was written is found within about so long."""
INDEX_POLL: Final = 5.0
_MICROSECOND: Final = timedelta(microseconds=1)


class Housekeeping:
    """Forgets what has served its time: idempotency keys after seven days, attempts to sign in after their window.
    And uploads that no message has named in a day, and bytes that nothing names. Once an hour, visitors who have never
    written. And writes down when something last came and went, which is noted in memory."""

    def __init__(self, store: Store, clock: Callable[[], int], traffic: Traffic, intake: Intake) -> None:
        self._store, self._clock, self._traffic, self._intake = store, clock, traffic, intake
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_job(self.sweep, "interval", seconds=EVERY.total_seconds())
        self._scheduler.add_job(self.forget_visitors, "interval", seconds=VISITORS_EVERY.total_seconds())
        self._scheduler.add_job(self.note_traffic, "interval", seconds=TRAFFIC_EVERY.total_seconds())
        self._scheduler.start()

    async def close(self) -> None:
        self._scheduler.shutdown(wait=False)
        await self.note_traffic()

    async def note_traffic(self) -> None:
        if seen := self._traffic.seen():
            try:
                await self._store.write(status.keep_traffic, seen)
            except Problem as problem:
                log.warning("housekeeping.failed", problem=problem.slug)

    async def sweep(self) -> None:
        """Bounded steps, so that nobody waits for a large one."""
        now = self._clock()
        try:
            while await self._store.write(idempotency.forget_old, now - idempotency.KEPT // _MICROSECOND):
                pass
            await self._store.write(attempts.forget_old, now - WINDOW // _MICROSECOND)
            await attach.sweep(self._store, self._intake, now)
        except Problem as problem:
            log.warning("housekeeping.failed", problem=problem.slug)
        except OSError as error:
            log.error("housekeeping.files_stay", error=type(error).__name__)  # noqa: TRY400  a trace would say no more

    async def forget_visitors(self) -> None:
        """All tokens, a few in each step."""
        through: int | None = 0
        try:
            while through is not None:
                through = await self._store.write(visitors.forget_silent, through, self._clock())
        except Problem as problem:
            log.warning("housekeeping.failed", problem=problem.slug)


class Indexer:
    """Keeps the words that search finds things by up with what was written, behind the hot path.

    A step is small, and after each it rests four times as long as the step took, so that a flood of messages is slowed
    by a fifth of the writer's time at most; search then lags, and catches up.
    """

    def __init__(self, store: Store, doorbell: Doorbell) -> None:
        self._store, self._ear = store, doorbell.listen()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                while await self._store.read(search.behind):
                    begun = time.monotonic()
                    await self._store.write(search.index_messages, INDEX_STEP)
                    await self._store.write(search.index_lines, INDEX_STEP)
                    await asyncio.sleep(INDEX_REST * (time.monotonic() - begun))
            except Problem as problem:
                log.warning("search.index_failed", problem=problem.slug)
            await self._ear.heard(INDEX_POLL)
            await asyncio.sleep(INDEX_GAP)
