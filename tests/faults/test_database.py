"""The database is held by another process: nothing is acknowledged that is not in it, and reading goes on."""

from __future__ import annotations

import asyncio

from tests.faults.desk import Answer, Desk
from tests.raw import locked
from tests.standins.twilio_api import new_sid


async def test_locked(desk: Desk) -> None:
    """While another process holds the database, texts and replies are refused and nothing of them is kept; reading
    goes on, and so does everything once the lock is gone."""
    await desk.text("Hello")
    thread = await desk.thread()
    sid = new_sid()
    async with locked(desk.gateway.place):
        text, reply = await asyncio.gather(desk.text("Again", sid=sid), desk.reply(thread, "Good morning", "key"))
        assert [(503, "1"), (503, "1")] == [_told(text), _told(reply)]
        assert ["Hello"] == [message["body"] for message in await desk.history(thread)]
    assert [200, 202] == [
        (await desk.text("Again", sid=sid)).status,
        (await desk.reply(thread, "Good morning", "key")).status,
    ]
    assert ["sent"] == [message["delivery"]["state"] for message in await desk.settled(thread)]
    assert ["Hello", "Again"] == await desk.said()
    assert ["Good morning"] == [message.body for message in desk.twilio.accepted]


def _told(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.headers.get("Retry-After")
