"""A customer's event stream over HTTP: live, resumable, readable by named pages, and over when the token is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from gateway.actions import attach
from gateway.domain.message import MessageId, TeamId
from gateway.store import fetches
from gateway.store.fetches import Errand, Waiting
from gateway.store.store import Tx
from tests.files import samples
from tests.http.guest import CUSTOMER_API, Guest, guest
from tests.http.running import Desk

EVENTS = f"{CUSTOMER_API}/events"


async def event(response: aiohttp.ClientResponse) -> tuple[str, str, Any]:
    """id, kind and data of the next event."""
    async with asyncio.timeout(20):
        said: dict[str, str] = {}
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if not name and "event" in said:
                return said["id"], said["event"], json.loads(said["data"])
            said[name] = value
    raise ConnectionError("the stream ended")


def headers(one: Guest, cursor: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {one.token}"} | ({"Last-Event-ID": cursor} if cursor else {})


async def answer(desk: Desk, body: str) -> None:
    await desk.call("ana", "POST", f"/threads/{await desk.thread('ana')}/messages", {"body": body})


async def test_it_goes_on_where_a_page_stood(desk: Desk) -> None:
    """The `feed` of a page continues with what came after it, and an event's id with what came after that."""
    ann = await guest(desk)
    await ann.say("hello")
    _, page = await ann.call("GET", "/messages")
    await answer(desk, "one")
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann, page["feed"])) as stream:
        cursor, kind, data = await event(stream)
        assert ("message", "one", {"kind": "agent", "name": "Ana"}) == (kind, data["body"], data["author"])
    await answer(desk, "two")
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann, cursor)) as stream:
        assert "two" == (await event(stream))[2]["body"]
        await answer(desk, "three")
        assert "three" == (await event(stream))[2]["body"]


async def test_named_pages_may_follow(desk: Desk) -> None:
    """The stream's head tells a browser that the page may read it."""
    ann = await guest(desk)
    origin = {"Origin": "https://www.example.com"}
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann) | origin) as stream:
        assert ("text/event-stream", origin["Origin"]) == (
            stream.headers["Content-Type"],
            stream.headers["Access-Control-Allow-Origin"],
        )


async def test_it_waits_for_the_first_message(desk: Desk) -> None:
    """Before anything is written the stream only beats; the first message ends it, and the next one resumes."""
    ann = await guest(desk)
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann)) as stream:
        assert b"retry: 1000\n" == await stream.content.readline()
        assert [b"\n", b"id: -\n"] == [await stream.content.readline() for _ in range(2)]
        await ann.say("hello")
        async with asyncio.timeout(20):
            await stream.content.read()
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann, "-")) as stream:
        assert "resync" == (await event(stream))[1]


async def test_a_file_that_comes_later_changes_its_message(desk: Desk) -> None:
    """The message is sent again when a file of it is there, or will not come: live, and to who was away."""
    ann = await guest(desk)
    message = MessageId(int(await ann.say("hello")))
    _, page = await ann.call("GET", "/messages")
    errands = await _awaited(desk, message)
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann, page["feed"])) as live:
        file = await desk.deps.intake.examine(samples.picture("PNG"), "storm.png")
        kept = await attach.keep(desk.store, desk.deps.intake, file, desk.clock())
        await desk.store.write(attach.fetched, errands[0], kept, desk.clock())
        await desk.store.write(attach.given_up, errands[1], "it could not be fetched", desk.clock())
        told = [await event(live) for _ in range(2)]
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann, page["feed"])) as away:
        again = [await event(away) for _ in range(2)]
    assert told[1] == again[1]
    assert [("messages.changed", str(message))] * 4 == [(kind, data["id"]) for _, kind, data in told + again]
    assert ["ready", "failed"] == [one["state"] for one in told[1][2]["attachments"]]
    async with desk.http.get(desk.url + told[0][2]["attachments"][0]["url"]) as response:
        assert 200 == response.status


async def _awaited(desk: Desk, message: MessageId) -> list[Errand]:
    """Two files of a message that a provider holds, as the fetcher has them."""

    async def wait(tx: Tx) -> None:
        for place in range(2):
            file = Waiting(message, TeamId("denver"), place, "storm.png", "image/png", "https://a.example", "web", 0)
            await fetches.wait(tx, [file])
        await tx.run("UPDATE message SET files = 2 WHERE id = ?1", message)

    await desk.store.write(wait)
    return await desk.store.write(attach.claim_due, "web", 2, desk.clock(), 60_000_000)


async def test_it_ends_with_the_token(desk: Desk) -> None:
    """A token that was ended has no stream for longer than a second or so."""
    ann = await guest(desk)
    await ann.say("hello")
    async with desk.http.get(desk.url + EVENTS, headers=headers(ann)) as stream:
        await ann.call("DELETE", "/visitors/me")
        async with asyncio.timeout(20):
            await stream.content.read()
    assert 401 == (await ann.call("GET", "/events"))[0]
