"""An outage at our end: what customers wrote meanwhile is in Twilio's list, and comes in once, in order, as late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.desk import CUSTOMER, Desk
from tests.gateway_process import NUMBER, until
from tests.raw import locked

MISSED = [f"text {number}" for number in range(40)]


async def test_texts_of_an_outage(desk: Desk) -> None:
    """Down while customers write, then up: everything is there once, in order, late; what came by itself is not."""
    await desk.text("before")
    await desk.gateway.hears("catch_up.begun")
    await desk.gateway.kill()
    begun = datetime.now(UTC) - timedelta(minutes=10)
    for number, body in enumerate(MISSED):
        desk.twilio.keep(CUSTOMER, NUMBER, body, at=begun + timedelta(seconds=10 * number))
    await desk.gateway.start()
    assert MISSED[-1] == (await _arrived(desk, len(MISSED) + 1))[-1]["body"]
    await desk.text("after")
    await desk.gateway.kill()
    await desk.gateway.start()
    await desk.gateway.hears("catch_up.compared", 2)
    found = await _arrived(desk, len(MISSED) + 2)
    assert ["before", *MISSED, "after"] == [message["body"] for message in found]
    assert [False, *[True] * len(MISSED), False] == [message.get("late", False) for message in found]
    assert begun.strftime("%Y-%m-%dT%H:%M:%S.000000Z") == found[1]["sent_at"]


async def test_a_stop_during_an_outage(desk: Desk) -> None:
    """STOP that came while we were down closes the pair before anything more goes out, and START opens it."""
    await desk.text("Hello")
    await desk.gateway.hears("catch_up.begun")
    thread = await desk.thread()
    await desk.gateway.kill()
    desk.twilio.keep(CUSTOMER, NUMBER, "STOP", at=datetime.now(UTC) - timedelta(minutes=1))
    await desk.gateway.start()
    await _arrived(desk, 2)
    refused = await desk.reply(thread, "Are you well?")
    assert (409, "/problems/opted-out") == (refused.status, refused.json["type"])
    assert [] == desk.twilio.accepted
    await desk.text("START")
    assert 202 == (await desk.reply(thread, "Welcome back")).status


async def test_an_outage_that_is_noticed_here(desk: Desk) -> None:
    """A text that was answered 503 and never sent again comes from the list, soon after the database is back."""
    await desk.text("Hello")
    await desk.gateway.hears("catch_up.begun")
    async with locked(desk.gateway.place):
        assert 503 == (await desk.text("Again")).status
        desk.twilio.keep(CUSTOMER, NUMBER, "Again")
    assert ["Hello", "Again"] == [message["body"] for message in await _arrived(desk, 2)]


async def _arrived(desk: Desk, count: int) -> list[dict[str, Any]]:
    """The customer's messages, once there are so many."""
    thread = await desk.thread()

    async def ask() -> list[dict[str, Any]] | None:
        found = [message for message in await desk.history(thread) if message["direction"] == "in"]
        return found if len(found) >= count else None

    return await until(ask)
