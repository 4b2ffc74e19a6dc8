"""The feed: read each team's log once, encode once, write the same bytes to everyone who may see them.

This file owns who is listening on this node and how far each team's log was dispatched. It holds no truth: a stream
starts from a cursor, catches up from the database, and only then joins the others at exactly the place they are at. A
reader that is too slow is cut off, and resumes by its cursor without a gap or a repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from gateway.domain.message import TeamId, ThreadId
from gateway.errors import Misuse, Problem, Unavailable
from gateway.feed.cursor import decode
from gateway.feed.encode import News, news_after
from gateway.feed.presence import Presence
from gateway.feed.stream import Stream, concerns, frame
from gateway.store import credentials, events
from gateway.store.doorbell import Doorbell
from gateway.store.events import Audience, Heads
from gateway.store.store import Store, Tx

POLL: Final = 1.0
"""Seconds after which the logs are read though no bell rang, and within which a revoked session's stream ends."""
HEARTBEAT: Final = 15.0
"""Seconds between comments that keep proxies from closing an idle stream."""
SLOW: Final = 256 * 1024
"""Bytes waiting in one connection's write buffer at which its reader is cut off."""
FAR_BEHIND: Final = 5_000
"""Events of one team past which a client is told to read its lists again instead of being told each."""
MOST_STREAMS: Final = 20_000

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Feed:
    """Everyone who listens on this node."""

    def __init__(
        self, store: Store, doorbell: Doorbell, clock: Callable[[], int], most_streams: int = MOST_STREAMS
    ) -> None:
        self._store = store
        self._ear = doorbell.listen()
        self._clock = clock
        self._most = most_streams
        self._streams: set[Stream] = set()
        self.presence = Presence()
        self._hubs: dict[Audience, set[Stream]] = {}
        self._followers: dict[TeamId, int] = {}
        self.positions: Heads = {}
        """How far each followed team's log was dispatched here."""
        self.dispatched = Doorbell()
        """Rings when they have moved."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(loop()) for loop in (self._follow, self._watch_standing, self._beat)]

    async def close(self) -> None:
        """End every stream; their clients resume elsewhere or later."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.end_all()

    def end_all(self) -> None:
        for stream in list(self._streams):
            stream.end()

    def __len__(self) -> int:
        return len(self._streams)

    async def open(self, secret: bytes, cursor: str | None) -> Stream:
        """A stream for the person behind a hashed session or token. Raises Unauthenticated, Malformed, Unavailable."""
        if len(self._streams) >= self._most:
            raise Unavailable("too many streams are open on this node", retry_after=5)
        asked = decode(cursor) if cursor is not None else None
        standing, audience, heads = await self._store.read(_standing, secret, self._clock())
        start = dict(heads) if asked is None else {team: asked.get(team, -1) for team in heads}
        lost = [team for team, seq in start.items() if not max(0, heads[team] - FAR_BEHIND) <= seq <= heads[team]]
        stream = Stream(self, secret, standing, audience, start | {team: heads[team] for team in lost}, bool(lost))
        self._streams.add(stream)
        for team, head in heads.items():
            self._followers[team] = self._followers.get(team, 0) + 1
            self.positions.setdefault(team, head)
        return stream

    def behind(self, positions: Heads) -> Heads:
        """Those of the places that the others here have passed."""
        return {team: seq for team, seq in positions.items() if seq < self.positions[team]}

    def ahead(self, positions: Heads) -> bool:
        """Whether one of the places is one that the others here have yet to reach."""
        return any(seq > self.positions[team] for team, seq in positions.items())

    async def read(self, positions: Heads) -> list[News]:
        return await self._store.read(news_after, positions)

    def join(self, stream: Stream) -> None:
        """Only synchronously after neither `behind` nor `ahead`, so that nothing is dispatched in between."""
        if self.behind(stream.positions) or self.ahead(stream.positions):
            raise Misuse("a stream joined before it had caught up")
        self._hubs.setdefault(stream.audience, set()).add(stream)

    def leave(self, stream: Stream) -> None:
        """Forget a stream, whether it ran or was only opened; more than once does no harm."""
        if stream not in self._streams:
            return
        self._streams.discard(stream)
        hub = self._hubs.get(stream.audience, set())
        hub.discard(stream)
        if not hub:
            self._hubs.pop(stream.audience, None)
        for team in stream.positions:
            self._followers[team] -= 1
            if not self._followers[team]:
                del self._followers[team], self.positions[team]

    async def _follow(self) -> None:
        while True:
            await self._ear.heard(POLL)
            try:
                while self.positions and (news := await self.read(dict(self.positions))):
                    self._dispatch(news)
            except Problem as problem:
                log.warning("feed.read_failed", problem=problem.slug)  # the timer or the next bell tries again

    def _dispatch(self, news: list[News]) -> None:
        for item in news:
            if self.positions.get(item.team) != item.seq - 1:
                continue  # nobody follows this team any more, or somebody does again from a later place
            self.positions[item.team] = item.seq
            for audience, hub in list(self._hubs.items()):
                if hub and concerns(item, audience):
                    self._write(hub, frame(item, {team: self.positions[team] for team in _logs(hub)}))
        self.dispatched.ring()

    def tell(self, team: TeamId, thread: ThreadId) -> None:
        """Who is in a thread has changed: say so to everyone who may see it. It is in no log, and moves no cursor."""
        data = self.presence.frame(team, thread, self._clock())
        for audience, hub in list(self._hubs.items()):
            if team in audience.teams or thread in audience.guest_threads:
                self._write(hub, data)

    def _write(self, hub: set[Stream], data: bytes) -> None:
        for stream in list(hub):
            if stream.pipe is None or stream.pipe.buffered() > SLOW:
                self._cut(stream)
            else:
                stream.pipe.write(data)

    def _cut(self, stream: Stream) -> None:
        if stream.pipe is not None:
            stream.pipe.cut()
        self.leave(stream)
        stream.end()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for hub in list(self._hubs.values()):
                self._write(hub, b": still here\n\n")

    async def _watch_standing(self) -> None:
        """A stream does not outlive its session, nor a change of what its person may see."""
        while True:
            await asyncio.sleep(POLL)
            for team, thread in list(self.presence.expire(self._clock())):
                self.tell(team, thread)
            try:
                await self._check_standing()
            except Problem as problem:
                log.warning("feed.standing_unknown", problem=problem.slug)

    async def _check_standing(self) -> None:
        streams = list(self._streams)
        if not streams:
            return
        secrets = tuple({stream.secret for stream in streams})
        good = await self._store.read(events.still_good, secrets, self._clock())
        for stream in streams:
            standing = good.get(stream.secret)
            if standing is None or standing.reach_version != stream.reach_version:
                stream.end()


def _logs(hub: set[Stream]) -> Heads:
    """The logs that a hub's streams follow: the same for all, since they are of one audience."""
    return next(iter(hub)).positions


async def _standing(tx: Tx, secret: bytes, now: int) -> tuple[events.Standing, Audience, Heads]:
    principal = await credentials.authenticate(tx, secret, now)
    audience, heads = await events.audience(tx, principal.agent)
    standing = (await events.still_good(tx, [secret], now))[secret]
    return standing, audience, heads
