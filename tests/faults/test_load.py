"""More than usual, and the same again: a flood of webhooks, one message many times at once, a number nobody knows."""

from __future__ import annotations

import asyncio
import json
import re
import resource
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.desk import BASE, Answer, Desk, at_desk
from tests.gateway_process import Company, gateway_process
from tests.raw import locked
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

FLOOD = 1_500
"""Texts at once: the writer's queue takes 1,000 and a batch 128 more."""
ROOM = 500
"""Texts at once that always find room."""
CUSTOMERS = 25
MOST_GROWTH = 128 * 1024 * 1024
"""Bytes that a flood may cost: some 30 KB a connection, and the rest for what SQLite keeps."""
FEW = 128
UNKNOWN = "+13035550177"


@pytest.fixture(scope="module", autouse=True)
def _enough_files() -> None:
    """Each text of the flood has a connection of its own; the gateway sees to its own limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def test_flood(desk: Desk) -> None:
    """Whoever the queue has no room for is told to come back, everybody else is stored, and memory stays bounded."""
    await desk.text("Hello")
    before = _memory(desk.gateway.pid)
    sids = [new_sid() for _ in range(FLOOD)]
    async with locked(desk.gateway.place):
        flood = [asyncio.create_task(_text(desk, number, sid)) for number, sid in enumerate(sids)]
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
    answers = await asyncio.gather(*flood)
    told = Counter(answer.status for answer in answers)
    assert {200, 503} == told.keys()
    assert {None, "1"} == {answer.headers.get("Retry-After") for answer in answers}
    assert told[503] == len([answer for answer in answers if "Retry-After" in answer.headers])
    assert _memory(desk.gateway.pid) - before < MOST_GROWTH
    refused = [number for number, answer in enumerate(answers) if answer.status == 503]
    for part in range(0, len(refused), ROOM):
        again = await asyncio.gather(*(_text(desk, number, sids[number]) for number in refused[part : part + ROOM]))
        assert {200} == {answer.status for answer in again}
    stored = [body for customer in range(CUSTOMERS) for body in await desk.said(_customer(customer))]
    assert sorted(f"Text {number}" for number in range(FLOOD)) == sorted(stored)


async def test_more_connections_than_at_first_allowed(tmp_path: Path, company: Company, twilio: TwilioStandIn) -> None:
    """A gateway that was started with a low limit of open files takes as many as the system lets it have."""
    low = ("prlimit", f"--nofile={FEW}:{FLOOD}")
    async with gateway_process(tmp_path, company, twilio.url, low) as gateway, at_desk(gateway, twilio) as desk:
        headers = {"Authorization": f"Bearer {gateway.token}"}
        streams = [await desk.http.get(f"{gateway.url}{BASE}/events", headers=headers) for _ in range(FEW)]
        assert 200 == (await desk.text("Hello")).status
        assert {"message.received"} == {(await _event(stream, "message.received"))["kind"] for stream in streams}


async def test_same_message_at_once(desk: Desk) -> None:
    """One message that arrives 50 times at once is acknowledged each time and stored once."""
    sid = new_sid()
    answers = await asyncio.gather(*(desk.text("Hello", sid=sid) for _ in range(50)))
    assert {200} == {answer.status for answer in answers}
    assert ["Hello"] == await desk.said()


async def test_same_reply_at_once(desk: Desk) -> None:
    """One reply that is asked for 20 times at once under one key is written once and goes out once."""
    await desk.text("Hello")
    thread = await desk.thread()
    answers = await asyncio.gather(*(desk.reply(thread, "Good morning", key="one") for _ in range(20)))
    assert {202} == {answer.status for answer in answers}
    assert 1 == len({answer.json["id"] for answer in answers})
    assert ["sent"] == [message["delivery"]["state"] for message in await desk.settled(thread)]
    assert ["Good morning"] == [message.body for message in desk.twilio.accepted]


async def test_unknown_number(desk: Desk) -> None:
    """A text to a number that is not configured gets a clear refusal, and an admin's stream says which number."""
    headers = {"Authorization": f"Bearer {desk.gateway.token}"}
    async with desk.http.get(f"{desk.gateway.url}{BASE}/events", headers=headers) as stream:
        answer = await desk.text("For nobody", to=UNKNOWN)
        event = await _event(stream, "channel.unrouted")
    assert (404, "this number is not configured here") == (answer.status, answer.json["detail"])
    assert ("sms", UNKNOWN) == (event["channel"], event["endpoint"])
    assert [] == await desk.said()


def _customer(number: int) -> str:
    return f"+1720555{number % CUSTOMERS:04}"


async def _text(desk: Desk, number: int, sid: str) -> Answer:
    return await desk.text(f"Text {number}", sender=_customer(number), sid=sid)


async def _event(stream: aiohttp.ClientResponse, kind: str) -> Any:
    """Follow a stream to the next event of a kind; what it says."""
    async for line in stream.content:
        if line == f"event: {kind}\n".encode():
            return json.loads((await stream.content.readline()).removeprefix(b"data: "))
    raise AssertionError("the stream has ended")


def _memory(pid: int) -> int:
    """Bytes that a process holds at most so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024
