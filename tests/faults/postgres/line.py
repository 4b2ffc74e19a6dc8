"""The network between a node and its PostgreSQL server, on a port of its own: it can be slow, or swallow every byte.

What it swallows is not lost but late: TCP loses nothing. Connections stay open meanwhile, and new ones are taken, as
where a firewall drops packets or a server's machine hangs. It changes nothing in what it carries.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, Self

BLOCK: Final = 65_536


class Line:
    """Leads from `port` to the server's."""

    def __init__(self, server: int) -> None:
        self._server = server
        self.port = 0
        self.delay = 0.0
        """Seconds that each block takes each way."""
        self._passes = asyncio.Event()
        self._passes.set()
        self._ends: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        self._passes.set()
        for end in list(self._ends):
            end.transport.abort()
        await self._listener.wait_closed()

    def hold(self) -> None:
        """Nothing passes from now on."""
        self._passes.clear()

    def let_go(self) -> None:
        self._passes.set()

    @property
    def connections(self) -> int:
        return len(self._ends) // 2

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._passes.wait()
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._server)
            self._ends.add(far)
            ways = (self._pour(reader, far), self._pour(far_reader, writer))
            await asyncio.gather(*ways)
            self._ends.discard(far)
        except ConnectionError:
            pass
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while block := await source.read(BLOCK):
                    await asyncio.sleep(self.delay)
                    await self._passes.wait()
                    sink.write(block)
                    await sink.drain()
        finally:
            sink.transport.abort()
