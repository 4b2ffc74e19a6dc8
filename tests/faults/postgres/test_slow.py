"""A database that is slow, or takes bytes and answers nothing: queues stay bounded, callers are told in time, and
afterwards all goes on by itself.

`TEAMLINE_SOAK=1` makes the flood large.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.desk import Answer, Desk, at_desk
from tests.faults.postgres.line import Line
from tests.faults.postgres.site import Site, readiness, timed
from tests.gateway_process import until
from tests.postgres import PostgresServer
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

SOAK = os.environ.get("TEAMLINE_SOAK") == "1"
FLOOD = 5_000 if SOAK else 1_500
HELD = 8.0
"""Seconds without a byte: longer than anybody here waits for the server."""
QUICK = 10.0
"""Seconds within which a caller has an answer."""
SLOW = 0.02
"""Seconds that each block takes each way."""
CUSTOMERS = 25
GROWTH = 64 * 1024
"""Bytes that each caller may cost: its connection, its request and its place in a queue."""

pytestmark = [pytest.mark.needs("postgresql-server"), pytest.mark.timeout(600 if SOAK else 120)]


@pytest.fixture
async def line(server: PostgresServer) -> AsyncIterator[Line]:
    async with Line(server.port) as line:
        yield line


@pytest.fixture
async def desk(site: Site, line: Line, twilio: TwilioStandIn) -> AsyncIterator[Desk]:
    """Before a node that reaches its server by the line."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    async with site.node(line.port) as node, at_desk(node, twilio) as desk:
        yield desk


async def test_slow(desk: Desk, line: Line) -> None:
    """With each step over the network taking long, texts and replies are still taken, and sent."""
    line.delay = SLOW
    assert 200 == (await desk.text("Hello")).status
    thread = await desk.thread()
    assert 202 == (await desk.reply(thread, "Good morning")).status
    await desk.twilio.wait_for(1)


async def test_silent(desk: Desk, line: Line) -> None:
    """A flood while the server says nothing: all are told to come back within ten seconds, memory stays bounded, and
    when it answers again so does the node, and each text that is repeated is there once."""
    assert 200 == (await desk.text("Hello")).status
    before = memory(desk.gateway.pid)
    sids = [new_sid() for _ in range(FLOOD)]
    line.hold()
    letting_go = asyncio.get_running_loop().call_later(HELD, line.let_go)
    answers = await asyncio.gather(*(timed(_text(desk, number, sid)) for number, sid in enumerate(sids)))
    assert not letting_go.cancelled()
    grown = memory(desk.gateway.pid) - before
    print(f"\n{Counter(a.status for a, _ in answers)} slowest {max(t for _, t in answers):.1f} s, {grown >> 20} MiB")
    assert {200, 503} >= {answer.status for answer, _ in answers}
    assert all("Retry-After" in answer.headers for answer, _ in answers if answer.status == 503)
    assert grown < GROWTH * FLOOD
    await until(lambda: _is_ready(desk))
    for number in range(CUSTOMERS):
        assert 200 == (await _text(desk, number, sids[number])).status
        assert 1 == (await desk.said(_customer(number))).count(f"Text {number}")
    assert 0 == await _waiting(desk)


def memory(pid: int) -> int:
    """Bytes that a process holds now."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


async def _is_ready(desk: Desk) -> bool:
    return 200 == await readiness(desk.gateway)


async def _text(desk: Desk, number: int, sid: str) -> Answer:
    return await desk.text(f"Text {number}", _customer(number), sid=sid)


def _customer(number: int) -> str:
    return f"+1720555{number % CUSTOMERS:04}"


async def _waiting(desk: Desk) -> float:
    """Writes in the queues."""
    async with desk.http.get(f"{desk.gateway.url}/metrics") as answer:
        lanes = re.findall(r"^teamline_store_waiting\{.*\} (.*)$", await answer.text(), re.MULTILINE)
    return sum(map(float, lanes))
