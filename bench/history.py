"""Years of conversations, made up: the rows of the large database, by table.

Real texts where there are some, and two words that nobody wrote: RARE is in a few messages of every team, and ELSEWHERE
is common in all teams but the first three. NOWHERE is in none.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

from bench.forms import OURS
from bench.people import Person
from bench.texts import texts
from gateway.domain import search
from gateway.domain.chain import START, link_hash
from gateway.domain.event import SYSTEM
from gateway.domain.message import digest
from gateway.http.passwords import hash_password
from gateway.store.credentials import secret_hash

Rows = dict[str, list[tuple[Any, ...]]]

TEAMS: Final = tuple(f"team-{number:02}" for number in range(50))
RARE, ELSEWHERE, NOWHERE = "zephyr", "monsoon", "quetzal"
PASSWORD: Final = "a password for benchmarks"
ONE, THREE, ALL = (
    Person("one", TEAMS[:1]),
    Person("three", TEAMS[:3]),
    Person("all", (), "admin"),
)
"""Who looks: an agent of one team, one of three, and an admin of all."""
WRITERS: Final = tuple(Person(f"writer{number:02}", (team,)) for number, team in enumerate(TEAMS))
PEOPLE: Final = (ONE, THREE, ALL, *WRITERS)
FROM: Final = 1_700_000_000_000_000
"""Microseconds since 1970: when the first customer wrote."""
STEP: Final = 60_000_000
"""Between two messages of the whole company."""
SKEW: Final = 3
"""How much longer the long threads are: 1 would make them all alike."""

COLUMNS: Final = {
    "customer": "id, team_id, created_at",
    "identity": "id, customer_id, kind, address, created_at",
    "thread": "id, customer_id, team_id, created_at, last_message_id, last_line_id, in_count, claimed_by, claimed_at",
    "line": "id, identity_id, channel, endpoint, thread_id, created_at",
    "reach": "thread_id, holder, waiting_since, last_at",
    "message": "id, team_id, thread_id, direction, identity_id, line_id, channel, agent_id, credential_id, body, salt, "
    "provider_id, at",
    "message_words": "id, words",
    "customer_words": "id, words",
    "delivery": "team_id, thread_id, message_id, identity_id, channel, endpoint, state, provider_id, updated_at",
    "authorship": "team_id, seq, message_id, agent_id, credential_id, digest, prev, hash",
    "event": "team_id, seq, thread_id, kind, at, data",
    "team": "id, event_seq, chain_seq, chain_hash",
    "agent": "id, login, name, display_name, role, password_hash, created_at",
    "agent_team": "agent_id, team_id",
    "credential": "id, agent_id, kind, secret_hash, may_reply, created_at",
}
"""Each table's columns, in the order of its rows."""


class Thread:
    """How one thread stands."""

    __slots__ = ("id", "in_count", "last", "last_at", "team", "waiting_since")

    def __init__(self, number: int, team: int) -> None:
        self.id, self.team = number, team
        self.in_count, self.last, self.last_at = 0, 0, 0
        self.waiting_since: int | None = None

    @property
    def address(self) -> str:
        return f"+1{2_020_000_000 + self.id}"


