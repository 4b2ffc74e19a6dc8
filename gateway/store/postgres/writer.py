"""Every write of this node: one transaction each, on a few connections, in two bounded lanes that take turns.

Texts may use half of the connections at most, so that a flood of them never makes an agent wait. Every caller gets an
answer on every path: `Unavailable` when nothing happened, `OutcomeUnknown` when a COMMIT got no answer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any, Final

import asyncpg
import structlog

from gateway.errors import Misuse, OutcomeUnknown, Unavailable
from gateway.store.books import close_books
from gateway.store.lanes import Job, Lanes
from gateway.store.postgres import faults
from gateway.store.postgres.transaction import Transaction, settle
from gateway.store.store import Lane

PATIENCE: Final = 5.0
"""Seconds that a job may wait before somebody begins with it: whoever waits longer has gone."""
TRIES: Final = 3
"""Of a transaction that met a deadlock."""
SLOW: Final = 0.5
"""Seconds after which an action is logged."""
_CLOSING: Final = "The gateway is closing. Try again in a moment."

log = structlog.get_logger(__name__)


class Writer:
    """Counters are public and only ever grow."""

    def __init__(self, pool: asyncpg.Pool, committed: Callable[[], None]) -> None:
        self.lanes = Lanes()
        self.actions = 0
        self.retries = 0
        self._pool = pool
        self._committed = committed
        self._room = {Lane.PEOPLE: pool.get_max_size(), Lane.INGEST: max(1, pool.get_max_size() // 2)}
        self._busy = dict.fromkeys(Lane, 0)
        self._turn = tuple(Lane)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """Raises Unavailable when the lane is full or the store is closing."""
        if self._closing:
            raise Unavailable(_CLOSING)
        self.lanes.put(job)
        self._begin()
        return job.future

    async def close(self) -> None:
        """Finish what was taken; return when everyone has an answer."""
        self._closing = True
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._pool.close()

    def _begin(self) -> None:
        while sum(self._busy.values()) < self._pool.get_max_size():
            self._turn = self._turn[::-1]
            ready = (one for one in self._turn if self.lanes.length(one) and self._busy[one] < self._room[one])
            lane = next(ready, None)
            if lane is None:
                return
            self._busy[lane] += 1
            call = self.lanes.take_call(lane)
            # A list's callers each have a context of their own; it runs in the first one's.
            task = asyncio.create_task(self._run(lane, call), context=call[0].context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, lane: Lane, call: list[Job]) -> None:
        try:
            await self._serve(call)
        except BaseException as error:  # a bug of ours here must not leave anybody waiting
            log.error("write failed", error=type(error).__name__)  # noqa: TRY400  its words might hold values
            _answer(call, OutcomeUnknown)
            if not isinstance(error, Exception):
                raise
        finally:
            self._busy[lane] -= 1
            self._begin()

    async def _serve(self, call: list[Job]) -> None:
        late = [job for job in call if monotonic() - job.since > PATIENCE]
        _answer(late, lambda: Unavailable("The database is slow. Try again in a moment."))
        jobs = [job for job in call if not job.future.done()]  # nobody waits for the others any more
        if not jobs:
            return
        started = monotonic()
        try:
            connection = await self._pool.acquire(timeout=PATIENCE)
        except (*faults.GONE, asyncpg.PostgresError) as error:
            detail = faults.unavailable(error).detail
            _answer(jobs, lambda: Unavailable(detail))
            return
        try:
            await self._together(connection, jobs)
        finally:
            await self._pool.release(connection)
            if (took := monotonic() - started) > SLOW:
                log.warning("slow action", action=jobs[0].name, jobs=len(jobs), seconds=round(took, 3))

    async def _together(self, connection: Any, jobs: Sequence[Job]) -> None:
        """A list that fails by itself is run again one by one; where the database is away, nobody need try."""
        try:
            values = await self._transact(connection, jobs)
        except BaseException as error:  # noqa: BLE001  the writer outlives whatever an action does
            if len(jobs) == 1:
                _reject(jobs[0], _own(jobs[0], error))
            elif isinstance(error, OutcomeUnknown):
                _answer(jobs, OutcomeUnknown)
            elif connection.is_closed():
                _answer(jobs, Unavailable)
            else:
                for job in jobs:
                    await self._together(connection, [job])
        else:
            for job, value in zip(jobs, values, strict=True):
                if not job.future.done():
                    job.future.set_result(value)

    async def _transact(self, connection: Any, jobs: Sequence[Job]) -> Sequence[Any]:
        """The values, committed. What a deadlock broke is tried again as a whole."""
        for left in reversed(range(TRIES)):
            tx = Transaction(connection)
            try:
                return await self._attempt(connection, tx, jobs)
            except Unavailable:
                if not left or tx.cause is None or faults.code(tx.cause) not in faults.TURNS:
                    raise
            self.retries += 1
            await asyncio.sleep(random.random() * 0.01)  # noqa: S311  so that the two do not meet again
        raise Misuse("no try was made")

    async def _attempt(self, connection: Any, tx: Transaction, jobs: Sequence[Job]) -> Sequence[Any]:
        try:
            await connection.execute("BEGIN")
        except (*faults.GONE, asyncpg.PostgresError) as error:
            connection.terminate()
            raise faults.unavailable(error) from None
        try:
            values = _values(jobs, await settle(tx, jobs[0].name, _whole(tx, jobs)))
        except BaseException:
            await _roll_back(connection)
            raise
        finally:
            tx.end()
        await _commit(connection)
        self.actions += 1
        if tx.wrote:
            self._committed()
        return values


async def _whole(tx: Transaction, jobs: Sequence[Job]) -> Any:
    first = jobs[0]
    if first.listed:
        value = await first.action(tx, [job.args[0] for job in jobs])
    else:
        value = await first.action(tx, *first.args, **first.kwargs)
    if tx.events or tx.signatures:
        await close_books(tx, tx.events, tx.signatures)
    return value


def _values(jobs: Sequence[Job], value: Any) -> Sequence[Any]:
    if not jobs[0].listed:
        return (value,)
    if len(value) != len(jobs):
        raise Misuse(f"{jobs[0].name} answered {len(value)} results for {len(jobs)} items")
    results: Sequence[Any] = value
    return results


async def _commit(connection: Any) -> None:
    """Raises OutcomeUnknown where the server has not said what became of it."""
    try:
        said = await connection.execute("COMMIT")
    except (*faults.GONE, asyncpg.PostgresError) as error:
        connection.terminate()
        if faults.code(error).startswith(("23", "40")):  # it has said so: nothing is left of it
            raise faults.unavailable(error) from None
        raise OutcomeUnknown from None
    if said != "COMMIT":
        raise Misuse("a transaction that had failed was committed")


async def _roll_back(connection: Any) -> None:
    if connection.is_closed():
        return
    try:
        await connection.execute("ROLLBACK")
    except (*faults.GONE, asyncpg.PostgresError):
        connection.terminate()  # the server ends it by itself


def _own(job: Job, error: BaseException) -> BaseException:
    """As it is, but for what would end the loop that awaits the future."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return Misuse(f"{job.name} raised {type(error).__name__}")


def _reject(job: Job, error: BaseException) -> None:
    if not job.future.done():
        job.future.set_exception(error)


def _answer(jobs: Iterable[Job], problem: Callable[[], Unavailable]) -> None:
    told = [job for job in jobs if not job.future.done()]
    if told:
        log.warning("writes refused", jobs=len(told), reason=problem().detail)
    for job in told:
        _reject(job, problem())
