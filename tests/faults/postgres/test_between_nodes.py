"""What nodes learn of each other: news within the polling interval though NOTIFY never arrives, and another config."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.faults.desk import at_desk
from tests.faults.postgres.console import Console
from tests.faults.postgres.site import Balanced, Site
from tests.gateway_process import GatewayProcess
from tests.processes import until

POLL = 1.0
SLACK = 2.0
"""Seconds that a busy machine may add."""
TEXTS = 4
OFTEN = 0.1
"""Seconds between two cuts."""

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("postgresql-server")]

_BELLS = """
SELECT pid FROM pg_stat_activity
 WHERE datname = current_database() AND query ~* '^(LISTEN|NOTIFY|SELECT 1$|SET synchronous_commit = off)'
"""


async def test_bell_is_silent(site: Site, pair: Balanced) -> None:
    """Its connections stay open and carry nothing any more, and nobody can tell."""
    async with silenced(site):
        await _texts_arrive(pair)


async def test_bell_is_cut(site: Site, pair: Balanced) -> None:
    """Its connections are cut as soon as they are made."""
    async with cut_again_and_again(site):
        await _texts_arrive(pair)


async def test_another_config(pair: Balanced) -> None:
    """While the config changes on one node only, each says how many run on the other version, and both stay ready."""
    before = pair.gateway.read("teams.toml")
    try:
        pair.gateway.write("teams.toml", before.replace("Front Range", "High Plains"))
        for node in pair.nodes:
            await until(lambda: _differ(pair, node, 1))  # noqa: B023  awaited here
    finally:
        pair.gateway.write("teams.toml", before)
    for node in pair.nodes:
        await until(lambda: _differ(pair, node, 0))  # noqa: B023


async def _differ(pair: Balanced, node: GatewayProcess, nodes: int) -> bool:
    """Whether a node knows so many on another config, by its probe and by its metrics."""
    async with pair.http.get(f"{node.url}/readyz") as answer:
        assert 200 == answer.status
        others = (await answer.json())["config"].get("others", {})
    async with pair.http.get(f"{node.url}/metrics") as answer:
        metrics = await answer.text()
    return nodes == sum(others.values()) and f"teamline_config_differs {nodes}.0\n" in metrics


@asynccontextmanager
async def silenced(site: Site) -> AsyncIterator[None]:
    """The server's processes that ring for these nodes stand still."""
    bells = [row["pid"] for row in await site.sql(_BELLS)]
    assert 2 == len(bells)
    for bell in bells:
        os.kill(bell, signal.SIGSTOP)
    try:
        yield
    finally:
        for bell in bells:
            with suppress(ProcessLookupError):
                os.kill(bell, signal.SIGCONT)


@asynccontextmanager
async def cut_again_and_again(site: Site) -> AsyncIterator[None]:
    async def cut() -> None:
        while True:
            await site.sql(f"SELECT pg_terminate_backend(pid) FROM ({_BELLS}) AS bells")
            await asyncio.sleep(OFTEN)

    cutting = asyncio.create_task(cut())
    try:
        yield
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)


async def _texts_arrive(pair: Balanced) -> None:
    """By the first node, and out of the second one's stream."""
    first, second = pair.nodes
    clock = asyncio.get_running_loop().time
    async with at_desk(first, pair.twilio) as door, Console(pair, second).following() as console:
        for number in range(TEXTS):
            assert 200 == (await door.text(f"Text {number}")).status
            begun = clock()
            await console.hears("message.received", number + 1)
            assert POLL + SLACK > clock() - begun
