"""PostgreSQL goes away under load and comes back: callers are told to come again, and nothing is lost or done twice.

`TEAMLINE_SOAK=1` makes it long.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tests.faults.desk import CUSTOMER, Answer, Desk
from tests.faults.postgres.console import consoles
from tests.faults.postgres.site import Balanced, Site, all_ready, readiness, restarted, timed
from tests.faults.rush import Rush, check
from tests.gateway_process import NUMBER
from tests.postgres import PostgresServer
from tests.processes import until
from tests.standins.twilio_api import new_sid

SOAK = os.environ.get("TEAMLINE_SOAK") == "1"
RESTARTS = 100 if SOAK else 3
CUSTOMERS = 4
TIMES = 10 * RESTARTS
"""Things that each customer and each agent says."""
QUICK = 10.0
"""Seconds within which every caller has an answer."""
AWAY = 5.0
"""Seconds without a server: longer than anybody waits for it."""
MOST_LINES = 30
"""Warnings of two nodes in one second, however many callers they refuse."""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs("postgresql-server"),
    pytest.mark.timeout(3_600 if SOAK else 120),
]


async def test_restarted_under_load(site: Site, server: PostgresServer, pair: Balanced) -> None:
    """Crashed and started again three times while two nodes work: all that was acknowledged is there once and in order,
    no reply went out twice, each went out once or reads `unknown`, every event reached every console once, and the
    authorship of all is proven."""
    rush = Rush(pair, CUSTOMERS)
    await rush.begin()
    async with consoles(pair, 2) as watching:
        saying = asyncio.create_task(rush.go_on(TIMES))
        for _ in range(RESTARTS):
            await rush.reaches(rush.taken + CUSTOMERS * TIMES // RESTARTS // 2)
            await restarted(server)
        await saying
        await site.end_leases()
        for talk in rush.talks:
            await check(pair, talk)
        for console in watching:
            await console.has_seen_all(await site.head())
    assert 0 == (await pair.gateway.cli("verify")).code


async def test_away(site: Site, server: PostgresServer, pair: Balanced) -> None:
    """While PostgreSQL is away for long, everybody is told so quickly, at every door, and the nodes say that they are
    not ready; when it is back they are, by themselves, and what was refused meanwhile comes in once, from Twilio's
    list as well."""
    await pair.text("Hello")
    thread = await pair.thread()
    await until(lambda: site.sql("SELECT channel FROM catch_up"))  # from here on Twilio's list is compared
    sid = new_sid()
    await asyncio.to_thread(server.stop, "fast")
    try:
        answers = await _for_so_long(AWAY, pair, thread, sid)
        assert [503, 503] == [await readiness(node) for node in pair.nodes]
        pair.twilio.keep(CUSTOMER, NUMBER, "Missed", at=datetime.now(UTC))
    finally:
        await asyncio.to_thread(server.start)
    assert {503} == {answer.status for answer, _ in answers}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer, _ in answers)
    assert QUICK > max(took for _, took in answers)
    await all_ready(pair.nodes)
    assert [200, 202] == [
        (await pair.text("Again", sid=sid)).status,
        (await pair.reply(thread, "Good morning", "key")).status,
    ]
    assert {"sent", "delivered"} >= {message["delivery"]["state"] for message in await pair.settled(thread)}
    assert ["Good morning"] == [message.body for message in pair.twilio.accepted if message.to == CUSTOMER]
    await until(lambda: _has_said(pair, ["Again", "Hello", "Missed"]))
    assert MOST_LINES > max(_warnings(site).values())


async def _for_so_long(seconds: float, desk: Desk, thread: str, sid: str) -> list[tuple[Answer, float]]:
    """At every door again and again: what each was answered, and how long that took."""
    end = asyncio.get_running_loop().time() + seconds
    doors: tuple[Callable[[], Awaitable[Answer]], ...] = (
        lambda: desk.text("Again", sid=sid),
        lambda: desk.reply(thread, "Good morning", "key"),
        lambda: desk.ask("GET", "/threads?view=all"),
        lambda: desk.ask("GET", "/events"),
    )
    found = []
    while asyncio.get_running_loop().time() < end:
        found += await asyncio.gather(*(timed(door()) for door in doors))
    return found


async def _has_said(desk: Desk, expected: list[str]) -> bool:
    return expected == sorted(await desk.said())


def _warnings(site: Site) -> Counter[str]:
    """How many there are in the logs, by second."""
    lines = map(json.loads, filter(lambda line: line.startswith("{"), site.logs().splitlines()))
    return Counter(line["at"][:19] for line in lines if line["level"] != "info")
