"""How fast one number may send, and what else outlives a change of the channel's file. Nothing is dropped or reordered.

A rate is at least one a second and a channel has eight sends under way at most, so that the last waits seven seconds.
What comes faster waits in the gateway's own queue until a send ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gateway.channels.config import Destination


class Pace:
    """Evenly spaced turns per number, by this process's monotonic clock (seconds)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}

    def delay(self, endpoint: str, destination: Destination | None) -> float:
        """Take the next turn of this number; the seconds until it comes."""
        if destination is None or destination.per_second is None:
            return 0.0
        now = self._clock()
        turn = max(now, self._next.get(endpoint, now))
        self._next[endpoint] = turn + 1 / destination.per_second
        return turn - now

    async def turn(self, endpoint: str, destination: Destination | None) -> None:
        if wait := self.delay(endpoint, destination):
            await asyncio.sleep(wait)


class Memory:
    """What this process knows of one account and Messaging Service, whatever becomes of the channel's file."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.pool: set[str] = set()
        """Numbers that our Messaging Service has vouched for: a message of it came through them."""
