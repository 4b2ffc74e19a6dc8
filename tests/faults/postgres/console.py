"""An agent's console as far as its stream goes: it follows one node, and goes on at another with Last-Event-ID."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import cycle, islice
from typing import Final, Self

import aiohttp

from gateway.domain.message import TeamId
from gateway.feed.cursor import decode
from tests.faults.desk import BASE
from tests.faults.postgres.site import Balanced
from tests.gateway_process import GatewayProcess
from tests.processes import until

TEAM: Final = TeamId("denver")
PAUSE: Final = 0.05
"""Seconds before it connects again: what an EventSource does after one."""


class Console:
    """`seen` are the places of the team's events in the order they came; `streams` counts those that were opened."""

    def __init__(self, desk: Balanced, node: GatewayProcess) -> None:
        self.seen: list[int] = []
        self.kinds: list[str] = []
        self.streams = 0
        self._desk, self._node = desk, node
        self.first = 0
        """The place where it began: that of its list."""
        self._cursor = ""

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Self]:
        """It has its stream by then."""
        self._cursor = await until(self._place)
        self.first = decode(self._cursor)[TEAM]
        task = asyncio.create_task(self.follow())
        try:
            await until(self._has_stream)
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def follow(self) -> None:
        """Until it is canceled."""
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                await self._follow_one()
            await asyncio.sleep(PAUSE)

    async def hears(self, kind: str, times: int) -> None:
        async def ask() -> bool:
            return self.kinds.count(kind) >= times

        await until(ask)

    async def has_seen_all(self, head: int) -> None:
        """Wait for the log's end; every event up to it came once and in order."""

        async def ask() -> bool:
            return head in self.seen

        await until(ask)
        assert list(range(self.first + 1, self.seen[-1] + 1)) == self.seen

    async def _place(self) -> str | None:
        """Where the list stands, if it is to be had."""
        inbox = await self._desk.ask("GET", "/threads?view=all")
        return inbox.json["feed"] if inbox.status == 200 else None

    async def _has_stream(self) -> bool:
        return self.streams > 0

    async def _follow_one(self) -> None:
        node = self._node if self._node.listening.is_set() else self._desk.next_node()
        headers = {"Authorization": f"Bearer {node.token}", "Last-Event-ID": self._cursor}
        forever = aiohttp.ClientTimeout(total=None, sock_read=20)
        async with self._desk.http.get(f"{node.url}{BASE}/events", headers=headers, timeout=forever) as stream:
            if stream.status != 200:
                return
            self.streams += 1
            async for line in stream.content:
                self._hear(line.decode().rstrip("\n"))

    def _hear(self, line: str) -> None:
        """An id stands before its event, so that half an event moves no cursor: it counts with the empty line."""
        name, _, value = line.partition(": ")
        if name == "id":
            self._next = value
        elif name == "event":
            self._kind = value
        elif not line and self._next:
            self._cursor, self._next = self._next, ""
            self.kinds.append(self._kind)
            self.seen.append(decode(self._cursor)[TEAM])

    _next = ""
    _kind = ""


@asynccontextmanager
async def consoles(desk: Balanced, count: int) -> AsyncIterator[list[Console]]:
    """All of them follow, each another node in turn."""
    nodes = islice(cycle(desk.nodes), count)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Console(desk, node).following()) for node in nodes]
