"""The network between a store and its server: it carries bytes, and can be cut, also at a certain word."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")


def refusal(code: str) -> bytes:
    """What a server says instead of a welcome: an ErrorResponse.
    https://www.postgresql.org/docs/15/protocol-message-formats.html"""
    fields = b"".join(field.encode() + b"\0" for field in ("SFATAL", "VFATAL", f"C{code}", "Mnot now")) + b"\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


class Wire:
    """A proxy on 127.0.0.1 in front of the server of `target`; `url` leads to it."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.url = ""
        self.refuses = b""
        """What new connections are told, if anything."""
        self.cut_at = b""
        """What a client says when the wire breaks, if anything."""
        self.delivers = True
        """Whether the server still hears those words."""
        self.flows = asyncio.Event()
        """Cleared, nothing comes through, and nobody is told."""
        self.flows.set()
        self.opened = 0
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        self.url = self._target._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.flows.set()
        self._listener.close()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._listener.wait_closed()

    def cut(self) -> None:
        """Every connection breaks; new ones are taken."""
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.opened += 1
        self._ends.add(writer)
        with suppress(OSError):
            await self._meet(reader, writer)
        self._ends.discard(writer)
        writer.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.flows.wait()
        if self.refuses:
            if await reader.read(65_536) == _SSL_REQUEST:
                writer.write(b"N")
                await reader.read(65_536)
            writer.write(self.refuses)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        far_reader, far = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._ends.add(far)
        ways = [
            asyncio.create_task(self._pour(reader, far, is_client=True)),
            asyncio.create_task(self._pour(far_reader, writer, is_client=False)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        writer.transport.abort()
        far.close()
        await asyncio.gather(*ways, return_exceptions=True)
        self._ends.discard(far)

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_client: bool) -> None:
        while block := await source.read(65_536):
            await self.flows.wait()
            ends = is_client and bool(self.cut_at) and self.cut_at in block
            if self.delivers or not ends:
                sink.write(block)
                await sink.drain()
            if ends:
                self.cut_at = b""
                if self.delivers:
                    sink.write_eof()  # the server hears the words, and then that nobody is there
                return
