"""Any node takes any request: what is said at one is heard at the other, with the bell or without."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

import pytest
import structlog

from gateway.errors import Unavailable
from gateway.feed import follow
from gateway.store.postgres import engine as postgres
from tests.http.guest import Guest, guest
from tests.http.test_customer_events import EVENTS, event, headers
from tests.http.test_events import _follow
from tests.nodes.conftest import Node, serving, settings_of
from tests.outbox.provider import until
from tests.postgres import PostgresServer
from tests.processes import free_port


async def elsewhere(one: Guest, node: Node) -> Guest:
    """The same customer at another node."""
    return Guest(node, one.token)


async def test_a_message_crosses(nodes: tuple[Node, Node], bell: str) -> None:
    """What a customer writes at one node a console at the other sees, and the answer goes back the same way; a lost
    bell costs no more than the time between two looks."""
    here, there = nodes
    ann = await guest(here)
    console = await _follow(there, "ana")
    begun = monotonic()
    await ann.say("hello")
    assert "hello" == (await console.next())["message"]["body"]
    took = monotonic() - begun
    assert bell == "bell" or took < follow.POLL + 1  # for a busy machine
    async with here.http.get(here.url + EVENTS, headers=headers(ann)) as stream:
        assert b"retry: 1000\n" == await stream.content.readline()
        thread = await there.thread("ana")
        assert 202 == (await there.call("ana", "POST", f"/threads/{thread}/messages", {"body": "We are on it"}))[0]
        assert "We are on it" == (await event(stream))[2]["body"]
    console.response.close()


async def test_resumes_at_another_node(nodes: tuple[Node, Node]) -> None:
    """A console goes on at another node where it stood at the first, without a gap or a repeat."""
    here, there = nodes
    ann = await guest(here)
    console = await _follow(here, "ana")
    await ann.say("one")
    assert "one" == (await console.next())["message"]["body"]
    console.response.close()
    await ann.say("two")
    again = await _follow(there, "ana", console.cursor)
    await ann.say("three")
    assert ["two", "three"] == [(await again.next())["message"]["body"] for _ in range(2)]
    again.response.close()


async def test_the_first_message_ends_a_silent_stream(nodes: tuple[Node, Node]) -> None:
    """Whoever has no thread yet waits at one node, and is told to come back by what they write at the other."""
    here, there = nodes
    ann = await guest(here)
    async with there.http.get(there.url + EVENTS, headers=headers(ann)) as stream:
        assert [b"retry: 1000\n", b"\n", b"id: -\n"] == [await stream.content.readline() for _ in range(3)]
        await ann.say("hello")
        async with asyncio.timeout(20):
            await stream.content.read()
    assert ["hello"] == await (await elsewhere(ann, there)).heard()


async def test_files_are_in_one_place(pair: tuple[Node, Node]) -> None:
    """What was uploaded at one node is fetched from the other, by a link that either has signed."""
    here, there = pair
    ann = await guest(here)
    _, file = await ann.upload(b"where the line is down", "place.txt")
    async with there.http.get(f"{there.url}{file['url'].removeprefix('http://127.0.0.1:8080')}") as answer:
        assert (200, b"where the line is down") == (answer.status, await answer.read())


async def test_a_key_counts_everywhere(pair: tuple[Node, Node]) -> None:
    """The same request with the same key at two nodes at once is done once, and answered alike."""
    here, there = pair
    ann = await guest(here)
    bodies = [
        one.call("POST", "/messages", {"body": "hello"}, idempotency_key="k") for one in (ann, Guest(there, ann.token))
    ]
    (status, message), again = await asyncio.gather(*bodies)
    assert (201, (status, message), ["hello"]) == (status, again, await ann.heard())


async def test_there_must_be_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that finds no PostgreSQL waits a while for it, and then says so and does not start."""
    monkeypatch.setattr(postgres, "OPEN_PATIENCE", 0.5)
    nobody = f"postgresql://teamline@127.0.0.1:{free_port()}/teamline"
    with pytest.raises(Unavailable, match="cannot be opened"):
        async with serving(await settings_of(tmp_path, database=nobody)):
            pass


@pytest.mark.needs("postgresql-server")
async def test_the_database_goes_and_comes_back(tmp_path: Path) -> None:
    """Without PostgreSQL a node stays up, says "not now" and when to ask again, and complains once of each thing that
    it cannot do; with PostgreSQL it goes on by itself."""
    with PostgresServer() as server:
        async with serving(await settings_of(tmp_path, database=server.url)) as node:
            await node.person("ana", "denver")
            console = await _follow(node, "ana")
            with structlog.testing.capture_logs() as logs:
                await asyncio.to_thread(server.stop, "immediate")
                await until(lambda: sum(line["event"] == "feed.standing_unknown" for line in logs) == 1)
                for path in ("/readyz", "/api/agent/v1/me"):
                    headers = {"Authorization": f"Bearer {node.tokens['ana']}"}
                    async with node.http.get(node.url + path, headers=headers) as answer:
                        assert (503, True) == (answer.status, int(answer.headers["Retry-After"]) > 0)
                await until(lambda: any(line["event"] == "outbox.sweep_failed" for line in logs))
                await asyncio.to_thread(server.start)
                await until(lambda: _ready(node))
                await until(lambda: any(line["event"] == "feed.standing_known" for line in logs))
            told = [line["event"] for line in logs]
            assert (1, 1) == (told.count("outbox.sweep_failed"), told.count("feed.standing_unknown"))
            ann = await guest(node)
            await ann.say("hello again")
            assert "hello again" == (await console.next())["message"]["body"]
            console.response.close()


async def _ready(node: Node) -> bool:
    async with node.http.get(f"{node.url}/readyz") as answer:
        return answer.status == 200
