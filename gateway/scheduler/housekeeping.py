"""Forgetting what has served its time, by APScheduler. One node at a time does each of these; the database says which.

Settings after HOUSE: a memory store, UTC, no grace (a late job runs late rather than never), and missed runs are one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway.actions import attach
from gateway.actions.sign_in import WINDOW
from gateway.channels.traffic import Traffic
from gateway.domain.traffic import Seen
from gateway.errors import Problem
from gateway.files.intake import Intake
from gateway.store import attempts, forgetting, idempotency, paces, presence, status
from gateway.store.store import Store
from gateway.store.turns import SOON, in_turn

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=10)
VISITORS_EVERY: Final = timedelta(hours=1)
SHARED_EVERY: Final = timedelta(minutes=1)
TRAFFIC_EVERY: Final = timedelta(seconds=30)
LOOK: Final = timedelta(seconds=30)
"""How often each node asks whether something is due that nobody is at."""
_MICROSECOND: Final = timedelta(microseconds=1)


class Housekeeping:
    """Forgets idempotency keys after seven days and attempts to sign in after their window, uploads that no message has
    named in a day, bytes that nothing names, and what nodes told one another. Once an hour, visitors who have never
    written, tokens that have expired, and what providers said of calls. And writes down when something last came and
    went on this node, which is noted in memory."""

    def __init__(self, store: Store, clock: Callable[[], int], traffic: Traffic, intake: Intake) -> None:
        self._store, self._clock, self._traffic, self._intake = store, clock, traffic, intake
        self._noted: dict[str, Seen] = {}
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        for name, work in (
            ("sweep", self.sweep),
            ("forget_visitors", self.forget_visitors),
            ("forget_tokens", self.forget_tokens),
            ("forget_shared", self.forget_shared),
        ):
            self._scheduler.add_job(self._turn, "interval", (name, work), seconds=LOOK.total_seconds())
        self._scheduler.add_job(self.note_traffic, "interval", seconds=TRAFFIC_EVERY.total_seconds())
        self._scheduler.start()

    async def close(self) -> None:
        self._scheduler.shutdown(wait=False)
        await self.note_traffic()

    async def _turn(self, name: str, work: Callable[[], Awaitable[float]]) -> None:
        try:
            await in_turn(self._store, name, work)
        except Problem as problem:
            log.warning("housekeeping.failed", problem=problem.slug)

    async def note_traffic(self) -> None:
        """What is new; every node does, for what it has seen itself."""
        seen = self._traffic.seen()
        if seen == self._noted:
            return
        try:
            await self._store.write(status.keep_traffic, seen)
        except Problem as problem:
            log.warning("housekeeping.failed", problem=problem.slug)
        else:
            self._noted = seen

    async def sweep(self) -> float:
        """Bounded steps, so that nobody waits for a large one. Like the others it answers when it is due again."""
        now = self._clock()
        while await self._store.write(idempotency.forget_old, now - idempotency.KEPT // _MICROSECOND):
            pass
        await self._store.write(attempts.forget_old, now - WINDOW // _MICROSECOND)
        try:
            await attach.sweep(self._store, self._intake, now)
        except OSError as error:
            log.error("housekeeping.files_stay", error=type(error).__name__)  # noqa: TRY400  a trace would say no more
            return SOON
        return EVERY.total_seconds()

    async def forget_visitors(self) -> float:
        """All tokens, a few in each step."""
        through: int | None = 0
        while through is not None:
            through = await self._store.write(forgetting.forget_silent, through, self._clock())
        return VISITORS_EVERY.total_seconds()

    async def forget_tokens(self) -> float:
        """Customers' tokens that have long expired: an app brings a new one every hour. And reports of calls."""
        for forget in (forgetting.forget_expired, forgetting.forget_reports):
            while await self._store.write(forget, self._clock()):
                pass
        return VISITORS_EVERY.total_seconds()

    async def forget_shared(self) -> float:
        """Who was somewhere, and who has all of their bounds again."""
        await self._store.write(presence.forget)
        while await self._store.write(paces.forget):
            pass
        return SHARED_EVERY.total_seconds()
