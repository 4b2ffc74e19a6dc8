"""The feed: read each team's log once, encode once, write the same bytes to everyone who may see them.

This file owns who is listening on this node and how far each team's log was dispatched. It holds no truth: a stream
starts from a cursor, catches up from the database, and only then joins the others at exactly the place they are at. A
reader that is too slow is cut off, and resumes by its cursor without a gap or a repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.errors import Misuse, Unavailable
from gateway.feed import watch
from gateway.feed.cursor import decode
from gateway.feed.encode import News, news_after
from gateway.feed.hubs import Hubs
from gateway.feed.meeting import EVERY as MEET
from gateway.feed.meeting import Meeting
from gateway.feed.presence import Place, Presence, State
from gateway.feed.standing import Standings
from gateway.feed.stream import Desk, Stream
from gateway.feed.watch import Watch
from gateway.files.links import Links
from gateway.store import credentials, events
from gateway.store.doorbell import Doorbell
from gateway.store.events import Audience, Heads
from gateway.store.store import Store, Tx
from gateway.store.trouble import Trouble
from gateway.store.visitors import Token, Visitor

POLL: Final = 1.0
"""Seconds after which the logs are read though no bell rang."""
STANDING: Final = 0.5
"""Seconds between two looks at who may still listen: a revoked session's streams end within a second, on any node."""
HEARTBEAT: Final = 15.0
"""Seconds between comments that keep proxies from closing an idle stream."""
FAR_BEHIND: Final = 5_000
"""Events of one team past which a client is told to read its lists again instead of being told each."""
MOST_STREAMS: Final = 20_000
"""Of people, and as many again of customers: neither can keep the others out."""


