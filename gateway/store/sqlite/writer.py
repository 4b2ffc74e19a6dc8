"""The one writer of this process: takes what is pending, has it committed together, resolves the callers, rings.

It never dies before it is closed, and every caller gets an answer on every path. It never lingers for more to come:
what arrives during one batch is the next.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Final

import structlog

from gateway.errors import NoRoom, OutcomeUnknown, Unavailable
from gateway.store.doorbell import Doorbell
from gateway.store.lanes import Job, Lanes
from gateway.store.sqlite.batch import Batches, Outcome, Report
from gateway.store.sqlite.connection import Connection
from gateway.store.store import Lane

BUSY_PATIENCE: Final = 2.0
"""Seconds for which another process may hold the database before those who wait are told."""

BUSY_PAUSE: Final = 0.02
"""Seconds between two tries; SQLite has waited a quarter of a second itself in each."""

FAREWELL: Final = 0.25
"""Seconds between a COMMIT of unknown outcome and the end of the process, in which the callers are answered."""

WAL_LOOK: Final = 5.0
"""Seconds between two looks at the WAL file's size."""

WAL_ALARM: Final = 64 * 1024 * 1024
"""Bytes: four times the limit, so somebody holds a snapshot and checkpoints cannot pass it."""

log = structlog.get_logger(__name__)


class Writer:
    """Counters are public and only ever grow; so is `full_at`, see `Stats`."""

    def __init__(
        self, connection: Connection, wal: Path, doorbell: Doorbell, on_fatal: Callable[[], None], serving: bool
    ) -> None:
        self.lanes = Lanes()
        self.batches = 0
        self.actions = 0
        self.busy_retries = 0
        self.wal_bytes = 0
        self.full_at = -inf
        self._connection = connection
        self._batches = Batches(connection.watch, serving=serving)
        self._wal = wal
        self._looked_at = 0.0
        self._doorbell = doorbell
        self._on_fatal = on_fatal
        self._refuses: str | None = None
        self._farewell: asyncio.TimerHandle | None = None
        self._busy_since: float | None = None
        self._task = asyncio.create_task(self._run(), name="writer")

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """Raises Unavailable when the lane is full or the store is closing."""
        if self._refuses is not None:
            raise Unavailable(self._refuses)
        self.lanes.put(job)
        return job.future

    async def close(self) -> None:
        """Finish what was taken; return when everyone has an answer."""
        self._refuses = self._refuses or "The gateway is closing. Try again in a moment."
        self.lanes.wake()
        await asyncio.wait((self._task,))
        await self._connection.close()
        if self._farewell is not None and self._farewell.when() > asyncio.get_running_loop().time():
            self._farewell.cancel()
            self._on_fatal()

    async def _run(self) -> None:
        try:
            while self._refuses is None or len(self.lanes):
                await self.lanes.arrived()
                if jobs := self.lanes.take():
                    await self._write(jobs)
                self._look_at_wal()
        finally:
            self._refuses = self._refuses or "The gateway is closing. Try again in a moment."
            _answer(self.lanes.drain(), Unavailable, self._refuses)

    async def _write(self, jobs: list[Job]) -> None:
        report: Report | None = None
        try:
            report = await self._connection.run(self._batches.commit, jobs)
        except Exception as error:  # noqa: BLE001  a bug of ours here must not end the service
            log.error("batch failed", error=type(error).__name__)  # noqa: TRY400  its words might hold values
            with suppress(Exception):
                await self._connection.run(_abandon)
        finally:
            if report is None:
                _answer(jobs, OutcomeUnknown)
        if report is not None:
            await self._conclude(report)

    async def _conclude(self, report: Report) -> None:
        self.batches += report.committed
        self.actions += sum(error is None for _, _, error in report.outcomes)
        if any(isinstance(error, NoRoom) for _, _, error in report.outcomes):
            self.full_at = monotonic()
        _resolve(report.outcomes)
        if report.wrote and all(job.lane is Lane.INGEST for job, _, _ in report.outcomes):
            self._doorbell.ring_for_texts()
        elif report.wrote:
            self._doorbell.ring()
        if report.lost:
            self._end(report.left)
        elif report.busy:
            await self._be_patient(report.left)
        else:
            self._busy_since = None
            self.lanes.put_back(report.left)

    async def _be_patient(self, jobs: list[Job]) -> None:
        self.busy_retries += 1
        self._busy_since = self._busy_since or monotonic()
        if self._refuses is None and monotonic() - self._busy_since < BUSY_PATIENCE:
            self.lanes.put_back(jobs)
            await asyncio.sleep(BUSY_PAUSE)
        else:
            _answer(jobs, Unavailable, "The database is locked by another process. Try again in a moment.")

    def _end(self, jobs: list[Job]) -> None:
        """After a failed sync nobody can tell what is on disk; a fresh start reads it."""
        self._refuses = "The gateway is starting again. Try again in a moment."
        _answer((*jobs, *self.lanes.drain()), Unavailable, self._refuses)
        self._farewell = asyncio.get_running_loop().call_later(FAREWELL, self._on_fatal)

    def _look_at_wal(self) -> None:
        now = monotonic()
        if now - self._looked_at < WAL_LOOK:
            return
        self._looked_at = now
        # Only its size: opening and closing the file outside SQLite would drop our locks on it.
        with suppress(OSError):
            self.wal_bytes = self._wal.stat().st_size
        if self.wal_bytes > WAL_ALARM:
            log.warning("the WAL file grows: a reader holds it, or checkpoints fail", bytes=self.wal_bytes)


def _abandon(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _resolve(outcomes: Sequence[Outcome]) -> None:
    refusals = [error.detail for _, _, error in outcomes if isinstance(error, Unavailable)]
    if refusals:
        log.warning("writes refused", jobs=len(refusals), reason=refusals[0])
    for job, value, error in outcomes:
        if job.future.done():
            continue  # the caller has gone, and knows nothing of the outcome
        if error is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(error)


def _answer(jobs: Iterable[Job], kind: type[Unavailable], detail: str | None = None) -> None:
    _resolve([(job, None, kind(detail)) for job in jobs])
