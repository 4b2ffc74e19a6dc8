"""A customer's stream: their own thread's messages and bookings, in the customers' shape, and nothing else of the
team's log.

Somebody who has not written yet has no thread: their stream beats, and ends when their first message is in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from gateway.domain import booking_wire, customer_wire
from gateway.domain.booking import Booking
from gateway.domain.event import Kind
from gateway.domain.message import Message
from gateway.feed.stream import Pipe, Stream, frame
from gateway.files.links import Links
from gateway.store import bookings, conversations, events, visitors
from gateway.store.events import Heads
from gateway.store.store import Tx
from gateway.store.visitors import Token, Visitor

if TYPE_CHECKING:
    from gateway.feed.follow import Feed

_NAMES: Final[dict[str, bytes]] = {
    "message.received": b"message",
    "message.sent": b"message",
    "attachment.changed": b"messages.changed",
    "booking.changed": b"booking",
}
"""Kinds of event that a customer hears of, and what they are called to them."""
KINDS: Final = tuple(_NAMES)
MOVED: Final[Kind] = "thread.moved"
_NOTHING_YET: Final = b"id: -\n\n"
"""A cursor for who has no thread: sent again when there is one, it says that lists are to be read anew."""


class Watch(Stream):
    """One customer's, on one thread at most."""

    __slots__ = ("visitor",)

    def __init__(self, feed: Feed, visitor: Visitor, positions: Heads, *, resync: bool) -> None:
        super().__init__(feed, visitor.secret, positions, resync=resync)
        self.visitor = visitor

    async def _catch_up(self, pipe: Pipe) -> None:
        if self.visitor.thread is None:
            pipe.write(_NOTHING_YET)
        await super()._catch_up(pipe)

    async def _read_on(self, pipe: Pipe, behind: Heads) -> None:
        for team, seq in behind.items():
            through = self._feed.positions[team]
            if self.visitor.thread is None and await self._feed.has_begun(self.visitor):
                return self.end()
            for at, body in await self._feed.read_own(self.visitor, seq, through):
                self.positions[team] = at
                pipe.write(frame(body, self.positions))
            self.positions[team] = through
        return await pipe.drain()


async def opening(tx: Tx, token: Token, now: int) -> tuple[Visitor, Heads]:
    """Who watches, and where the log stands that their thread is in, or will be. Raises Unauthenticated."""
    visitor = await visitors.authenticate(tx, token, now)
    return visitor, await events.heads(tx, [visitor.team])


async def has_begun(tx: Tx, visitor: Visitor, now: int) -> bool:
    known = await visitors.of_secrets(tx, [visitor.secret], now)
    return any(one.thread is not None for one in known.values())


async def own_news(tx: Tx, visitor: Visitor, after: int, through: int, links: Links | None) -> list[tuple[int, bytes]]:
    """What happened in the customer's thread after one place in its team's log up to another: place and bytes."""
    if visitor.thread is None:
        return []
    found = await events.of_thread(tx, visitor.team, visitor.thread, KINDS, after, through)
    about = [(event, orjson.loads(event.data)) for event in found]
    ids = [data["message"] for _, data in about if "message" in data]
    said = {one.id: one for one in await conversations.of_ids(tx, visitor, ids)} if ids else {}
    booked = await bookings.unscoped_bookings(tx, {data["booking"] for _, data in about if "booking" in data})
    bodies = [
        (event.seq, body(event.kind, said.get(data.get("message")), booked.get(data.get("booking")), links))
        for event, data in about
    ]
    return [(seq, encoded) for seq, encoded in bodies if encoded is not None]


def body(kind: str, message: Message | None, booking: Booking | None, links: Links | None) -> bytes | None:
    """An event as a customer hears of it, without the id line; None for what is not for them."""
    name = _NAMES.get(kind)
    if name is None:
        return None
    if booking is not None:
        shape = booking_wire.own_booking(booking)
    elif message is None or message.direction == "note":
        return None
    else:
        shape = customer_wire.message(message)
        if links is not None:
            links.sign(shape)
    return b"event: %b\ndata: %b\n\n" % (name, orjson.dumps(shape))
