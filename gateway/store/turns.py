"""Runs a timed job if it is due and no other node is at it, and holds it for as long as that takes.

A lease is short and renewed while the job runs. The holder stops by its own clock, counted from before it asked for the
last renewal, well before the lease is over: who lost the database does not go on beside the one that took over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from gateway.errors import Problem
from gateway.store import jobs
from gateway.store.store import Store

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LEASE: Final = 30.0
"""Seconds until a job of a node that died is anybody's."""
RENEW: Final = 5.0
HOLD: Final = 20.0
"""Seconds from the last renewal after which the holder stops."""
SOON: Final = 30.0
"""Seconds until a job is due again that was stopped or has failed."""
_SECOND: Final = 1_000_000


async def in_turn(store: Store, name: str, work: Callable[[], Awaitable[float]]) -> bool:
    """Whether it was this node's turn. `work` answers after how many seconds it is due again, and may be stopped
    anywhere, by cancellation. Raises Unavailable where it could not be claimed."""
    begun = asyncio.get_running_loop().time()
    attempt = await store.write(jobs.claim, name, int(LEASE * _SECOND))
    if attempt is None:
        return False
    again = SOON
    try:
        again = await _held(store, name, attempt, begun, work)
    except TimeoutError:
        log.warning("job.stopped", job=name)
    except Problem as problem:
        log.warning("job.failed", job=name, problem=problem.slug)
    except Exception:  # whatever it does, it is tried again, and the others go on
        log.exception("job.failed", job=name)
    finally:
        with suppress(Problem):  # when the lease has ended, it is anybody's
            await store.write(jobs.done, name, attempt, int(again * _SECOND))
    return True


async def _held(store: Store, name: str, attempt: int, begun: float, work: Callable[[], Awaitable[float]]) -> float:
    """What `work` answers. Raises TimeoutError when it was stopped."""
    async with asyncio.timeout_at(begun + HOLD) as bound:
        renewing = asyncio.create_task(_renew(store, name, attempt, bound))
        try:
            return await work()
        finally:
            renewing.cancel()


async def _renew(store: Store, name: str, attempt: int, bound: asyncio.Timeout) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(RENEW)
        begun = loop.time()
        with suppress(Problem):
            holds = await store.write(jobs.renew, name, attempt, int(LEASE * _SECOND))
            if bound.expired():
                return
            bound.reschedule(begun + HOLD if holds else begun)
