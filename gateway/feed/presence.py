"""Who is in a thread right now, and who is typing, as their own clients say. Real keystrokes only; nothing is stored.

Kept in memory on this node and forgotten after a few seconds without a word, so that a closed laptop is not "here".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import orjson

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId, ThreadId

State = Literal["here", "typing", "gone"]

HERE: Final = 30_000_000
"""Microseconds for which a client's word is good; it repeats it well before."""
TYPING: Final = 6_000_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a thread. Times in microseconds since 1970."""

    agent: AgentId
    name: str
    here_until: int
    typing_until: int


class Presence:
    """All threads that somebody has open on this node."""

    def __init__(self) -> None:
        self._threads: dict[ThreadId, dict[AgentId, Person]] = {}
        self._teams: dict[ThreadId, TeamId] = {}

    def say(self, team: TeamId, thread: ThreadId, agent: AgentId, name: str, state: State, now: int) -> bool:
        """Record what a client says; whether others should hear of it, since it differs from what they know."""
        before = self._shape(thread, now)
        people = self._threads.setdefault(thread, {})
        self._teams[thread] = team
        if state == "gone":
            people.pop(agent, None)
        else:
            people[agent] = Person(agent, name, now + HERE, now + TYPING if state == "typing" else 0)
        if not people:
            self._forget(thread)
        return self._shape(thread, now) != before

    def expire(self, now: int) -> Iterator[tuple[TeamId, ThreadId]]:
        """Forget whose word has run out; the threads in which something changed by that."""
        for thread, people in list(self._threads.items()):
            team = self._teams[thread]
            stale = [person for person in people.values() if person.here_until <= now]
            typed = [person for person in people.values() if 0 < person.typing_until <= now]
            for person in typed:
                people[person.agent] = Person(person.agent, person.name, person.here_until, 0)
            for person in stale:
                del people[person.agent]
            if not people:
                self._forget(thread)
            if stale or typed:
                yield team, thread

    def frame(self, team: TeamId, thread: ThreadId, now: int) -> bytes:
        """A server-sent event without an id: it is not in the log, and no cursor moves for it."""
        data = {"kind": "presence", "team": team, "thread": str(thread), "people": self._shape(thread, now)}
        return b"event: presence\ndata: %b\n\n" % orjson.dumps(data)

    def people(self, thread: ThreadId, now: int) -> list[dict[str, object]]:
        return self._shape(thread, now)

    def _shape(self, thread: ThreadId, now: int) -> list[dict[str, object]]:
        return [
            {"id": str(person.agent), "name": person.name, "typing": person.typing_until > now}
            for person in self._threads.get(thread, {}).values()
            if person.here_until > now
        ]

    def _forget(self, thread: ThreadId) -> None:
        self._threads.pop(thread, None)
        self._teams.pop(thread, None)
