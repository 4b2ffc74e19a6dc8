"""Presence among the nodes of one database: writes down what clients said here, and reads what was said everywhere.

Twice a second at most, in two statements, and only while somebody here listens or has a thread open: so each node knows
within about a second, by no bell. What was said here and is not written yet goes before what is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from gateway.domain.author import AgentId
from gateway.domain.message import ThreadId
from gateway.errors import Problem
from gateway.feed.presence import Person, Place, Presence
from gateway.store import presence as stored
from gateway.store.presence import Said
from gateway.store.store import Row, Store

EVERY: Final = 0.5
STALE: Final = 1.0
"""Seconds after which what was read is no answer any more to who asks who is there."""

_Key = tuple[ThreadId, AgentId]


class Meeting:
    """One node's part in it."""

    def __init__(self, store: Store, presence: Presence, clock: Callable[[], int]) -> None:
        self._store, self._presence, self._clock = store, presence, clock
        self._said: dict[_Key, Place] = {}
        """What is not written yet, last said in each place; what it is stands in `presence`."""
        self._read_at = -STALE
        self._turn = asyncio.Lock()

    def note(self, place: Place, agent: AgentId) -> None:
        """Something was said here."""
        self._said[place.thread, agent] = place

    @property
    def is_stale(self) -> bool:
        return monotonic() - self._read_at > STALE

    @property
    def has_news(self) -> bool:
        return bool(self._said)

    async def exchange(self) -> Sequence[Place]:
        """Where something has changed. Raises Unavailable."""
        async with self._turn:
            await self._write()
            begun = monotonic()
            rows = await self._store.read(stored.here)
            self._read_at = begun
            now = self._clock()
            return self._presence.learn(self._known(rows, now), now)

    async def _write(self) -> None:
        if not self._said:
            return
        said, self._said = self._said, {}
        now = self._clock()
        try:
            await self._store.write(stored.keep, [self._left(place, agent, now) for (_, agent), place in said.items()])
        except Problem:
            self._said = said | self._said
            raise

    def _left(self, place: Place, agent: AgentId, now: int) -> Said:
        person = self._presence.find(place.thread, agent)
        here, typing = (person.here_until - now, person.typing_until - now) if person else (0, 0)
        return Said(place.thread, agent, place.team, max(0, here), max(0, typing))

    def _known(self, rows: Sequence[Row], now: int) -> list[tuple[Place, Person]]:
        told = [
            (Place(team, thread), Person(agent, name, now + here, now + typing if typing > 0 else 0))
            for thread, agent, team, name, here, typing in rows
            if (thread, agent) not in self._said
        ]
        kept = [(place, self._presence.find(place.thread, agent)) for (_, agent), place in self._said.items()]
        return told + [(place, person) for place, person in kept if person is not None]
