"""The client: keep-alive connections that send ready-made bytes. It must cost less than what it measures.

`flood` finds the highest rate: each connection sends its next request when it has its answer. `pace` sends on a
timetable, whatever the answers do, and counts a request's time from when it was due, so that a stall is not hidden by
the requests that it held up.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, cast

CONNECTIONS: Final = 64


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes over the wire, and what names it in the database."""

    key: str
    wire: bytes


@dataclass
class Result:
    """What came of a run; `latencies` in seconds."""

    seconds: float = 0.0
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    busy: float = 0.0
    """Share of its core that the client itself needed: near 1, it measures itself."""
    latencies: list[float] = field(default_factory=list)
    cost: float = 0.0
    """Processor seconds that the server needed for one answer, with what it did afterwards because of it."""

    @property
    def rate(self) -> float:
        """Answers a second. The bare handler gets the same requests again and again, so keys do not count them."""
        return (len(self.latencies) - self.refused) / self.seconds


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, done: Callable[[_Connection, int], None]) -> None:
        self._done = done
        self._answer = b""
        self.request: Request | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, request: Request, due: float) -> None:
        self.request, self.due = request, due
        self.transport.write(request.wire)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            status = int(head[9:12])
            self._answer = b""
            self._done(self, status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.request is not None:
            self._done(self, 0)


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.partition(b"\r\n")[0] or 0)


@asynccontextmanager
async def _connected(
    address: tuple[str, int], done: Callable[[_Connection, int], None], connections: int = CONNECTIONS
) -> AsyncIterator[list[_Connection]]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Connection(done), *address) for _ in range(connections)]
    try:
        yield [protocol for _, protocol in made]
    finally:
        for transport, _ in made:
            transport.abort()


async def flood(
    address: tuple[str, int], requests: Iterator[Request], seconds: float, connections: int = CONNECTIONS
) -> Result:
    """As many as the server takes. Returns when everything that was sent has been answered."""
    result, idle = Result(), asyncio.Event()
    under_way = 0
    end = 0.0

    def done(connection: _Connection, status: int) -> None:
        nonlocal under_way
        _note(result, connection, status)
        under_way -= 1
        if time.perf_counter() < end and status:
            start(connection)
        if not under_way:
            idle.set()

    def start(connection: _Connection) -> None:
        nonlocal under_way
        if (request := next(requests, None)) is not None:
            under_way += 1
            connection.send(request, time.perf_counter())

    async with _connected(address, done, connections) as opened:
        begin, spent = time.perf_counter(), time.process_time()
        end = begin + seconds
        for connection in opened:
            start(connection)
        await idle.wait()
        result.seconds = time.perf_counter() - begin
        result.busy = (time.process_time() - spent) / result.seconds
    return result


async def pace(address: tuple[str, int], requests: Sequence[Request], rate: float) -> Result:
    """These at this rate, however the server does."""
    result, finished = Result(), asyncio.Event()
    waiting: deque[tuple[Request, float]] = deque()
    free: list[_Connection] = []
    answered = 0

    def done(connection: _Connection, status: int) -> None:
        nonlocal answered
        _note(result, connection, status)
        answered += 1
        free.append(connection)
        send()
        if answered == len(requests):
            finished.set()

    def send() -> None:
        while waiting and free:
            free.pop().send(*waiting.popleft())

    async with _connected(address, done) as connections:
        free.extend(connections)
        begin = time.perf_counter()
        for number, request in enumerate(requests):
            due = begin + number / rate
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            waiting.append((request, due))
            send()
        await finished.wait()
        result.seconds = time.perf_counter() - begin
    return result


def _note(result: Result, connection: _Connection, status: int) -> None:
    assert connection.request is not None
    result.latencies.append(time.perf_counter() - connection.due)
    if 200 <= status < 300:
        result.acknowledged.add(connection.request.key)
    else:
        result.refused += 1
    connection.request = None
