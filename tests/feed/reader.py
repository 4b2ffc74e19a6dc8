"""A client of the feed: reads what its stream writes, and can wait for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from gateway.feed.follow import Feed
from gateway.feed.stream import Stream

PATIENCE: Final = 20.0
"""Seconds until a wait is a failure."""


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    id: str
    kind: str
    data: dict[str, Any]


class Reader:
    """A `gateway.feed.follow.Pipe` that takes everything at once, or nothing while `stuck`."""

    def __init__(self) -> None:
        self.text = b""
        self.was_cut = False
        self.stuck = 0
        """Bytes that it pretends not to have taken."""
        self.free = asyncio.Event()
        self.free.set()
        self._news = asyncio.Event()

    def write(self, data: bytes, /) -> None:
        self.text += data
        self._news.set()

    def buffered(self) -> int:
        return self.stuck

    async def drain(self) -> None:
        await self.free.wait()

    def cut(self) -> None:
        self.was_cut = True
        self._news.set()

    @property
    def frames(self) -> list[Frame]:
        found = []
        for block in self.text.decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            if "event" in fields:
                found.append(Frame(fields["id"], fields["event"], json.loads(fields["data"])))
        return found

    @property
    def kinds(self) -> list[str]:
        return [frame.kind for frame in self.frames]

    @property
    def said(self) -> list[str]:
        """The ids of the messages that were told of, in order."""
        return [frame.data["message"]["id"] for frame in self.frames if frame.kind.startswith("message.")]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def listening(
    feed: Feed, secret: bytes, cursor: str | None = None
) -> AsyncIterator[tuple[Reader, asyncio.Task[None]]]:
    """A client with an open stream, and the task that ends when the stream does."""
    stream: Stream = await feed.open(secret, cursor)
    reader = Reader()
    task = asyncio.create_task(stream.run(reader))
    try:
        yield reader, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
