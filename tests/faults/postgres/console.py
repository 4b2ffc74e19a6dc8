"""An agent's console as far as its stream goes: it follows one node, and goes on at another with Last-Event-ID."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiohttp

from gateway.domain.message import TeamId
from gateway.feed.cursor import decode
from tests.faults.desk import BASE
from tests.faults.postgres.site import Balanced
from tests.gateway_process import until

TEAM: Final = TeamId("denver")
PAUSE: Final = 0.05
"""Seconds before it connects again: what an EventSource does after one."""


class Console:
    """`seen` are the places of the team's events in the order they came; `streams` counts those that were opened."""

    def __init__(self, desk: Balanced) -> None:
        self.seen: list[int] = []
        self.kinds: list[str] = []
        self.streams = 0
        self._desk = desk
        self._cursor: str | None = None

    async def follow(self) -> None:
        """Until it is canceled."""
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                await self._follow_one()
            await asyncio.sleep(PAUSE)

    async def reaches(self, place: int) -> None:
        await until(lambda: self._has(place))

    async def _has(self, place: int) -> bool:
        return place in self.seen

    async def _follow_one(self) -> None:
        node = self._desk.next_node()
        headers = {"Authorization": f"Bearer {node.token}"}
        if self._cursor is not None:
            headers["Last-Event-ID"] = self._cursor
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
    """All of them follow, one node each in turn."""
    watching = [Console(desk) for _ in range(count)]
    tasks = [asyncio.create_task(console.follow()) for console in watching]
    try:
        await until(lambda: _all_follow(watching))
        yield watching
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_follow(watching: list[Console]) -> bool:
    return all(console.streams for console in watching)
