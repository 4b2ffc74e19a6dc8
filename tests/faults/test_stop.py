"""SIGTERM: what is under way ends well, and then the process does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from urllib.parse import urlencode

import pytest

from tests.faults.desk import BASE, Desk
from tests.gateway_process import until
from tests.standins.twilio import TwilioStandIn

QUICKLY = 3.0
"""Seconds for a process that has nothing to finish; it takes a fraction of one on an idle machine."""


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    """It takes a while to answer."""
    async with TwilioStandIn(delay=0.5) as twilio:
        yield twilio


async def test_request_under_way(desk: Desk) -> None:
    """A webhook whose body is half sent when SIGTERM comes is taken, stored and answered; nobody new is let in."""
    form = desk.twilio.text_form("+17205550111", "+13035550100", "Halfway")
    body = urlencode(form).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.gateway.port)
    with closing(writer):
        writer.write(_head(desk, form, len(body)) + body[:40])
        await writer.drain()
        await desk.ask("GET", "/me")  # a later request was answered, so this one has begun
        desk.gateway.terminate()
        await until(lambda: _is_closed(desk.gateway.port))
        writer.write(body[40:])
        assert b"HTTP/1.1 200 OK\r\n" == await reader.readline()
    assert 0 == await desk.gateway.ended()
    await desk.gateway.start()
    assert ["Halfway"] == await desk.said()


async def test_send_under_way(desk: Desk) -> None:
    """A message that Twilio is just taking when SIGTERM comes is recorded as sent, and is not sent again."""
    await desk.text("Hello")
    thread = await desk.thread()
    await desk.reply(thread, "Good morning")
    await until(lambda: _is(desk.twilio.requests == 1))
    assert [] == desk.twilio.accepted
    desk.gateway.terminate()
    assert 0 == await desk.gateway.ended()
    await desk.gateway.start()
    assert ["sent"] == [message["delivery"]["state"] for message in await desk.history(thread) if "delivery" in message]
    assert ["Good morning"] == [message.body for message in desk.twilio.accepted]


async def test_idle(desk: Desk) -> None:
    """With nothing but open streams the process ends at once and in order, and the streams end with it."""
    headers = {"Authorization": f"Bearer {desk.gateway.token}"}
    streams = [await desk.http.get(f"{desk.gateway.url}{BASE}/events", headers=headers) for _ in range(20)]
    begun = asyncio.get_running_loop().time()
    desk.gateway.terminate()
    assert 0 == await desk.gateway.ended()
    assert asyncio.get_running_loop().time() - begun < QUICKLY
    assert {b"retry: 1000\n\n"} == {await stream.read() for stream in streams}


async def _is(true: bool) -> bool:
    return true


async def _is_closed(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return True
    writer.close()
    return False


def _head(desk: Desk, form: dict[str, str], length: int) -> bytes:
    path = "/hooks/sms/messages"
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{desk.gateway.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {length}",
        f"X-Twilio-Signature: {desk.twilio.sign(desk.gateway.url + path, form)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_status_of_a_running_gateway(desk: Desk) -> None:
    """`teamline status` asks the process itself: its live config, and what came in over each channel."""
    await desk.text("Hello")
    ended = await desk.gateway.cli("status", "--json")
    told = json.loads(ended.out)
    assert (0, True, []) == (ended.code, told["running"], told["faults"])
    assert ["last_in" in channel for channel in told["channels"]] == [True]
    desk.gateway.terminate()
    await desk.gateway.ended()
    assert False is json.loads((await desk.gateway.cli("status", "--json")).out)["running"]
