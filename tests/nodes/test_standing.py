"""What ends at one node ends at all of them within a second: sessions, tokens, reach."""

from __future__ import annotations

import asyncio
from time import monotonic

from gateway.actions import people
from gateway.domain.message import TeamId
from gateway.http.passwords import hash_password
from tests.http.guest import guest
from tests.http.running import PASSWORD, Desk
from tests.http.test_customer_events import EVENTS, headers
from tests.http.test_events import Listener, _follow
from tests.nodes.conftest import Node

SOON = 1.0 + 1.0
"""The second that is promised, and one for a busy machine."""


async def ended(listener: Listener) -> float:
    """Seconds until it has."""
    begun = monotonic()
    async with asyncio.timeout(20):
        await listener.response.content.read()
    return monotonic() - begun


async def session(desk: Desk, login: str) -> str:
    """The secret of a session that begins here."""
    async with desk.http.post(
        f"{desk.url}/api/agent/v1/session",
        json={"login": login, "password": PASSWORD},
        headers={"Origin": desk.deps.settings().public_url},
    ) as answer:
        assert 200 == answer.status
        return answer.cookies["teamline_session"].value


async def test_a_session_ends_everywhere(nodes: tuple[Node, Node]) -> None:
    """Who signs in at one node is signed in at the other, and who signs out there is signed out here: their streams
    end within a second, and their next request is refused at once."""
    here, there = nodes
    await here.person("cleo", "denver", password_hash=hash_password(PASSWORD))
    there.tokens["cleo"] = here.tokens["cleo"] = await session(here, "cleo")
    stream = await _follow(there, "cleo")
    assert 200 == (await there.call("cleo", "GET", "/me"))[0]
    assert 204 == (await here.call("cleo", "DELETE", "/session"))[0]
    assert 401 == (await there.call("cleo", "GET", "/me"))[0]
    assert SOON > await ended(stream)


async def test_a_changed_reach_starts_anew_everywhere(nodes: tuple[Node, Node]) -> None:
    """The streams of a person whose teams change end at every node, and so begin again with what they may see now."""
    here, there = nodes
    streams = [await _follow(node, "ana") for node in nodes]
    await here.store.write(people.change_teams, "ana", (), here.clock())
    assert SOON > max(await asyncio.gather(*map(ended, streams)))
    await there.store.write(people.change_teams, "ana", (TeamId("denver"),), there.clock())


async def test_a_customers_token_ends_everywhere(nodes: tuple[Node, Node]) -> None:
    """A customer who ends their token at one node has no stream at the other, whatever the nodes' clocks say."""
    here, there = nodes
    ann = await guest(here)
    await ann.say("hello")
    async with there.http.get(there.url + EVENTS, headers=headers(ann)) as stream:
        assert b"retry: 1000\n" == await stream.content.readline()
        assert 204 == (await ann.call("DELETE", "/visitors/me"))[0]
        assert SOON > await ended(Listener(stream))


async def test_attempts_to_sign_in_count_together(pair: tuple[Node, Node]) -> None:
    """Whoever guesses at two nodes in turn has no more guesses than at one."""
    told = []
    for guess in range(12):
        node = pair[guess % 2]
        answer = await node.call(
            None,
            "POST",
            "/session",
            {"login": "ana", "password": "wrong"},
            {"Origin": node.deps.settings().public_url},
        )
        told.append(answer[0])
    assert [401] * told.count(401) + [429] * told.count(429) == told
    assert 429 in told
