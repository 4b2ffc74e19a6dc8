"""The network between one browser and the gateway: it carries bytes, and can be cut.

It is a SOCKS 5 proxy (RFC 1928) on 127.0.0.1 that leads to one port, so that the browser keeps the gateway's own
origin. A cut breaks every connection at once, as a dropped link does; until it is mended each new one
breaks too. It changes nothing in what it carries.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, Self

_NO_PASSWORD: Final = b"\x05\x00"
_CONNECTED: Final = b"\x05\x00\x00\x01" + bytes(6)
_IPV4: Final = 1
BLOCK: Final = 65_536


class Cable:
    """`server` is its address for a browser's proxy setting."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.server = ""
        self._whole = True
        self._ends: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.server = f"socks5://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        await self._listener.wait_closed()

    def cut(self) -> int:
        """Returns how many connections that broke."""
        self._whole = False
        for end in self._ends:
            end.transport.abort()
        return len(self._ends) // 2

    def mend(self) -> None:
        self._whole = True

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it or it is cut."""
        self._ends.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if self._whole:
                await self._greet(reader, writer)
                await self._join(reader, writer)
        self._ends.discard(writer)
        writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection("127.0.0.1", self._port)
        self._ends.add(far)
        try:
            self._connected(writer)
            ways = [asyncio.create_task(_pour(reader, far)), asyncio.create_task(self._bring(far_reader, writer))]
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._ends.discard(far)
            far.transport.abort()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The handshake, up to the address that the browser wants to be led to."""
        methods = (await reader.readexactly(2))[1]
        await reader.readexactly(methods)
        writer.write(_NO_PASSWORD)
        kind = (await reader.readexactly(4))[3]
        length = 4 if kind == _IPV4 else (await reader.readexactly(1))[0]
        await reader.readexactly(length + 2)

    def _connected(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_CONNECTED)

    async def _bring(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """What comes back."""
        await _pour(source, sink)


class Tunnel(Cable):
    """The same for a program that knows no proxy: to it, `url` is the gateway."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.answers_to_lose = 0
        """So many requests get through, and break before an answer comes back."""

    @property
    def url(self) -> str:
        return self.server.replace("socks5", "http")

    async def _greet(self, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        """There is none."""

    def _connected(self, _writer: asyncio.StreamWriter) -> None:
        """Nobody has asked."""

    async def _bring(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while block := await source.read(BLOCK):
            if self.answers_to_lose:
                self.answers_to_lose -= 1
                sink.transport.abort()
                return
            sink.write(block)
            await sink.drain()
        sink.close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while block := await source.read(BLOCK):
            sink.write(block)
            await sink.drain()
    finally:
        sink.close()
