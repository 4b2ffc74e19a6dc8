"""The example client as an app uses it, over a network that is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from examples.teamline_app import Client, Conversation, Outbox, Refused
from tests.examples.care import Ana, backend, signed
from tests.gateway_process import GatewayProcess, until
from tests.journeys.cable import Tunnel

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAUSE = 0.02
"""Seconds between tries, where an app waits longer."""


@asynccontextmanager
async def following(conversation: Conversation) -> AsyncIterator[None]:
    """As long as the app is open."""
    task = asyncio.create_task(conversation.follow())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def bodies(conversation: Conversation) -> list[str]:
    return [each["body"] for each in conversation.messages]


async def has(conversation: Conversation, *said: str) -> None:
    async def ask() -> bool:
        return list(said) == bodies(conversation)

    await until(ask)


async def test_a_message_written_in_a_tunnel(
    gateway: GatewayProcess, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """What is written without a network, and sent five times before an answer comes back, exists once and in order,
    also when the token is renewed in between and the app is started anew."""
    ana = Ana(http, gateway.url, gateway.token)
    async with Tunnel(gateway.port) as tunnel:
        tokens = iter([signed("tunnel", n=n) for n in range(9)])

        async def token() -> str:
            return next(tokens)

        outbox = Outbox(Client(tunnel.url, token, http), tmp_path / "outbox.json", PAUSE)
        tunnel.cut()
        for words in ("One", "Two", "Three"):
            outbox.put(words)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(outbox.flush(), 5 * PAUSE)
        outbox = Outbox(Client(tunnel.url, token, http), tmp_path / "outbox.json", PAUSE)
        assert ["One", "Two", "Three"] == [each.body for each in outbox.waiting]
        tunnel.answers_to_lose = 5
        tunnel.mend()
        await outbox.flush()
        assert ((), 0) == (outbox.waiting, tunnel.answers_to_lose)
    thread = await ana.thread_of("Three")
    assert ["One", "Two", "Three"] == await ana.said(thread)


async def test_it_goes_on_after_a_gap(gateway: GatewayProcess, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """What is said while the network is away is there afterwards, nothing missed and nothing twice."""
    ana = Ana(http, gateway.url, gateway.token)
    async with Tunnel(gateway.port) as tunnel:
        client = Client(tunnel.url, backend("gap"), http)
        conversation = Conversation(client, PAUSE)
        await conversation.open()
        async with following(conversation):
            outbox = Outbox(client, tmp_path / "outbox.json", PAUSE)
            outbox.put("Hello")
            await outbox.flush()
            await has(conversation, "Hello")
            thread = await ana.thread_of("Hello")
            said = ["Hello"]
            for n in range(3):
                await ana.reply(thread, f"live {n}")
                assert tunnel.cut() >= 1
                await ana.reply(thread, f"away {n}")
                tunnel.mend()
                said += [f"live {n}", f"away {n}"]
                await has(conversation, *said)
        assert said == await ana.said(thread)
        assert 0 == await conversation.read()
        newest = (await ana.messages(thread))[-1]["id"]
        assert "read" == (await ana.sees(thread, newest, "read"))["state"]


async def test_scrolling_up(gateway: GatewayProcess, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Pages before the newest come in front of it, whole and in order; after a message comes what is newer."""
    client = Client(gateway.url, backend("long"), http)
    outbox = Outbox(client, tmp_path / "outbox.json", PAUSE)
    said = [f"line {n}" for n in range(53)]
    for words in said:
        outbox.put(words)
    await outbox.flush()
    conversation = Conversation(client)
    await conversation.open()
    assert said[3:] == bodies(conversation)
    assert await conversation.earlier()
    assert said == bodies(conversation)
    assert not await conversation.earlier()
    newer = await client.messages(after=conversation.messages[-3]["id"])
    assert said[-2:] == [each["body"] for each in newer["items"]]


async def test_what_is_refused_is_shown(gateway: GatewayProcess, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """A message that will not go through stays, says why, and holds up none behind it."""
    client = Client(gateway.url, backend("refused"), http)
    outbox = Outbox(client, tmp_path / "outbox.json", PAUSE)
    bad = outbox.put("with a file that is not mine", ["987654321"])
    outbox.put("and this")
    await outbox.flush()
    assert [(bad.key, True)] == [(each.key, bool(each.refused)) for each in outbox.waiting]
    assert ["and this"] == [each["body"] for each in (await client.messages())["items"]]
    outbox.drop(bad.key)
    assert () == Outbox(client, tmp_path / "outbox.json").waiting


async def test_a_file(gateway: GatewayProcess, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """A file is uploaded, also under a token that has just expired, and named by a message."""
    tokens = iter([signed("files", lasts=-1), signed("files")])

    async def token() -> str:
        return next(tokens)

    client = Client(gateway.url, token, http)
    file = await client.upload("note.txt", b"the blue one\n")
    outbox = Outbox(client, tmp_path / "outbox.json", PAUSE)
    outbox.put("See this", [file])
    await outbox.flush()
    [message] = (await client.messages())["items"]
    assert ["note.txt"] == [each["name"] for each in message["attachments"]]


async def test_signing_out(gateway: GatewayProcess, http: aiohttp.ClientSession) -> None:
    """A token that was ended is refused; whoever signs in again has their thread."""
    one = signed("out")

    async def token() -> str:
        return one

    client = Client(gateway.url, token, http)
    await client.write("key", "Goodbye", [])
    await client.sign_out()
    with pytest.raises(Refused) as refused:
        await client.messages()
    assert (401, "unauthenticated") == (refused.value.status, refused.value.word)
    again = await Client(gateway.url, backend("out", n=2), http).messages()
    assert ["Goodbye"] == [each["body"] for each in again["items"]]
