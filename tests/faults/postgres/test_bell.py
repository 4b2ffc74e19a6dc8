"""NOTIFY never arrives: what is written on one node reaches a stream on the other within the polling interval."""

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

POLL = 1.0
SLACK = 2.0
"""Seconds that a busy machine may add."""
TEXTS = 4
OFTEN = 0.1
"""Seconds between two cuts."""

pytestmark = pytest.mark.needs("postgresql-server")

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
