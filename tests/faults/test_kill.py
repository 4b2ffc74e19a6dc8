"""SIGKILL under load, again and again. `TEAMLINE_SOAK=1` makes it long, with a seed of its own that a failure shows."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import pytest

from tests.faults.desk import Desk
from tests.faults.rush import Rush, Talk
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
        assert await desk.gateway.start() < QUICK
        await saying
        assert 0 == (await desk.gateway.cli("verify")).code, f"seed {SEED}"
    for talk in rush.talks:
        await _check(desk, talk)


async def _moment(random: Random, rush: Rush, twilio: TwilioStandIn) -> None:
    """Right after some acknowledgment of this round, or right after Twilio took some message and before it says so."""
    ahead = random.randrange(1, CUSTOMERS * TIMES)
    if random.random() < 0.5:
        await rush.reaches(rush.taken + ahead)
    else:
        await twilio.wait_for(len(twilio.accepted) + 1 + ahead // 2)


async def _check(desk: Desk, talk: Talk) -> None:
    out = await desk.settled(talk.thread)
    inbound = [message["body"] for message in await desk.history(talk.thread) if message["direction"] == "in"]
    assert talk.texts == inbound, f"seed {SEED}"
    assert talk.replies == [message["body"] for message in out], f"seed {SEED}"
    went_out = [message.body for message in desk.twilio.accepted if message.to == talk.customer]
    assert [body for body in talk.replies if body in set(went_out)] == went_out, f"seed {SEED}: out of order or twice"
    missing = [message for message in out if message["body"] not in went_out]
    assert {"unknown"} >= {message["delivery"]["state"] for message in missing}, f"seed {SEED}"
    states = Counter(message["delivery"]["state"] for message in out)
    assert {"sent", "delivered", "unknown"} >= states.keys(), f"seed {SEED}"
