"""Events as the bytes of a server-sent event, without the id line: read and encoded once for everybody.

An event row only names what it is about; the message and the inbox row are read here, as they are now. A client that
puts them in place of what it has is right, however often it sees them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.domain import booking_wire, call_wire, wire
from gateway.domain.booking import Booking
from gateway.domain.call import PhoneCall
from gateway.domain.instant import rfc3339
from gateway.domain.message import Message, TeamId, ThreadId
from gateway.files.links import Links
from gateway.store import bookings, calls, events, messages, threads
from gateway.store.events import Event
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class News:
    """One event, encoded for the desk. `home` and `thread` decide who may have it; `said` is the message and
    `booked` the booking that it is about, for their customer."""

    team: TeamId
    seq: int
    thread: ThreadId | None
    home: bool
    body: bytes
    kind: str
    said: Message | None
    booked: Booking | None = None


async def news_after(tx: Tx, positions: Mapping[TeamId, int], links: Links | None = None) -> list[News]:
    """What the logs hold past these positions, team by team in order: a bounded part of all, with a share for each."""
    found: list[Event] = []
    heads = await events.heads(tx, list(positions))
    behind = [team for team, head in heads.items() if head > positions[team]]
    for team in behind:
        found += await events.after(tx, team, positions[team], max(1, events.PAGE // len(behind)))
    return await _encode(tx, found, links)


async def _encode(tx: Tx, found: Sequence[Event], links: Links | None) -> list[News]:
    if not found:
        return []
    data = [orjson.loads(event.data) for event in found]
    said = await messages.unscoped_messages(tx, sorted({item["message"] for item in data if "message" in item}))
    booked = await bookings.unscoped_bookings(tx, {item["booking"] for item in data if "booking" in item})
    called = await calls.of_bookings(tx, booked)
    rows = await threads.unscoped_threads(tx, sorted({event.thread for event in found if event.thread is not None}))
    people = await events.names(tx, sorted({item["by"] for item in data if item.get("by") is not None}))
    return [
        _news(
            event,
            said.get(item.get("message")),
            booked.get(item.get("booking")),
            _shape(event, item, said, booked, called, rows, people),
            links,
        )
        for event, item in zip(found, data, strict=True)
    ]


def _news(event: Event, said: Message | None, booked: Booking | None, shape: wire.Json, links: Links | None) -> News:
    if links is not None:
        links.sign(shape)
    body = b"event: %b\ndata: %b\n\n" % (event.kind.encode(), orjson.dumps(shape))
    return News(event.team, event.seq, event.thread, event.home, body, event.kind, said, booked)


def _shape(
    event: Event,
    data: dict[str, Any],
    said: Mapping[int, Message],
    booked: Mapping[int, Booking],
    called: Mapping[int, PhoneCall],
    rows: Mapping[int, Any],
    people: Mapping[int, str],
) -> wire.Json:
    shape: wire.Json = {"kind": event.kind, "team": event.team, "at": rfc3339(event.at)}
    if event.thread is not None:
        shape["thread"] = str(event.thread)
        if event.thread in rows:
            shape["row"] = wire.thread(rows[event.thread])
    about = {key: value for key, value in data.items() if key not in {"message", "booking", "by"}}
    if data.get("message") in said:
        shape["message"] = wire.message(said[data["message"]])
    if data.get("booking") in booked:
        shape["booking"] = booking_wire.booking(booked[data["booking"]]) | call_wire.beside(called.get(data["booking"]))
    if data.get("by") is not None:
        shape["by"] = {"id": str(data["by"]), "name": people.get(data["by"], "")}
    return about | shape
