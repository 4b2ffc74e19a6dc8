"""A rush hour that outlives the gateway: people who go on until what they said was taken, whatever happens to it.

Customers text and an agent answers each of them, all at once; each says one thing after another, and repeats what was
not acknowledged under the same id or key, as Twilio and the console do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from tests.faults.desk import Answer, Desk
from tests.standins.twilio_api import new_sid

PAUSE: Final = 0.05
"""Seconds before somebody who was told to come back does: sooner than anybody real."""


@dataclass(slots=True)
class Talk:
    """One customer's thread, and what was acknowledged in it: in order, each once."""

    customer: str
    thread: str = ""
    texts: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)


class Rush:
    """`taken` counts acknowledgments; `reaches` waits for them."""

    def __init__(self, desk: Desk, customers: int) -> None:
        self.talks = [Talk(f"+1720555{number:04}") for number in range(customers)]
        self.taken = 0
        self._desk = desk
        self._took = asyncio.Condition()

    async def begin(self) -> None:
        """Everybody says hello, so that each has a thread."""
        await asyncio.gather(*(self._texts(talk, 1) for talk in self.talks))
        threads = await self._desk.threads()
        for talk in self.talks:
            talk.thread = threads[talk.customer]

    async def go_on(self, times: int) -> None:
        """Each customer and each agent says so many things more. Returns when all of it is acknowledged."""
        async with asyncio.TaskGroup() as group:
            for talk in self.talks:
                group.create_task(self._texts(talk, times))
                group.create_task(self._replies(talk, times))

    async def reaches(self, taken: int) -> None:
        async with self._took:
            await self._took.wait_for(lambda: self.taken >= taken)

    async def _texts(self, talk: Talk, times: int) -> None:
        for _ in range(times):
            body, sid = f"Text {len(talk.texts)} from {talk.customer}", new_sid()
            await self._insist(200, lambda: self._desk.text(body, talk.customer, sid=sid))  # noqa: B023  awaited here
            talk.texts.append(body)

    async def _replies(self, talk: Talk, times: int) -> None:
        for _ in range(times):
            key = body = f"Reply-{len(talk.replies)}-to-{talk.customer}"
            await self._insist(202, lambda: self._desk.reply(talk.thread, body, key))  # noqa: B023
            talk.replies.append(body)

    async def _insist(self, expected: int, say: Callable[[], Awaitable[Answer]]) -> None:
        while True:
            await self._desk.gateway.listening.wait()
            try:
                status = (await say()).status
            except (aiohttp.ClientError, OSError):  # no answer, or half of one: it may have been taken
                continue
            assert status in {expected, 503}
            if status == expected:
                break
            await asyncio.sleep(PAUSE)
        async with self._took:
            self.taken += 1
            self._took.notify_all()


async def check(desk: Desk, talk: Talk, when: str = "") -> None:
    """A thread has what was acknowledged, once and in order; each reply went out once, in order, or reads `unknown`."""
    out = await desk.settled(talk.thread)
    inbound = [message["body"] for message in await desk.history(talk.thread) if message["direction"] == "in"]
    assert talk.texts == inbound, when
    assert talk.replies == [message["body"] for message in out], when
    went_out = [message.body for message in desk.twilio.accepted if message.to == talk.customer]
    assert [body for body in talk.replies if body in set(went_out)] == went_out, f"{when}: out of order or twice"
    missing = [message for message in out if message["body"] not in went_out]
    assert {"unknown"} >= {message["delivery"]["state"] for message in missing}, when
    assert {"sent", "delivered", "unknown"} >= {message["delivery"]["state"] for message in out}, when
