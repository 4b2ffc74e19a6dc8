"""SIGKILL under load, again and again. `TEAMLINE_SOAK=1` makes it long, with a seed of its own that a failure shows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from random import Random

import pytest

from tests.faults.desk import Desk
from tests.faults.rush import Rush, check
from tests.raw import end_leases
from tests.standins.twilio import TwilioStandIn

SOAK = os.environ.get("TEAMLINE_SOAK") == "1"
ROUNDS = 150 if SOAK else 4
SEED = Random().getrandbits(32) if SOAK else 20_261_122
CUSTOMERS = 8
TIMES = 12
"""Things that each customer and each agent says in a round."""
QUICK = 10.0
"""Seconds from the start after a SIGKILL to "listening", on a machine with other things to do."""

pytestmark = pytest.mark.timeout(3_600 if SOAK else 120)


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    """It reports each message as delivered, as long as somebody answers."""
    async with TwilioStandIn(reports=("sent", "delivered")) as twilio:
        yield twilio


async def test_kill(desk: Desk) -> None:
    """Killed at any moment and started again: all that was acknowledged is there once and in order, no reply went out
    twice, each went out once or reads `unknown`, and the authorship of all of them is proven."""
    random = Random(SEED)
    rush = Rush(desk, CUSTOMERS)
    await rush.begin()
    for _ in range(ROUNDS):
        saying = asyncio.create_task(rush.go_on(TIMES))
        await _moment(random, rush, desk.twilio)
        await desk.gateway.kill()
        end_leases(desk.gateway.place)
        assert await desk.gateway.start() < QUICK
        await saying
        assert 0 == (await desk.gateway.cli("verify")).code, f"seed {SEED}"
    for talk in rush.talks:
        await check(desk, talk, f"seed {SEED}")


async def _moment(random: Random, rush: Rush, twilio: TwilioStandIn) -> None:
    """Right after some acknowledgment of this round, or right after Twilio took some message and before it says so."""
    ahead = random.randrange(1, CUSTOMERS * TIMES)
    if random.random() < 0.5:
        await rush.reaches(rush.taken + ahead)
    else:
        await twilio.wait_for(len(twilio.accepted) + 1 + ahead // 2)