class History:
    """Deals messages out to threads, in order of time, and keeps every count that the database keeps."""

    def __init__(self, chance: random.Random, threads: int, messages: int) -> None:
        self._chance, self._threads, self._messages = chance, threads, messages
        self._texts = texts()
        self._words = {text: search.words(text) for text in (*self._texts, RARE, ELSEWHERE)}
        self._of_team: list[list[Thread]] = [[] for _ in TEAMS]
        self._events, self._links = [0] * len(TEAMS), [0] * len(TEAMS)
        self._chains = [START] * len(TEAMS)
        self._opened = 0

    def people(self) -> Rows:
        """Everyone, each with a session, whose id is the person's."""
        password = hash_password(PASSWORD)
        rows: Rows = {"agent": [], "credential": [], "agent_team": []}
        for id_, person in enumerate(PEOPLE, 1):
            name = person.login.title()
            rows["agent"].append((id_, person.login, name, name, person.role, password, FROM))
            rows["credential"].append((id_, id_, "session", secret_hash(person.session), 1, FROM))
            rows["agent_team"] += [(id_, team) for team in person.teams]
        return rows

    def messages(self) -> Iterator[Rows]:
        for number in range(1, self._messages + 1):
            left = self._messages - number + 1
            ahead = self._threads - self._opened
            if not self._opened or self._chance.random() < 2 * ahead / left:
                yield self._first(number)
            else:
                yield self._next(number)

    def states(self) -> Rows:
        """How it all stands in the end: teams, threads and who may see them."""
        rows: Rows = {"team": [(SYSTEM, 0, 0, START)], "thread": [], "reach": []}
        for number, team in enumerate(TEAMS):
            rows["team"].append((team, self._events[number], self._links[number], self._chains[number]))
            for thread in self._of_team[number]:
                claim = (_writer(number), thread.last_at) if self._chance.random() < 0.05 else (None, None)
                facts = (FROM, thread.last, thread.id, thread.in_count, *claim)
                rows["thread"].append((thread.id, thread.id, team, *facts))
                rows["reach"].append((thread.id, f"team:{team}", thread.waiting_since, thread.last_at))
        return rows

    def _first(self, number: int) -> Rows:
        """A customer writes for the first time."""
        self._opened += 1
        thread = Thread(self._opened, self._opened % len(TEAMS))
        self._of_team[thread.team].append(thread)
        id_, team, at = thread.id, TEAMS[thread.team], FROM + number * STEP
        words = search.document(team, id_, search.number_words(thread.address))
        return self._in(thread, number) | {
            "customer": [(id_, team, at)],
            "identity": [(id_, id_, "sms", thread.address, at)],
            "line": [(id_, id_, "sms", OURS, id_, at)],
            "customer_words": [(id_, words)],
        }

    def _next(self, number: int) -> Rows:
        threads = self._chance.choice(self._of_team)
        while not threads:
            threads = self._chance.choice(self._of_team)
        thread = threads[int(len(threads) * self._chance.random() ** SKEW)]
        answered = thread.waiting_since is not None and self._chance.random() < 0.6
        return self._out(thread, number) if answered else self._in(thread, number)

    def _in(self, thread: Thread, number: int) -> Rows:
        at = FROM + number * STEP
        thread.in_count += 1
        thread.waiting_since = thread.waiting_since or at
        body, words = self._text(thread.team)
        message = (thread.id, thread.id, "sms", None, None, body, None, f"SM{number}", at)
        return self._rows(thread, number, "in", message, words, "message.received", {"message": number})

    def _out(self, thread: Thread, number: int) -> Rows:
        at, writer, team = FROM + number * STEP, _writer(thread.team), TEAMS[thread.team]
        thread.waiting_since = None
        body, words = self._text(thread.team)
        salt = number.to_bytes(16, "big")
        proof = digest(salt, body, "session", thread.id, "sms", thread.address, "sms", OURS, at)
        prev = self._chains[thread.team]
        self._links[thread.team] += 1
        link = self._links[thread.team]
        self._chains[thread.team] = link_hash(prev, team, link, number, writer, writer, proof)
        message = (thread.id, thread.id, "sms", writer, writer, body, salt, None, at)
        rows = self._rows(thread, number, "out", message, words, "message.sent", {"message": number, "by": writer})
        chain = (team, link, number, writer, writer, proof, prev, self._chains[thread.team])
        delivery = (team, thread.id, number, thread.id, "sms", OURS, "delivered", f"SO{number}", at)
        return rows | {"authorship": [chain], "delivery": [delivery]}

    def _rows(
        self,
        thread: Thread,
        number: int,
        direction: str,
        message: tuple[Any, ...],
        words: list[str],
        kind: str,
        data: dict[str, int],
    ) -> Rows:
        team, at = TEAMS[thread.team], FROM + number * STEP
        thread.last, thread.last_at = number, at
        self._events[thread.team] += 1
        return {
            "message": [(number, team, thread.id, direction, *message)],
            "message_words": [(number, search.document(team, number, words))],
            "event": [(team, self._events[thread.team], thread.id, kind, at, json.dumps(data))],
        }

    def _text(self, team: int) -> tuple[str, list[str]]:
        text = self._chance.choice(self._texts)
        words = self._words[text]
        if self._chance.random() < 0.0001:
            return f"{text} {RARE}", [*words, RARE]
        if team >= len(THREE.teams) and self._chance.random() < 0.05:
            return f"{text} {ELSEWHERE}", [*words, ELSEWHERE]
        return text, words


def _writer(team: int) -> int:
    """The id of who answers for a team, and of their session."""
    return len(PEOPLE) - len(WRITERS) + team + 1
