"""Whether those who listen still may: a stream ends with its session or token, and when what its person sees changes.

People are asked about one by one, twice a second. Of customers there may be ten thousand, so the database is asked
which tokens were ended a moment ago, which is nearly always none.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from time import monotonic
from typing import Final

from gateway.feed.stream import Desk, Stream
from gateway.feed.watch import Watch
from gateway.store import events, visitors
from gateway.store.store import Store

OVERLAP: Final = 10.0
"""Seconds that are looked at again: an end is dated before it is committed, and seen afterwards."""
MOST_OF_ONE: Final = 10
"""Streams of one customer: more tabs than anybody has, and few enough that no one can take them all."""


class Standings:
    """All streams that are open, whether they have joined or not."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._checked = monotonic()
        self.desks: set[Desk] = set()
        self.watches: set[Watch] = set()
        self._of_one: dict[int, list[Watch]] = {}
        """A customer's, by identity, oldest first."""

    def add(self, stream: Stream) -> None:
        """The oldest of too many of one customer ends: its client is gone, or has forgotten it."""
        if isinstance(stream, Desk):
            self.desks.add(stream)
        elif isinstance(stream, Watch):
            self.watches.add(stream)
            own = self._of_one.setdefault(stream.visitor.identity, [])
            own.append(stream)
            if len(own) > MOST_OF_ONE:
                own[0].end()

    def discard(self, stream: Stream) -> bool:
        """Whether it was here."""
        if isinstance(stream, Watch) and stream in self.watches:
            self.watches.discard(stream)
            own = self._of_one[stream.visitor.identity]
            own.remove(stream)
            if not own:
                del self._of_one[stream.visitor.identity]
            return True
        if isinstance(stream, Desk) and stream in self.desks:
            self.desks.discard(stream)
            return True
        return False

    def end_all(self) -> None:
        for stream in (*self.desks, *self.watches):
            stream.end()

    async def check(self) -> None:
        """End the streams of those who may not listen any more. Raises Unavailable."""
        now = self._clock()
        await self._check_desks(now)
        await self._check_watches(now)

    async def _check_desks(self, now: int) -> None:
        desks = list(self.desks)
        if not desks:
            return
        good = await self._store.read(events.still_good, tuple({desk.secret for desk in desks}), now)
        for desk in desks:
            standing = good.get(desk.secret)
            if standing is None or standing.reach_version != desk.reach_version:
                desk.end()

    async def _check_watches(self, now: int) -> None:
        begun = monotonic()
        if self.watches:
            for_so_long = begun - self._checked + OVERLAP
            self._end_ended(set(await self._store.read(visitors.ended_within, int(for_so_long * 1_000_000))), now)
        self._checked = begun

    def _end_ended(self, ended: AbstractSet[bytes], now: int) -> None:
        for watch in self.watches:
            if watch.secret in ended or watch.visitor.expires_at <= now:
                watch.end()