class Feed:
    """Everyone who listens on this node."""

    def __init__(
        self,
        store: Store,
        doorbell: Doorbell,
        clock: Callable[[], int],
        most_streams: int = MOST_STREAMS,
        links: Links | None = None,
        *,
        alone: bool = True,
    ) -> None:
        self._store = store
        self._ear = doorbell.listen()
        self._clock = clock
        self._most = most_streams
        self._links = links
        self._hubs = Hubs(links, self.leave)
        self._standings = Standings(store, clock)
        self._presence = Presence()
        self._meeting = None if alone else Meeting(store, self._presence, clock)
        self._followers: dict[TeamId, int] = {}
        self.positions: Heads = {}
        """How far each followed team's log was dispatched here."""
        self.dispatched = Doorbell()
        """Rings when they have moved."""
        self._tasks: list[asyncio.Task[None]] = []
        self._reading = Trouble("feed.read_failed", "feed.reads_again")
        self._asking = Trouble("feed.standing_unknown", "feed.standing_known")
        self._meeting_trouble = Trouble("feed.presence_unknown", "feed.presence_known")

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(loop()) for loop in (self._follow, self._watch_standing, self._beat, self._meet)
        ]

    async def close(self) -> None:
        """End every stream; their clients resume elsewhere or later."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.end_all()

    def end_all(self) -> None:
        self._standings.end_all()

    def __len__(self) -> int:
        return len(self._standings.desks) + len(self._standings.watches)

    async def open(self, secret: bytes, cursor: str | None) -> Desk:
        """A stream for the person behind a hashed session or token. Raises Unauthenticated, Malformed, Unavailable."""
        self._refuse_too_many(len(self._standings.desks))
        asked = decode(cursor) if cursor is not None else None
        standing, audience, heads = await self._store.read(_standing, secret, self._clock())
        start, lost = _start(asked, heads)
        stream = Desk(self, secret, standing, audience, start, resync=lost)
        self._enter(stream, heads)
        return stream

    async def watch(self, token: Token, cursor: str | None) -> Watch:
        """A stream for a customer, on their own thread. Raises Unauthenticated, Malformed, Unavailable."""
        self._refuse_too_many(len(self._standings.watches))
        asked = decode(cursor) if cursor is not None else None
        visitor, heads = await self._store.read(watch.opening, token, self._clock())
        start, lost = _start(asked, heads)
        stream = Watch(self, visitor, start, resync=lost and visitor.thread is not None)
        self._enter(stream, heads)
        return stream

    def _refuse_too_many(self, open_: int) -> None:
        if open_ >= self._most:
            raise Unavailable("too many streams are open on this node", retry_after=5)

    def _enter(self, stream: Stream, heads: Heads) -> None:
        self._standings.add(stream)
        for team, head in heads.items():
            self._followers[team] = self._followers.get(team, 0) + 1
            self.positions.setdefault(team, head)

    async def has_begun(self, visitor: Visitor) -> bool:
        return await self._store.read(watch.has_begun, visitor, self._clock())

    def behind(self, positions: Heads) -> Heads:
        """Those of the places that the others here have passed."""
        return {team: seq for team, seq in positions.items() if seq < self.positions[team]}

    def ahead(self, positions: Heads) -> bool:
        """Whether one of the places is one that the others here have yet to reach."""
        return any(seq > self.positions[team] for team, seq in positions.items())

    async def read(self, positions: Heads) -> list[News]:
        return await self._store.read(news_after, positions, self._links)

    async def read_own(self, visitor: Visitor, after: int, through: int) -> list[tuple[int, bytes]]:
        return await self._store.read(watch.own_news, visitor, after, through, self._links)

    def join(self, stream: Stream) -> None:
        """Only synchronously after neither `behind` nor `ahead`, so that nothing is dispatched in between."""
        if self.behind(stream.positions) or self.ahead(stream.positions):
            raise Misuse("a stream joined before it had caught up")
        self._hubs.add(stream)

    def leave(self, stream: Stream) -> None:
        """Forget a stream, whether it ran or was only opened; more than once does no harm."""
        if not self._standings.discard(stream):
            return
        self._hubs.discard(stream)
        for team in stream.positions:
            self._followers[team] -= 1
            if not self._followers[team]:
                del self._followers[team], self.positions[team]

    async def _follow(self) -> None:
        while True:
            await self._ear.heard(POLL)
            with self._reading.told():  # the timer or the next bell tries again
                while self.positions and (news := await self.read(dict(self.positions))):
                    self._dispatch(news)

    def _dispatch(self, news: list[News]) -> None:
        for item in news:
            if self.positions.get(item.team) != item.seq - 1:
                continue  # nobody follows this team any more, or somebody does again from a later place
            self.positions[item.team] = item.seq
            self._hubs.dispatch(item, self.positions)
        self.dispatched.ring()

    async def say(self, place: Place, agent: AgentId, name: str, state: State) -> list[dict[str, object]]:
        """Take a client's word that somebody is in a thread, typing there or gone; who is there now, on all nodes.
        Raises Unavailable."""
        if self._presence.say(place, agent, name, state, self._clock()):
            self._tell([place])
        if self._meeting is not None:
            self._meeting.note(place, agent)
            if self._meeting.is_stale:
                self._tell(await self._meeting.exchange())
        return self._presence.people(place.thread, self._clock())

    def _tell(self, places: Iterable[Place]) -> None:
        """Who is in a thread has changed: say so to everyone who may see it. It is in no log, and moves no cursor."""
        for place in places:
            self._hubs.tell(place.team, place.thread, self._presence.frame(place, self._clock()))

    async def _meet(self) -> None:
        """Hear from the other nodes who is where, while that concerns anybody here."""
        while self._meeting is not None:
            await asyncio.sleep(MEET)
            if self._standings.desks or self._meeting.has_news or len(self._presence):
                with self._meeting_trouble.told():
                    self._tell(await self._meeting.exchange())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            await self._hubs.beat()

    async def _watch_standing(self) -> None:
        """A stream does not outlive its session, nor a change of what its person may see."""
        while True:
            await asyncio.sleep(STANDING)
            self._tell(self._presence.expire(self._clock()))
            with self._asking.told():
                await self._standings.check()


def _start(asked: Mapping[TeamId, int] | None, heads: Heads) -> tuple[Heads, bool]:
    """Where a stream starts in each log, and whether its client must read its lists again first: a place that is too
    far behind, or in another log, is not caught up from."""
    start = dict(heads) if asked is None else {team: asked.get(team, -1) for team in heads}
    lost = [team for team, seq in start.items() if not max(0, heads[team] - FAR_BEHIND) <= seq <= heads[team]]
    return start | {team: heads[team] for team in lost}, bool(lost)


async def _standing(tx: Tx, secret: bytes, now: int) -> tuple[events.Standing, Audience, Heads]:
    principal = await credentials.authenticate(tx, secret, now)
    audience, heads = await events.audience(tx, principal.agent)
    standing = (await events.still_good(tx, [secret], now))[secret]
    return standing, audience, heads
