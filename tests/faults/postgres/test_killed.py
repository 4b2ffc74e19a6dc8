"""A node is killed while it works: the other goes on and takes over what it held; consoles follow without a gap."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.desk import Desk, at_desk
from tests.faults.postgres.console import consoles
from tests.faults.postgres.site import Balanced, Site
from tests.faults.rush import Rush, check
from tests.gateway_process import GatewayProcess
from tests.processes import until
from tests.standins.twilio import TwilioStandIn

SOAK = os.environ.get("TEAMLINE_SOAK") == "1"
ROUNDS = 50 if SOAK else 1
CUSTOMERS = 4
TIMES = 10
WAITING = tuple(f"+1720555010{number}" for number in range(4))
"""Customers whose replies are under way when their node ends."""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs("postgresql-server"),
    pytest.mark.timeout(3_600 if SOAK else 120),
]


async def test_killed_under_load(site: Site, pair: Balanced) -> None:
    """The other node takes every text and reply, all of it is there once and in order, nothing was sent twice, and each
    console sees each event once though its node has gone."""
    _, second = pair.nodes
    rush = Rush(pair, CUSTOMERS)
    await rush.begin()
    async with consoles(pair, 4) as watching:
        for _ in range(ROUNDS):
            saying = asyncio.create_task(rush.go_on(TIMES))
            await rush.reaches(rush.taken + CUSTOMERS * TIMES // 2)
            await second.kill()
            await saying
            await site.end_leases()
            for talk in rush.talks:
                await check(pair, talk)
            if SOAK:
                await second.start()
        for console in watching:
            await console.has_seen_all(await site.head())
        assert max(console.streams for console in watching) > 1
    assert 0 == (await pair.gateway.cli("verify")).code


async def test_killed_while_it_sends(site: Site, pair: Balanced, twilio: TwilioStandIn) -> None:
    """What it was sending is given up when its lease has run out, and found by the other node in Twilio's list: it is
    not sent again. What it had not begun is sent by the other node."""
    first, second = pair.nodes
    if not second.listening.is_set():
        await second.start()
    for customer in WAITING:
        assert 200 == (await pair.text("Hello", customer)).status
    threads = await pair.threads()
    begun = twilio.requests
    async with at_desk(second, twilio) as its_own:
        with stopped(first):
            for customer in WAITING:
                assert 202 == (await its_own.reply(threads[customer], f"Reply to {customer}")).status
            await until(lambda: _has_begun(twilio, begun + len(WAITING)))
            assert 202 == (await its_own.reply(threads[WAITING[0]], "And another")).status
            await second.kill()
    assert 0 < await _sending(site)
    await site.end_leases()
    for customer in WAITING:
        await until(lambda: _all_went_out(pair, threads[customer]))  # noqa: B023  awaited here
    expected = Counter({"And another": 1} | {f"Reply to {customer}": 1 for customer in WAITING})
    assert expected == Counter(message.body for message in twilio.accepted if message.to in WAITING)


@contextmanager
def stopped(node: GatewayProcess) -> Iterator[None]:
    """It does nothing meanwhile."""
    os.kill(node.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node.pid, signal.SIGCONT)


async def _has_begun(twilio: TwilioStandIn, sends: int) -> bool:
    return twilio.requests >= sends


async def _sending(site: Site) -> int:
    (row,) = await site.sql("SELECT count(*) AS sending FROM delivery WHERE state = 'sending'")
    return int(row["sending"])


async def _all_went_out(desk: Desk, thread: str) -> bool:
    return {"sent", "delivered"} >= {message["delivery"]["state"] for message in await desk.settled(thread)}
