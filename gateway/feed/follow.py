"""The feed: read each team's log once, encode once, write the same bytes to everyone who may see them.

This file owns who is listening on this node and how far each team's log was dispatched. It holds no truth: a stream
starts from a cursor, catches up from the database, and only then joins the others at exactly the place they are at. A
reader that is too slow is cut off, and resumes by its cursor without a gap or a repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId, ThreadId
from gateway.errors import Misuse, Problem, Unavailable
from gateway.feed.cursor import decode, encode
from gateway.feed.encode import News, news_after
from gateway.feed.presence import Presence
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


class Pipe(Protocol):
    """One connection's way out."""

    def write(self, data: bytes, /) -> None:
        """To the transport at once."""

    def buffered(self) -> int:
        """Bytes that the client has not taken yet."""

    async def drain(self) -> None:
        """Wait until the client has taken most of it; raises ConnectionError when it is gone."""

    def cut(self) -> None:
        """Drop the connection without ceremony."""


class Stream:
    """One client's stream, from `open` to its end."""

    __slots__ = ("_ended", "_feed", "_positions", "_resync", "agent", "audience", "pipe", "reach_version", "secret")

    def __init__(
        self,
        feed: Feed,
        secret: bytes,
        standing: events.Standing,
        audience: Audience,
        positions: Heads,
        resync: bool,
    ) -> None:
        self._feed = feed
        self.secret = secret
        self.agent: AgentId = standing.agent
        self.reach_version = standing.reach_version
        self.audience = audience
        self._positions = positions
        self._resync = resync
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pipe: Pipe | None = None

    async def run(self, pipe: Pipe) -> None:
        """Catch up, then follow. Returns when the stream must end; the client then connects anew."""
        self.pipe = pipe
        try:
            pipe.write(b"retry: 1000\n\n")
            if self._resync:
                pipe.write(_resync(self._positions))
            await self._catch_up(pipe)
            if not self._ended.done():
                self._feed.join(self)
            await self._ended
        except ConnectionError:
            pipe.cut()
        finally:
            self._feed.leave(self)

    async def _catch_up(self, pipe: Pipe) -> None:
        """Read from the database up to the place that the others on this node are at; who is ahead of them, as after
        reading a list, waits until they have come there."""
        while not self._ended.done():
            dispatched = self._feed.dispatched.coming()
            if behind := self._feed.behind(self._positions):
                await self._read_on(pipe, behind)
            elif self._feed.ahead(self._positions):
                await asyncio.wait((dispatched, self._ended), return_when=asyncio.FIRST_COMPLETED)
            else:
                return

    async def _read_on(self, pipe: Pipe, behind: Heads) -> None:
        for news in await self._feed.read(behind):
            if news.seq <= self._feed.positions[news.team]:
                self._positions[news.team] = news.seq
                if concerns(news, self.audience):
                    pipe.write(frame(news, self._positions))
        await pipe.drain()

    def end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


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

    def abandon(self, stream: Stream) -> None:
        """Give up a stream that was opened and never run."""
        self.leave(stream)

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
        if self.behind(stream._positions) or self.ahead(stream._positions):  # noqa: SLF001  one idea in two classes
            raise Misuse("a stream joined before it had caught up")
        self._hubs.setdefault(stream.audience, set()).add(stream)

    def leave(self, stream: Stream) -> None:
        if stream not in self._streams:
            return
        self._streams.discard(stream)
        hub = self._hubs.get(stream.audience, set())
        hub.discard(stream)
        if not hub:
            self._hubs.pop(stream.audience, None)
        for team in stream._positions:  # noqa: SLF001
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


def concerns(news: News, audience: Audience) -> bool:
    """Whether this audience may have this event."""
    return (news.home and news.team in audience.teams) or news.thread in audience.guest_threads


def frame(news: News, positions: Heads) -> bytes:
    return b"id: " + encode(positions).encode() + b"\n" + news.body


def _resync(positions: Heads) -> bytes:
    return f'id: {encode(positions)}\nevent: resync\ndata: {{"kind":"resync"}}\n\n'.encode()


def _logs(hub: set[Stream]) -> Heads:
    """The logs that a hub's streams follow: the same for all, since they are of one audience."""
    return next(iter(hub))._positions  # noqa: SLF001


async def _standing(tx: Tx, secret: bytes, now: int) -> tuple[events.Standing, Audience, Heads]:
    principal = await credentials.authenticate(tx, secret, now)
    audience, heads = await events.audience(tx, principal.agent)
    standing = (await events.still_good(tx, [secret], now))[secret]
    return standing, audience, heads
