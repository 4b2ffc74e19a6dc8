"""What is asked of the large database: every view at every depth, as each of three people."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.database import Database
from bench.history import ALL, ELSEWHERE, NOWHERE, ONE, RARE, THREE
from bench.large import MESSAGES
from bench.people import Person, now
from gateway.actions import view
from gateway.domain.message import ThreadId
from gateway.http.agent_api import BASE, cursor_of
from gateway.store.credentials import secret_hash
from gateway.store.inbox import Place, View
from gateway.store.store import Store

LIMIT: Final = 50
HITS: Final = 30
"""Rows of a page, and messages of a search: what the console asks for."""
LONGEST: Final = 20
"""Threads whose pages are asked for: those with the deepest pages."""
WORDS: Final = {
    "a common word": ("call", "love", "home", "good"),
    "a rare word": (RARE,),
    "a word that only other teams have": (ELSEWHERE,),
    "a word that nobody wrote": (NOWHERE,),
    "two common words": ("good night", "love you", "call me", "what time"),
    "the beginning of a word": ("ca", "lo", "th", "wo"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: as the store is asked it, and as a client does. `now` comes last among the arguments."""

    query: Callable[..., Any]
    arguments: tuple[Any, ...]
    path: str
    asked: dict[str, str]


@dataclass
class Case:
    """Questions of one kind."""

    kind: str
    name: str
    person: Person
    asks: list[Ask]
    rows: int = 0
    """In the answer to the last of them."""


@dataclass(frozen=True)
class _Desk:
    """One person at the large database."""

    store: Store
    database: Database
    person: Person
    chance: random.Random
    times: int
    found: list[Case] = field(default_factory=list)

    @property
    def secret(self) -> bytes:
        return secret_hash(self.person.session)

    async def add(self, kind: str, name: str, asks: Sequence[Ask]) -> None:
        last = await self.store.read(asks[-1].query, *asks[-1].arguments, now())
        items = last.messages if isinstance(last, view.Found) else last.items
        self.found.append(Case(kind, name, self.person, list(asks), len(items)))

    async def inbox(self, name: View) -> None:
        places = await self._places(name)
        depths: dict[str, list[Place | None]] = {"first page": [None] * self.times}
        for depth, share in (("in the middle", 0.5), ("near the end", 0.97)):
            near = [
                int(len(places) * min(0.99, max(0.0, share + self.chance.uniform(-0.02, 0.02))))
                for _ in range(self.times)
            ]
            depths[depth] = [places[position] for position in near] if places else []
        for depth, starts in depths.items():
            if starts:
                await self.add("inbox page", f"{name}, {depth}", [self._inbox(name, start) for start in starts])

    def _inbox(self, name: View, start: Place | None) -> Ask:
        asked = {"view": name, "limit": str(LIMIT)} | ({"cursor": cursor_of(name, start)} if start else {})
        return Ask(view.inbox_page, (self.secret, name, None, start, LIMIT), f"{BASE}/threads", asked)

    async def threads(self) -> None:
        longest = await self._longest()
        any_ = self.chance.choices(longest, k=self.times)
        await self.add("thread page", "newest", [self._thread(thread, None) for thread in any_])
        for depth, share in (("in the middle", 0.5), ("oldest", 0.0)):
            asks = []
            for thread in any_:
                ids = await self._column(f"SELECT id FROM message WHERE thread_id = {thread} ORDER BY id")
                asks.append(self._thread(thread, ids[min(len(ids) - 1, max(LIMIT, int(len(ids) * share)))]))
            await self.add("thread page", depth, asks)

    def _thread(self, thread: int, before: int | None) -> Ask:
        window = view.Window(before, None, LIMIT, notes=True, events=True)
        asked = {"limit": str(LIMIT), "include": "notes,events"} | ({"before": str(before)} if before else {})
        path = f"{BASE}/threads/{thread}/messages"
        return Ask(view.messages_page, (self.secret, ThreadId(thread), window), path, asked)

    async def searches(self) -> None:
        for name, words in WORDS.items():
            asks = [self._search(self.chance.choice(words), None) for _ in range(self.times)]
            await self.add("search", f"{name}, first page", asks)
            asks = [self._search(self.chance.choice(words), self._old_message()) for _ in range(self.times)]
            await self.add("search", f"{name}, in the middle", asks)

    def _old_message(self) -> int:
        return int(MESSAGES * self.chance.uniform(0.48, 0.52))

    def _search(self, text: str, before: int | None) -> Ask:
        asked = {"q": text, "limit": str(HITS)} | ({"cursor": str(before)} if before else {})
        return Ask(view.search, (self.secret, text, before, HITS), f"{BASE}/search", asked)

    async def _places(self, name: View, at_most: int = 20_000) -> list[Place]:
        """Where pages of this view can begin, in its order: an even choice of all."""
        at = "waiting_since" if name == "waiting" else "last_at"
        own = self._own("reach")
        rows = await self.database.rows(f"SELECT reach.{at}, reach.thread_id {own} AND reach.{at} IS NOT NULL")
        places = sorted(((at, thread) for at, thread in rows), reverse=name != "waiting")
        return places[:: max(1, len(places) // at_most)]

    async def _longest(self) -> list[int]:
        own = self._own("reach JOIN thread ON thread.id = reach.thread_id")
        return await self._column(f"SELECT thread.id {own} ORDER BY thread.in_count DESC LIMIT {LONGEST}")

    async def _column(self, sql: str) -> list[int]:
        return [row[0] for row in await self.database.rows(sql)]

    def _own(self, table: str) -> str:
        """What they may see, asked past the gateway's store: a reader there has two seconds."""
        held = f"(SELECT holder FROM holding JOIN agent ON agent.id = agent_id WHERE login = '{self.person.login}')"
        return f"FROM {table} WHERE reach.holder IN {held}"


async def cases(store: Store, database: Database, chance: random.Random, times: int) -> list[Case]:
    """Everything that is asked, each case so many times."""
    found: list[Case] = []
    for person in (ONE, THREE, ALL):
        desk = _Desk(store, database, person, chance, times)
        await desk.inbox("waiting")
        await desk.inbox("all")
        await desk.threads()
        await desk.searches()
        found += desk.found
    return found
