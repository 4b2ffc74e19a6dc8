"""Agents whose console is closed are told by a push that a customer has written, or that a booking rings: whom, about
what, and how it ended.

Both are found by following the teams' logs, so that nothing is added to the taking of a message or the ringing itself.
A log is looked through and what follows from it is queued in one transaction, so each message is heeded once, however
many nodes race or restart. A push that was taken just before its node died is made again: it takes the place of the
first on the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.actions.report import Failure, heed
from gateway.domain.author import AgentId
from gateway.domain.booking import BookingId
from gateway.domain.message import ThreadId
from gateway.store import agent_pushes, devices, events
from gateway.store.agent_pushes import Call, Place, Waiting
from gateway.store.deliveries import GRACE
from gateway.store.devices import Registered
from gateway.store.events import Event
from gateway.store.store import Tx

FAR_BEHIND: Final = 20_000
"""Events of one team past which nobody is told of what is older: nobody was there to be told, for a long time."""


async def follow(tx: Tx) -> None:
    """Queue what follows from what the teams' logs have gained since the last time, a part of each at most."""
    for place in await agent_pushes.places(tx):
        await _follow(tx, place)


async def _follow(tx: Tx, place: Place) -> None:
    on_call = (await agent_pushes.on_call(tx, [place.team]))[place.team]
    news = await events.after(tx, place.team, max(place.seq, place.head - FAR_BEHIND))
    written = [orjson.loads(event.data)["message"] for event in news if event.kind == "message.received"]
    calls = _of_messages(await agent_pushes.waiting(tx, written), on_call)
    await agent_pushes.add(tx, [*calls, *_of_bookings(news)])
    await agent_pushes.move(tx, place.team, news[-1].seq if news else place.head)


def _of_messages(waiting: Sequence[Waiting], on_call: Sequence[AgentId]) -> list[Call]:
    """Who is told of these: whoever has claimed the thread of each of its messages, else everybody of the team of the
    one with which the customer began to wait. One call for a person and thread, of the newest, due with the oldest."""
    calls: dict[tuple[AgentId, ThreadId], Call] = {}
    for one in waiting:
        for agent in _whom(one, on_call):
            before = calls.get((agent, one.thread))
            due_at = before.due_at if before else one.at + GRACE
            calls[agent, one.thread] = Call(agent, one.thread, one.message, None, one.at, due_at)
    return list(calls.values())


def _of_bookings(news: Sequence[Event]) -> list[Call]:
    """Whoever a booking has asked for, or rung, at once; again if it did so again."""
    calls: dict[tuple[AgentId, BookingId], Call] = {}
    for event in news:
        if event.kind == "booking.changed" and event.thread is not None:
            told = orjson.loads(event.data)
            for agent in told.get("whom", ()):
                booking = BookingId(told["booking"])
                calls[agent, booking] = Call(agent, event.thread, None, booking, event.at, event.at)
    return list(calls.values())


def _whom(one: Waiting, on_call: Sequence[AgentId]) -> Sequence[AgentId]:
    if one.claimed_by is not None:
        return (one.claimed_by,)
    return on_call if one.is_first else ()


@dataclass(frozen=True, slots=True)
class Told:
    """How a push ended: it is done with, or due again at `again_at` (microseconds since 1970)."""

    push: int
    attempt: int
    again_at: int | None = None
    gone: Registered | None = None
    """The device, which the platform says is no more."""
    failure: Failure | None = None
    """What is wrong with our own set-up."""


async def finish(tx: Tx, endings: Sequence[Told]) -> list[None]:
    for told in sorted(endings, key=lambda told: told.push):  # no two lists wait in a circle
        if told.again_at is None:
            await agent_pushes.done(tx, told.push, told.attempt)
        else:
            await agent_pushes.postpone(tx, told.push, told.attempt, told.again_at)
    for told in endings:
        if told.gone is not None:
            await devices.gone(tx, told.gone)
    await heed(tx, [told.failure for told in endings if told.failure is not None])
    return [None] * len(endings)
