"""The event stream over HTTP: live, resumed, and ended when its session ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from gateway.actions import people
from tests.http.running import BASE, Desk


class Listener:
    """A client of the stream; `cursor` is what it would resume from."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.cursor = ""

    async def next(self) -> dict[str, Any]:
        """The next event, without comments and the like."""
        async with asyncio.timeout(10):
            while True:
                line = (await self.response.content.readline()).decode().rstrip("\n")
                if line.startswith("id: "):
                    self.cursor = line.removeprefix("id: ")
                if line.startswith("data: "):
                    event: dict[str, Any] = json.loads(line.removeprefix("data: "))
                    return event


async def _follow(desk: Desk, login: str, cursor: str | None = None) -> Listener:
    headers = {"Authorization": f"Bearer {desk.tokens[login]}"} | ({"Last-Event-ID": cursor} if cursor else {})
    response = await desk.http.get(f"{desk.url}{BASE}/events", headers=headers)
    assert 200 == response.status
    return Listener(response)


async def test_headers(desk: Desk) -> None:
    """A stream is raw bytes on a connection of its own, which no proxy may keep back."""
    listener = await _follow(desk, "ana")
    headers = listener.response.headers
    assert ("text/event-stream", "close", "no", "no-store") == tuple(
        headers[name] for name in ("Content-Type", "Connection", "X-Accel-Buffering", "Cache-Control")
    )
    assert not {"Transfer-Encoding", "Content-Length", "Content-Encoding"} & set(headers)
    listener.response.close()


async def test_live(desk: Desk) -> None:
    """Whoever may see a thread hears of its message, and nobody else does."""
    ana, ben = await _follow(desk, "ana"), await _follow(desk, "ben")
    await desk.text("for denver")
    await desk.text("for reno", sender="+17755550111", to="+17755550100")
    assert ("for denver", "for reno") == ((await ana.next())["message"]["body"], (await ben.next())["message"]["body"])
    ana.response.close()
    ben.response.close()


async def test_resume(desk: Desk) -> None:
    """A list's `feed` goes on exactly where the list stood, and an event's id exactly after that event."""
    _, inbox = await desk.call("ana", "GET", "/threads")
    await desk.text("one")
    await desk.text("two")
    first = await _follow(desk, "ana", inbox["feed"])
    assert "one" == (await first.next())["message"]["body"]
    first.response.close()
    again = await _follow(desk, "ana", first.cursor)
    assert "two" == (await again.next())["message"]["body"]
    again.response.close()


async def test_ends_with_its_credential(desk: Desk) -> None:
    """A stream ends when the person behind it is disabled."""
    listener = await _follow(desk, "ana")
    await desk.store.write(people.disable_agent, "ana", desk.clock())
    async with asyncio.timeout(10):
        assert (await listener.response.content.read()).startswith(b"retry: ")


async def test_client_leaves(desk: Desk) -> None:
    """A stream whose client has gone is let go."""
    listener = await _follow(desk, "ana")
    assert 1 == len(desk.deps.feed)
    listener.response.close()
    async with asyncio.timeout(10):
        while len(desk.deps.feed):  # noqa: ASYNC110  nothing rings when a stream is let go
            await asyncio.sleep(0)


async def test_refused(desk: Desk) -> None:
    """A stream that cannot begin is a problem document."""
    assert 401 == (await desk.call(None, "GET", "/events"))[0]
    assert 400 == (await desk.call("ana", "GET", "/events", headers={"Last-Event-ID": "nonsense!"}))[0]
