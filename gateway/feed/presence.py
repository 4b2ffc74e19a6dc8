"""Who is in a thread right now, and who is typing, as their own clients say. Real keystrokes only.

Kept in memory and forgotten after a few seconds without a word, so that a closed laptop is not "here". Where there are
other nodes, `gateway/feed/meeting.py` tells them, and what they told stands here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Place:
    """A thread, and the team whose people may see it."""

    team: TeamId
    thread: ThreadId


class Presence:
    """All threads that somebody has open."""

    def __init__(self) -> None:
        self._threads: dict[ThreadId, dict[AgentId, Person]] = {}
        self._teams: dict[ThreadId, TeamId] = {}

    def say(self, place: Place, agent: AgentId, name: str, state: State, now: int) -> bool:
        """Record what a client says; whether others should hear of it, since it differs from what they know."""
        before = self.people(place.thread, now)
        if state == "gone":
            self._leave(place.thread, agent)
        else:
            self._enter(place, Person(agent, name, now + HERE, now + TYPING if state == "typing" else 0))
        return self.people(place.thread, now) != before

    def learn(self, known: Iterable[tuple[Place, Person]], now: int) -> list[Place]:
        """These are all who are anywhere, and nobody else is; the threads in which that is news."""
        teams, before = dict(self._teams), {thread: self.people(thread, now) for thread in self._threads}
        self._threads, self._teams = {}, {}
        for place, person in known:
            self._enter(place, person)
        teams |= self._teams
        changed = (thread for thread in teams if self.people(thread, now) != before.get(thread, []))
        return [Place(teams[thread], thread) for thread in changed]

    def expire(self, now: int) -> Iterator[Place]:
        """Forget whose word has run out; the threads in which something changed by that."""
        for thread, people in list(self._threads.items()):
            team = self._teams[thread]
            stale = [person for person in people.values() if person.here_until <= now]
            typed = [person for person in people.values() if 0 < person.typing_until <= now]
            for person in typed:
                people[person.agent] = replace(person, typing_until=0)
            for person in stale:
                self._leave(thread, person.agent)
            if stale or typed:
                yield Place(team, thread)

    def frame(self, place: Place, now: int) -> bytes:
        """A server-sent event without an id: it is not in the log, and no cursor moves for it."""
        people = self.people(place.thread, now)
        data = {"kind": "presence", "team": place.team, "thread": str(place.thread), "people": people}
        return b"event: presence\ndata: %b\n\n" % orjson.dumps(data)

    def people(self, thread: ThreadId, now: int) -> list[dict[str, object]]:
        return [
            {"id": str(person.agent), "name": person.name, "typing": person.typing_until > now}
            for _, person in sorted(self._threads.get(thread, {}).items())
            if person.here_until > now
        ]

    def find(self, thread: ThreadId, agent: AgentId) -> Person | None:
        return self._threads.get(thread, {}).get(agent)

    def __len__(self) -> int:
        """How many threads."""
        return len(self._threads)

    def _enter(self, place: Place, person: Person) -> None:
        self._threads.setdefault(place.thread, {})[person.agent] = person
        self._teams[place.thread] = place.team

    def _leave(self, thread: ThreadId, agent: AgentId) -> None:
        people = self._threads.get(thread, {})
        people.pop(agent, None)
        if not people:
            self._threads.pop(thread, None)
            self._teams.pop(thread, None)
