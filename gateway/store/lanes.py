"""What waits for the writer: two bounded queues that take turns, so that a flood of texts never makes an agent wait.

A full lane refuses at once: a caller told "not now" can try again, one in an endless queue cannot even know.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from gateway.errors import Unavailable
from gateway.store.store import Lane

LANE_LIMIT: Final = 1_000
"""Jobs waiting in one lane: about a tenth of a second of the writer's work."""

BATCH_LIMIT: Final = 128
"""Jobs in one batch: enough to share a sync, few enough that what comes next waits some milliseconds only."""

LIST_LIMITS: Final = {Lane.PEOPLE: 16, Lane.INGEST: BATCH_LIMIT}
"""Items in one call of a list action. Texts come in by set statements, as many as a batch has; what people do runs one
by one within the call, and a batch that has taken its time ends between two calls."""


@dataclass(slots=True, eq=False, repr=False)  # a repr would show message text
class Job:
    """One caller's wish. `future` is theirs alone: cancelling it ends only their waiting."""

    action: Callable[..., Awaitable[Any]]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    lane: Lane
    future: asyncio.Future[Any]
    context: Context
    listed: bool
    """A list action with one item in `args`, to be joined with its like."""
    since: float = field(default_factory=monotonic)
    """When it came (monotonic seconds)."""

    @property
    def name(self) -> str:
        return getattr(self.action, "__qualname__", type(self.action).__name__)


class Lanes:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Lane, deque[Job]] = {lane: deque() for lane in Lane}
        self._first = tuple(Lane)
        self._arrived = asyncio.Event()

    def put(self, job: Job) -> None:
        """Raises Unavailable when the lane is full."""
        waiting = self._waiting[job.lane]
        if len(waiting) >= LANE_LIMIT:
            raise Unavailable("Too much is waiting to be written. Try again in a moment.")
        waiting.append(job)
        self._arrived.set()

    def take(self) -> list[Job]:
        """The next batch: one job of each lane in turn. The lanes also take turns in being first, since a batch that
        runs out of time leaves its end behind."""
        self._arrived.clear()
        batch: list[Job] = []
        self._first = self._first[::-1]
        waiting = [queue for lane in self._first if (queue := self._waiting[lane])]
        while waiting and len(batch) < BATCH_LIMIT:
            queue = waiting.pop(0)
            batch.append(queue.popleft())
            if queue:
                waiting.append(queue)
        return batch

    def take_call(self, lane: Lane) -> list[Job]:
        """The first job of one lane; with it, where it is a list action's item, those of the same action behind it."""
        queue = self._waiting[lane]
        first = queue.popleft()
        if not first.listed:
            return [first]
        call, others = [first], list[Job]()
        while queue and len(call) < LIST_LIMITS[lane]:
            job = queue.popleft()
            (call if job.listed and job.action == first.action else others).append(job)
        queue.extendleft(reversed(others))
        return call

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Those that a batch had no time for, to the head of their lanes and in their old order."""
        for job in reversed(tuple(jobs)):
            self._waiting[job.lane].appendleft(job)

    def drain(self) -> list[Job]:
        """All that waits, for an end without a writer."""
        everything = [job for queue in self._waiting.values() for job in queue]
        for queue in self._waiting.values():
            queue.clear()
        return everything

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def length(self, lane: Lane) -> int:
        return len(self._waiting[lane])

    async def arrived(self) -> None:
        """Returns when there may be something to take."""
        if not len(self):
            await self._arrived.wait()

    def wake(self) -> None:
        self._arrived.set()
