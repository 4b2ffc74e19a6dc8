"""The alarm clock of booked callbacks. Rows are the truth: it knows when the next is due, and calls the action then.

It holds one alarm, however many bookings there are. The doorbell has it set anew, and a look at the start and every
half minute makes up for a ring that was lost, a node that stood still, and a clock that was set: that half minute goes
by no clock that can be. Every node has one; what one of them holds the others leave out, and each step is taken once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway.actions.pass_on import pass_on
from gateway.domain.routing import Teams
from gateway.store import bookings
from gateway.store.doorbell import Doorbell
from gateway.store.store import Store
from gateway.store.trouble import Trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

STEP: Final = 1_000
"""Bookings in one transaction: a tenth of a second of the writer's time, when so many are due at one hour. In steps of
200 the last rang more than twice as late, since what came of the first was told to consoles in between."""
SWEEP: Final = 30.0
GAP: Final = 0.05
"""Seconds between two looks that the doorbell asks for; also until a booking is asked for again that somebody held."""
AGAIN: Final = 1.0
"""Seconds until another try where the database cannot be asked."""
_ALARM: Final = "next"
_SECOND: Final = 1_000_000


class AlarmClock:
    """One of this node. `teams` gives those of the config in use; `clock` microseconds since 1970, which may be set."""

    def __init__(self, store: Store, doorbell: Doorbell, clock: Callable[[], int], teams: Callable[[], Teams]) -> None:
        self._store, self._clock, self._teams = store, clock, teams
        self._ear = doorbell.listen(texts=False)
        self._trouble = Trouble("bookings.clock_stands", "bookings.clock_goes")
        self._rung = asyncio.Event()
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._scheduler.start()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._scheduler.shutdown(wait=False)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> float:
        """Do all that is due by now. How many seconds from now to look again; raises Unavailable."""
        due = await self._store.read(bookings.next_due)
        if due is not None and due <= self._clock():
            while await self._store.write(pass_on, self._teams(), self._clock(), STEP) == STEP:
                pass
            due = await self._store.read(bookings.next_due)
        if due is None:
            return SWEEP
        wait = (due - self._clock()) / _SECOND
        return min(wait, SWEEP) if wait > 0 else GAP

    async def _run(self) -> None:
        while True:
            wait = AGAIN
            try:
                with self._trouble.told():
                    wait = await self.look()
            except Exception:  # a clock that stands would break every promise: whatever it was, it goes on
                log.exception("bookings.clock_failed")
            self._set(wait)
            await self._woken()

    def _set(self, seconds: float) -> None:
        """Set the alarm, by how long it is until then: the clock that bookings go by may be set meanwhile."""
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        self._scheduler.add_job(self._ring, "date", run_date=at, id=_ALARM, replace_existing=True)

    async def _ring(self) -> None:
        self._rung.set()

    async def _woken(self) -> None:
        """By the alarm at once, by the doorbell not too often."""
        alarm = asyncio.create_task(self._rung.wait())
        try:
            await asyncio.wait({alarm}, timeout=GAP)
            if not alarm.done():
                bell = asyncio.create_task(self._ear.heard(SWEEP))
                try:
                    await asyncio.wait({alarm, bell}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    bell.cancel()
        finally:
            alarm.cancel()
        self._rung.clear()
