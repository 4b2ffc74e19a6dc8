"""Every write of this node: one transaction each, on a few connections, in two bounded lanes that take turns.

Texts may use half of the connections at most, so that a flood of them never makes an agent wait. Every caller gets an
answer on every path: `Unavailable` when nothing happened, `OutcomeUnknown` when a COMMIT got no answer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from math import inf
from time import monotonic
from typing import Any, Final, cast

import asyncpg
import structlog

from gateway.errors import NoRoom, OutcomeUnknown, Unavailable
from gateway.store.lanes import Job, Lanes
from gateway.store.perform import perform
from gateway.store.postgres import faults
from gateway.store.postgres.pools import Pool, roll_back
from gateway.store.postgres.refusals import Refusals
from gateway.store.postgres.transaction import Transaction, settle
from gateway.store.store import Lane

PATIENCE: Final = 5.0
"""Seconds that a job may wait before somebody begins with it: whoever waits longer has gone."""
AGAIN: Final = 3
"""How often a transaction that met a deadlock is tried again."""
WORTH: Final = 32
"""Texts that are worth a list of their own beside one that is under way."""
SLOW: Final = 0.5
"""Seconds after which an action is logged."""
_CLOSING: Final = "The gateway is closing. Try again in a moment."
_SLOW: Final = "The database is slow. Try again in a moment."

log = structlog.get_logger(__name__)


class Writer:
    """Counters are public and only ever grow; so is `full_at`, see `Stats`."""

    def __init__(self, pool: Pool, committed: Callable[[Lane], None]) -> None:
        self.lanes = Lanes()
        self.commits = 0
        self.actions = 0
        self.retries = 0
        self.full_at = -inf
        self._refusals = Refusals()
        self._pool = pool
        self._committed = committed
        self._room = {Lane.PEOPLE: pool.most, Lane.INGEST: max(1, pool.most // 2)}
        self._busy = dict.fromkeys(Lane, 0)
        self._turn = tuple(Lane)
        self._workers: set[asyncio.Task[None]] = set()
        self._closing = False

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """Raises Unavailable when the lane is full or the store is closing."""
        if self._closing:
            raise Unavailable(_CLOSING)
        self.lanes.put(job)
        if len(self._workers) < self._pool.most:
            # It looks what waits when it begins: what is submitted in the same turn of the loop makes one list.
            worker = asyncio.create_task(self._work(), name="writer")
            self._workers.add(worker)
            worker.add_done_callback(self._ended)
        return job.future

    async def close(self) -> None:
        """Finish what was taken; return when everyone has an answer."""
        self._closing = True
        while self._workers:
            await asyncio.wait(self._workers)
        await self._pool.close()

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if worker.cancelled():  # the event loop ends with the store still open
            self._closing = True
            self._answer(self.lanes.drain(), lambda: Unavailable(_CLOSING))

    async def _work(self) -> None:
        """Until nothing waits that may begin."""
        try:
            while (lane := self._next()) is not None:
                self._busy[lane] += 1
                try:
                    await self._guard(self.lanes.take_call(lane))
                finally:
                    self._busy[lane] -= 1
        finally:
            # At once, not in a callback: who submits before that would count on somebody who looks no more.
            self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _guard(self, call: list[Job]) -> None:
        try:
            await self._serve(call)
        except Exception as error:  # noqa: BLE001  a bug of ours here must not end the service
            log.error("write failed", error=type(error).__name__)  # noqa: TRY400  its words might hold values
        finally:
            self._answer(call, OutcomeUnknown)  # everybody else has been told

    def _next(self) -> Lane | None:
        """The lane whose turn it is, of those in which something waits and has room."""
        self._turn = self._turn[::-1]
        return next((one for one in self._turn if self._may_begin(one)), None)

    def _may_begin(self, lane: Lane) -> bool:
        """Texts wait for the list before them unless they are many: two short lists cost nearly twice as much."""
        waiting, busy = self.lanes.length(lane), self._busy[lane]
        least = WORTH * busy if lane is Lane.INGEST and busy else 1
        return waiting >= least and busy < self._room[lane]

    async def _serve(self, call: list[Job]) -> None:
        jobs = self._in_time(call)
        if not jobs:
            return
        started = monotonic()
        try:
            connection = await self._pool.lend()
        except (*faults.GONE, asyncpg.PostgresError) as error:
            problem = faults.unavailable(error)
            self._answer(jobs, lambda: Unavailable(problem.detail))
            return
        try:
            await self._together(connection, jobs)
        finally:
            self._pool.give_back(connection)
            if (took := monotonic() - started) > SLOW:
                log.warning("slow action", action=jobs[0].name, jobs=len(jobs), seconds=round(took, 3))

    async def _together(self, connection: asyncpg.Connection, jobs: list[Job]) -> None:
        """A list that fails by itself is run again one by one; where the database is away, nobody need try."""
        try:
            values = await self._transact(connection, jobs)
        except Exception as error:  # noqa: BLE001  the writer outlives whatever an action does
            if len(jobs) == 1:
                self._refuse(jobs[0], error)
            elif isinstance(error, OutcomeUnknown):
                self._answer(jobs, OutcomeUnknown)
            elif connection.is_closed():
                self._answer(jobs, Unavailable)
            else:
                for job in jobs:
                    if self._in_time([job]):
                        await self._together(connection, [job])
        else:
            for job, value in zip(jobs, values, strict=True):
                if not job.future.done():
                    job.future.set_result(value)

    async def _transact(self, connection: asyncpg.Connection, jobs: Sequence[Job]) -> Sequence[Any]:
        """The values, committed. What a deadlock broke is tried again as a whole."""
        again = 0
        while True:
            tx = Transaction(connection)
            try:
                return await self._attempt(connection, tx, jobs)
            except Unavailable:
                if again == AGAIN or not faults.is_turn(tx.cause):
                    raise
            again += 1
            self.retries += 1
            await asyncio.sleep(random.random() * 0.01)  # noqa: S311  so that the two do not meet again

    async def _attempt(self, connection: asyncpg.Connection, tx: Transaction, jobs: Sequence[Job]) -> Sequence[Any]:
        await tx.begin()
        try:
            values = await settle(tx, jobs[0].name, jobs[0].context, perform(tx, jobs))
        except BaseException:
            await roll_back(connection)
            if faults.code(tx.cause) == faults.READ_ONLY:
                connection.terminate()  # the next one may lead to the primary
            raise
        try:
            await tx.commit()
        except OutcomeUnknown as unknown:
            unknown.answer = values[0] if len(jobs) == 1 else None
            raise
        self.commits += 1
        self.actions += len(jobs)
        if tx.wrote:
            self._committed(jobs[0].lane)
        return values

    def _refuse(self, job: Job, error: Exception) -> None:
        if isinstance(error, NoRoom):
            self.full_at = monotonic()
        if isinstance(error, Unavailable):
            self._refusals.note(1, error.detail)
        _reject(job, error)

    def _in_time(self, jobs: Sequence[Job]) -> list[Job]:
        """Those for whom somebody still waits. Whoever has waited for too long is told."""
        late = monotonic() - PATIENCE
        self._answer((job for job in jobs if job.since < late), lambda: Unavailable(_SLOW))
        return [job for job in jobs if not job.future.done()]

    def _answer(self, jobs: Iterable[Job], problem: Callable[[], Unavailable]) -> None:
        told = [job for job in jobs if not job.future.done()]
        if told:
            self._refusals.note(len(told), problem().detail)
        for job in told:
            _reject(job, problem())


def _reject(job: Job, error: Exception) -> None:
    if not job.future.done():
        job.future.set_exception(error)
