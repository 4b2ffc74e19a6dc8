"""A database that is slow, or takes bytes and answers nothing: queues stay bounded, callers are told in time, and
afterwards all goes on by itself.

`TEAMLINE_SOAK=1` makes the flood large.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.desk import Answer, Desk, at_desk
from tests.faults.postgres.line import Line
from tests.faults.postgres.site import Site, all_ready, readiness, timed
from tests.postgres import PostgresServer
from tests.processes import until
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

SOAK = os.environ.get("TEAMLINE_SOAK") == "1"
FLOOD = 5_000 if SOAK else 1_500
FEW = 10
IN_TIME = 12.0
"""Seconds: five in a queue, five for the server to answer, and one to give up."""
SLOW = 0.02
"""Seconds that each block takes each way."""
CUSTOMERS = 10
GROWTH = 64 * 1024
"""Bytes that each caller may cost: its connection, its request and its place in a queue."""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs("postgresql-server"),
    pytest.mark.timeout(600 if SOAK else 120),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(server: PostgresServer) -> AsyncIterator[Line]:
    async with Line(server.port) as line:
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
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
    line.delay = 0


async def test_silent(desk: Desk, line: Line) -> None:
    """While the server says nothing, callers are told in time to come back, at every door; when it answers again, so
    does the node, and what is repeated is there once."""
    customers = [f"+1720555030{number}" for number in range(FEW)]
    sids = [new_sid() for _ in customers]
    assert {200} == {(await desk.text("Hello", customer)).status for customer in customers}
    thread = await desk.thread(customers[0])
    line.hold()
    calls = [
        *(desk.text("Again", customer, sid=sid) for customer, sid in zip(customers, sids, strict=True)),
        *(desk.reply(thread, "Good morning", sid) for sid in sids),
        *(desk.ask("GET", "/threads?view=all") for _ in sids),
    ]
    answers = await asyncio.gather(*map(timed, calls))
    assert 503 == await readiness(desk.gateway)
    line.let_go()
    assert {(503, True)} == {(answer.status, "Retry-After" in answer.headers) for answer, _ in answers}
    assert IN_TIME > max(took for _, took in answers)
    await all_ready([desk.gateway])
    for customer, sid in zip(customers, sids, strict=True):
        assert 200 == (await desk.text("Again", customer, sid=sid)).status
        assert ["Hello", "Again"] == await desk.said(customer)


async def test_flood(desk: Desk, line: Line) -> None:
    """A flood while the server says nothing costs a bounded piece of memory for each caller, and none of it stays in
    the queues; each text that is repeated is there once."""
    before = memory(desk.gateway.pid)
    sids = [new_sid() for _ in range(FLOOD)]
    line.hold()
    answers = await asyncio.gather(*(_text(desk, number, sid) for number, sid in enumerate(sids)))
    grown = memory(desk.gateway.pid) - before
    line.let_go()
    assert {503} == {answer.status for answer in answers}
    assert grown < FLOOD * GROWTH
    await all_ready([desk.gateway])
    await until(lambda: _nothing_waits(desk))
    for number in range(CUSTOMERS):
        assert 200 == (await _text(desk, number, sids[number])).status
        assert 1 == (await desk.said(_customer(number))).count(f"Text {number}")


def memory(pid: int) -> int:
    """Bytes that a process holds now."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


async def _text(desk: Desk, number: int, sid: str) -> Answer:
    return await desk.text(f"Text {number}", _customer(number), sid=sid)


def _customer(number: int) -> str:
    return f"+1720555{number % CUSTOMERS:04}"


async def _nothing_waits(desk: Desk) -> bool:
    """In the queues for writing."""
    async with desk.http.get(f"{desk.gateway.url}/metrics") as answer:
        lanes = re.findall(r"^teamline_store_waiting\{.*\} (.*)$", await answer.text(), re.MULTILINE)
    return {0.0} == set(map(float, lanes))
