"""Open consoles as sockets: each an event stream over a raw protocol, so that thousands of them cost little.

They come from several loopback addresses, so that ten thousand do not use up one address's ports.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast

from bench.load import Request

SOURCES: Final = tuple(f"127.0.0.{last}" for last in range(2, 10))
AT_ONCE: Final = 100
"""Connections opened at the same time."""
PATIENCE: Final = 60.0
END: Final = b"\n\n"
"""Of a server-sent event."""


class Round:
    """One thing that every console is to hear: an event, or a comment, that has these bytes in it."""

    def __init__(self, mark: bytes, listeners: int) -> None:
        self.mark = mark
        self.frame = b""
        """As the first one got it."""
        self._left = listeners
        self._heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(self, data: bytes) -> None:
        self.frame = self.frame or data
        self._left -= 1
        if not self._left:
            self._heard.set_result(time.perf_counter())

    async def heard_by_all(self) -> float:
        """When the last one had its last byte (perf_counter)."""
        async with asyncio.timeout(PATIENCE):
            return await self._heard


class Listener(asyncio.Protocol):
    """One console."""

    __slots__ = ("_data", "_opened", "_round", "_transport")

    def __init__(self, request: bytes, opened: asyncio.Future[None]) -> None:
        self._data = request
        self._opened: asyncio.Future[None] | None = opened
        self._round: Round | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._data)
        self._data = b""

    def data_received(self, data: bytes) -> None:
        if self._opened is not None:
            self._open(data)
        elif self._round is not None:
            self._data += data
            if self._round.mark in self._data and self._data.endswith(END):
                self._round.hear(self._data)
                self._round, self._data = None, b""

    def _open(self, data: bytes) -> None:
        self._data += data
        head, _, body = self._data.partition(b"\r\n\r\n")
        if self._opened is not None and body.endswith(END):
            if b" 200 " in head.partition(b"\r\n")[0]:
                self._opened.set_result(None)
            else:
                self._opened.set_exception(RuntimeError(head.decode()))
            self._opened, self._data = None, b""

    def connection_lost(self, exc: Exception | None) -> None:
        if self._round is not None:
            raise RuntimeError("a console was cut off")

    def listen(self, to: Round) -> None:
        self._round, self._data = to, b""

    def close(self) -> None:
        self._round = None
        if self._transport is not None:
            self._transport.abort()


def asking(session: str) -> bytes:
    """A console's request for its stream."""
    path, cookie = "/api/agent/v1/events", f"teamline_session={session}"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nCookie: {cookie}\r\n\r\n".encode()


async def open_streams(address: tuple[str, int], requests: Sequence[bytes]) -> list[Listener]:
    """One for each request; returns when each has begun."""
    listeners: list[Listener] = []
    for start in range(0, len(requests), AT_ONCE):
        some = enumerate(requests[start : start + AT_ONCE], start)
        async with asyncio.timeout(PATIENCE):
            listeners += await asyncio.gather(*(_open(address, n, request) for n, request in some))
    return listeners


async def _open(address: tuple[str, int], number: int, request: bytes) -> Listener:
    loop = asyncio.get_running_loop()
    opened = loop.create_future()
    source = (SOURCES[number % len(SOURCES)], 0)
    _, listener = await loop.create_connection(lambda: Listener(request, opened), *address, local_addr=source)
    await opened
    return listener


def begin(mark: bytes, listeners: Iterable[Listener]) -> Round:
    """From now on they listen for it."""
    everyone = list(listeners)
    to = Round(mark, len(everyone))
    for listener in everyone:
        listener.listen(to)
    return to


class Caller(asyncio.Protocol):
    """A connection for one request after another, each answered 2xx."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answered is not None and data.startswith(b"HTTP/"):
            if data[9:10] == b"2":
                self._answered.set_result(time.perf_counter())
            else:
                self._answered.set_exception(RuntimeError(data.partition(b"\r\n")[0].decode()))
            self._answered = None

    def call(self, request: Request) -> asyncio.Future[float]:
        """When its answer came (perf_counter)."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request.wire)
        return self._answered

    def close(self) -> None:
        self._transport.abort()


@asynccontextmanager
async def calling(address: tuple[str, int]) -> AsyncIterator[Caller]:
    _, caller = await asyncio.get_running_loop().create_connection(Caller, *address)
    try:
        yield caller
    finally:
        caller.close()
