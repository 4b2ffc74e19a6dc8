"""What a claim took, also where its COMMIT got no answer: then the database is asked until it tells.

Nothing of a claim is begun before that is known, so that nothing is done twice; and it is not left to its lease, after
which nobody could say any more that nothing was done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import structlog

from gateway.errors import OutcomeUnknown, Problem
from gateway.store.store import Store, Tx

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
T = TypeVar("T")

AGAIN: Final = 0.5
"""Seconds between two questions."""


async def claimed(
    store: Store,
    claim: Awaitable[list[T]],
    still_claimed: Callable[[Tx, Sequence[T]], Awaitable[list[T]]],
    until: float,
) -> list[T]:
    """What `claim` answers, or what `still_claimed` finds to be left of it; asked until this monotonic time, when its
    lease has ended. Raises Unavailable."""
    try:
        return await claim
    except OutcomeUnknown as unknown:
        if unknown.answer is None:
            raise
        doubtful: list[T] = unknown.answer
    log.warning("outbox.claim_unanswered", claimed=len(doubtful))
    while True:
        try:
            return await store.write(still_claimed, doubtful)
        except Problem:
            if time.monotonic() >= until:
                raise
            await asyncio.sleep(AGAIN)
