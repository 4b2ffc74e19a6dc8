"""A node is killed while it works: the other goes on, takes over what it held, and its consoles follow without a gap."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from tests.faults.desk import Desk, at_desk
from tests.faults.postgres.console import consoles
from tests.faults.postgres.site import Balanced, Site
from tests.faults.rush import Rush, check
from tests.gateway_process import GatewayProcess, until
from tests.standins.twilio import TwilioStandIn

SOAK = os.environ.get("TEAMLINE_SOAK") == "1"
ROUNDS = 50 if SOAK else 1
CUSTOMERS = 4
TIMES = 10

pytestmark = [pytest.mark.needs("postgresql-server"), pytest.mark.timeout(3_600 if SOAK else 120)]


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    """It takes a moment, so that sends are under way at any time, and reports each as delivered."""
    async with TwilioStandIn(delay=0.1, reports=("sent", "delivered")) as twilio:
        yield twilio


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
    """What it was sending reads `unknown` when its lease has run out, until the other node has found it in Twilio's
    list; it is not sent again. What it had not begun is sent by the other node."""
    first, second = pair.nodes
    rush = Rush(pair, CUSTOMERS)
    await rush.begin()
    bodies = [f"Reply to {talk.customer}" for talk in rush.talks]
    async with at_desk(second, twilio) as its_own:
        with stopped(first):
            for talk, body in zip(rush.talks, bodies, strict=True):
                assert 202 == (await its_own.reply(talk.thread, body)).status
            await until(lambda: _has_begun(twilio, CUSTOMERS))
            assert 202 == (await its_own.reply(rush.talks[0].thread, "And another")).status
            await second.kill()
    assert CUSTOMERS == await _sending(site)
    await site.end_leases()
    for talk in rush.talks:
        await until(lambda: _all_sent(pair, talk.thread))  # noqa: B023  awaited here
    assert Counter([*bodies, "And another"]) == Counter(message.body for message in twilio.accepted)
    (row,) = await site.sql("SELECT count(*) AS resolved FROM event WHERE data LIKE '%\"unknown\"%'")
    assert CUSTOMERS == row["resolved"]


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


async def _all_sent(desk: Desk, thread: str) -> bool:
    states = {message["delivery"]["state"] for message in await desk.settled(thread)}
    return {"sent", "delivered"} >= states
