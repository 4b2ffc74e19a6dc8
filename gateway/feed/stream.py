"""One client's stream: it catches up from the database, then joins the others, and ends when it must.

The bytes of an event are the same for everybody; only the id line in front tells where the logs of this audience stand.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from gateway.domain.author import AgentId
from gateway.feed.cursor import encode
from gateway.feed.encode import News
from gateway.store import events
from gateway.store.events import Audience, Heads

if TYPE_CHECKING:
    from gateway.feed.follow import Feed


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


class Stream(ABC):
    """One client's stream, from `open` to its end."""

    __slots__ = ("_ended", "_feed", "_resync", "pipe", "positions", "secret")

    def __init__(self, feed: Feed, secret: bytes, positions: Heads, *, resync: bool) -> None:
        self._feed = feed
        self.secret = secret
        self.positions = positions
        self._resync = resync
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pipe: Pipe | None = None

    async def run(self, pipe: Pipe) -> None:
        """Catch up, then follow. Returns when the stream must end; the client then connects anew."""
        self.pipe = pipe
        try:
            pipe.write(b"retry: 1000\n\n")
            if self._resync:
                pipe.write(_resync(self.positions))
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
            if behind := self._feed.behind(self.positions):
                await self._read_on(pipe, behind)
            elif self._feed.ahead(self.positions):
                await asyncio.wait((dispatched, self._ended), return_when=asyncio.FIRST_COMPLETED)
            else:
                return

    @abstractmethod
    async def _read_on(self, pipe: Pipe, behind: Heads) -> None:
        """Write what the database holds past these places and not past the others', and move the places on."""

    def end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


class Desk(Stream):
    """A person's: everything that they may see."""

    __slots__ = ("agent", "audience", "reach_version")

    def __init__(
        self,
        feed: Feed,
        secret: bytes,
        standing: events.Standing,
        audience: Audience,
        positions: Heads,
        *,
        resync: bool,
    ) -> None:
        super().__init__(feed, secret, positions, resync=resync)
        self.agent: AgentId = standing.agent
        self.reach_version = standing.reach_version
        self.audience = audience

    async def _read_on(self, pipe: Pipe, behind: Heads) -> None:
        for news in await self._feed.read(behind):
            if news.seq <= self._feed.positions[news.team]:
                self.positions[news.team] = news.seq
                if concerns(news, self.audience):
                    pipe.write(frame(news.body, self.positions))
        await pipe.drain()


def concerns(news: News, audience: Audience) -> bool:
    """Whether this audience may have this event."""
    return (news.home and news.team in audience.teams) or news.thread in audience.guest_threads


def frame(body: bytes, positions: Heads) -> bytes:
    return b"id: " + encode(positions).encode() + b"\n" + body


def _resync(positions: Heads) -> bytes:
    return f'id: {encode(positions)}\nevent: resync\ndata: {{"kind":"resync"}}\n\n'.encode()
