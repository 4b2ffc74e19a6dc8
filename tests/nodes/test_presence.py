"""Who is in a thread, and who is typing, is known at every node within about a second."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.http.guest import guest
from tests.http.test_events import Listener, _follow
from tests.nodes.conftest import Node


async def present(listener: Listener) -> list[tuple[str, bool]]:
    """Names, and who of them is typing, as of the next time that this changes."""
    async with asyncio.timeout(20):
        while True:
            event = await listener.next()
            if event["kind"] == "presence":
                return names(event)


def names(shape: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(person["name"], person["typing"]) for person in shape["people"]]


async def test_presence_crosses(nodes: tuple[Node, Node]) -> None:
    """A console at one node hears who is in a thread at the other, that they type, and that they are gone."""
    here, there = nodes
    await (await guest(here)).say("hello")
    path = f"/threads/{await here.thread('ana')}/presence"
    console = await _follow(there, "ana")
    for state, expected in (("here", [("Dana", False)]), ("typing", [("Dana", True)]), ("gone", [])):
        await here.call("dana", "PUT", path, {"state": state})
        assert expected == await present(console)
    console.response.close()


async def test_an_answer_is_of_all_nodes(pair: tuple[Node, Node]) -> None:
    """Whoever says that they are here is told who else is, also where nobody listens and nothing was said before."""
    here, there = pair
    await (await guest(here)).say("hello")
    path = f"/threads/{await here.thread('ana')}/presence"
    _, first = await here.call("dana", "PUT", path, {"state": "typing"})
    assert [("Dana", True)] == names(first)
    async with asyncio.timeout(20):
        _, second = await there.call("ana", "PUT", path, {"state": "here"})
        while len(second["people"]) < 2:
            _, second = await there.call("ana", "PUT", path, {"state": "here"})
    assert [("Ana", False), ("Dana", True)] == names(second)
    await there.call("ana", "PUT", path, {"state": "gone"})


async def test_nobody_who_may_not_hears(pair: tuple[Node, Node]) -> None:
    """What crosses is told to those who may see the thread only."""
    here, there = pair
    await here.person("ben")
    await (await guest(here)).say("hello")
    ana, ben = await _follow(there, "ana"), await _follow(there, "ben")
    path = f"/threads/{await here.thread('ana')}/presence"
    assert 404 == (await there.call("ben", "PUT", path, {"state": "here"}))[0]
    await here.call("dana", "PUT", path, {"state": "here"})
    assert [("Dana", False)] == await present(ana)
    there.gateway.feed.end_all()
    assert b"presence" not in await ben.response.content.read()
    ana.response.close()
