"""The files for nginx and HAProxy in deploy/: both programs take them, and what they do when a node misbehaves as no
gateway would on demand."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.feed.follow import HEARTBEAT
from tests.balancer_process import SHIPPED, balancer_process, configure
from tests.caddy_process import SITE, Front
from tests.processes import until

BALANCERS = [pytest.param(name, marks=pytest.mark.needs(name)) for name in SHIPPED]


class Node:
    """Answers requests with its name, or with nothing; says that it is ready, or not."""

    def __init__(self, name: str) -> None:
        self.name, self.is_ready, self.answers = name, True, True
        self.seen = Counter[str]()
        self.headers: dict[str, str] = {}
        self.news = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/events", self._events)
        app.router.add_route("*", "/", self._serve)
        return app

    async def _ready(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.is_ready else 503)

    async def _serve(self, request: web.Request) -> web.Response:
        await request.read()
        self.seen[request.method] += 1
        self.headers = dict(request.headers)
        if not self.answers:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text=self.name)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(f"data: {self.name}\n\n".encode())
        await self.news.wait()
        await response.write(b"data: later\n\n")
        return response


@pytest.mark.parametrize("name", BALANCERS)
def test_file_is_valid(name: str, tmp_path: Path) -> None:
    """Debian's nginx and HAProxy take the files as they are shipped, without a warning."""
    command = configure(name, tmp_path, (1, 2), 3, 4)
    checked = subprocess.run([*command, "-t" if name == "nginx" else "-c"], capture_output=True, text=True, check=False)
    said = checked.stdout + checked.stderr
    assert (0, []) == (checked.returncode, re.findall(r"(?i).*(?:warn|alert|error).*", said))


@pytest.mark.parametrize("path", SHIPPED.values(), ids=SHIPPED)
def test_silence(path: Path) -> None:
    """What ends a connection that is silent is longer than two heartbeats of an event stream."""
    found = re.findall(r"(?:proxy_read_timeout|timeout client|timeout server) (\d+)s", path.read_text(encoding="utf-8"))
    assert found
    assert [] == [seconds for seconds in found if int(seconds) <= 2 * HEARTBEAT]


@pytest_asyncio.fixture
async def nodes() -> AsyncIterator[tuple[Node, Node]]:
    yield Node("one"), Node("two")


@pytest_asyncio.fixture(params=BALANCERS)
async def front(request: pytest.FixtureRequest, tmp_path: Path, nodes: tuple[Node, Node]) -> AsyncIterator[Front]:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(TestServer(node.app())) for node in nodes]
        yield await stack.enter_async_context(balancer_process(request.param, tmp_path, (one.port or 0, two.port or 0)))


async def _call(front: Front, method: str, path: str = "/", **headers: str) -> tuple[int, str]:
    """On a connection of its own."""
    async with front.http.request(method, front.url + path, headers={"Connection": "close", **headers}) as answer:
        return answer.status, await answer.text()


async def _answerer(front: Front) -> str:
    return (await _call(front, "GET"))[1]


async def test_lost_requests(front: Front, nodes: tuple[Node, Node]) -> None:
    """A GET that a node has taken and not answered is answered by the other; a POST is shown to one node only, and its
    client is told that nobody knows what became of it."""
    nodes[0].answers = False
    assert {(200, "two")} == {await _call(front, "GET") for _ in range(4)}
    nodes[1].answers = False
    before = nodes[0].seen["POST"] + nodes[1].seen["POST"]
    async with front.http.post(front.url) as answer:
        said = await answer.json(content_type="application/problem+json")
        assert ("1", answer.status) == (answer.headers["Retry-After"], said["status"])
    assert answer.status in {502, 503}
    assert "/problems/outcome-unknown" == said["type"]
    assert before + 1 == nodes[0].seen["POST"] + nodes[1].seen["POST"]


async def test_headers(front: Front, nodes: tuple[Node, Node]) -> None:
    """A node is told the public name and the true address, and nothing that a client made up about either."""
    claims = dict.fromkeys(("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded"), "203.0.113.9")
    await _call(front, "GET", **claims)
    seen = nodes[0].headers or nodes[1].headers
    assert "203.0.113.9" not in seen.values()
    told = {name.lower(): value.partition(":")[0] for name, value in seen.items()}
    expected = {"host": SITE, "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https", "x-forwarded-host": SITE}
    assert expected == {name: told.get(name) for name in expected}


@pytest.mark.parametrize("front", [pytest.param("haproxy", marks=pytest.mark.needs("haproxy"))], indirect=True)
async def test_not_ready(front: Front, nodes: tuple[Node, Node]) -> None:
    """HAProxy gives a node that is not ready no new requests, lets its streams go on, and takes it back; when none is
    ready, the answer is a problem document that says when to come again."""
    async with front.http.get(f"{front.url}/events") as stream:
        line = await stream.content.readline()
        busy, idle = nodes if line == b"data: one\n" else nodes[::-1]
        busy.is_ready = False
        await until(lambda: _only(front, idle))
        busy.news.set()
        assert b"\ndata: later\n\n" == await stream.content.read()
    idle.is_ready = False
    await until(lambda: _has_none(front))
    async with front.http.get(front.url) as answer:
        assert (503, "application/problem+json", "1") == (
            answer.status, answer.content_type, answer.headers["Retry-After"],
        )  # fmt: skip
        assert "/problems/unavailable" == (await answer.json(content_type=None))["type"]
    busy.is_ready = True
    await until(lambda: _only(front, busy))


async def _only(front: Front, node: Node) -> bool:
    """Whether this node answers, several times in turn."""
    return {node.name} == {await _answerer(front) for _ in range(4)}


async def _has_none(front: Front) -> bool:
    return (await _call(front, "GET"))[0] == 503
