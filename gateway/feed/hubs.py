"""Who has joined, and the writing to them: people by what they may see, customers by their thread.

An event costs those whom it concerns. People are few and kept by audience, which is looked through; customers may be
ten thousand, and are found by their thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from gateway.domain.message import TeamId, ThreadId
from gateway.feed.encode import News
from gateway.feed.stream import Desk, Stream, concerns, frame
from gateway.feed.watch import MOVED, Watch, body
from gateway.files.links import Links
from gateway.store.events import Audience, Heads

K = TypeVar("K")
S = TypeVar("S", bound=Stream)

SLOW: Final = 256 * 1024
"""Bytes waiting in one connection's write buffer at which its reader is cut off."""
BEAT: Final = b": still here\n\n"
BEATS_AT_ONCE: Final = 200
"""Streams that are written a heartbeat before others have their turn."""


class Hubs:
    """All streams that follow what happens now. `forget` is called with each that is cut off."""

    def __init__(self, links: Links | None, forget: Callable[[Stream], None]) -> None:
        self._links = links
        self._forget = forget
        self._desks: dict[Audience, set[Desk]] = {}
        self._watches: dict[ThreadId, set[Watch]] = {}
        self._silent: dict[int, set[Watch]] = {}
        """Those of customers who have not written yet, by customer."""

    def add(self, stream: Stream) -> None:
        if isinstance(stream, Desk):
            self._desks.setdefault(stream.audience, set()).add(stream)
        elif isinstance(stream, Watch):
            if stream.visitor.thread is None:
                self._silent.setdefault(stream.visitor.customer, set()).add(stream)
            else:
                self._watches.setdefault(stream.visitor.thread, set()).add(stream)

    def discard(self, stream: Stream) -> None:
        if isinstance(stream, Desk):
            _discard(self._desks, stream.audience, stream)
        elif isinstance(stream, Watch):
            if stream.visitor.thread is None:
                _discard(self._silent, stream.visitor.customer, stream)
            else:
                _discard(self._watches, stream.visitor.thread, stream)

    def dispatch(self, item: News, positions: Mapping[TeamId, int]) -> None:
        """One event to whom it concerns; `positions` say how far each log is with it."""
        for audience, hub in list(self._desks.items()):
            if hub and concerns(item, audience):
                self.write(hub, frame(item.body, {team: positions[team] for team in _logs(hub)}))
        watching = self._watches.get(item.thread) if item.thread is not None else None
        if watching:
            self._tell_customers(watching, item)
        if self._silent and (customer := _begins(item)) is not None:
            for watch in list(self._silent.get(customer, ())):
                watch.end()  # they come back, and have a thread now

    def _tell_customers(self, watching: set[Watch], item: News) -> None:
        if item.kind == MOVED:
            for watch in list(watching):
                watch.end()  # they come back to another team's log
        elif encoded := body(item.kind, item.said, item.booked, self._links):
            self.write(watching, frame(encoded, {item.team: item.seq}))

    def tell(self, team: TeamId, thread: ThreadId, data: bytes) -> None:
        """What is in no log, to the people who may see the thread."""
        for audience, hub in list(self._desks.items()):
            if team in audience.teams or thread in audience.guest_threads:
                self.write(hub, data)

    async def beat(self) -> None:
        """Keep idle connections open, a few at a time."""
        for hub in list(self._desks.values()):
            self.write(hub, BEAT)
        watches = [watch for hub in (*self._watches.values(), *self._silent.values()) for watch in hub]
        for start in range(0, len(watches), BEATS_AT_ONCE):
            self.write(watches[start : start + BEATS_AT_ONCE], BEAT)
            await asyncio.sleep(0)

    def write(self, hub: Iterable[Stream], data: bytes) -> None:
        for stream in list(hub):
            if stream.pipe is None or stream.pipe.buffered() > SLOW:
                self._cut(stream)
            else:
                stream.pipe.write(data)

    def _cut(self, stream: Stream) -> None:
        if stream.pipe is not None:
            stream.pipe.cut()
        self._forget(stream)
        stream.end()


def _begins(item: News) -> int | None:
    """The customer whose first word this may be, a message or a booking."""
    if item.booked is not None:
        return item.booked.customer
    return item.said.author.id if item.kind == "message.received" and item.said is not None else None


def _discard(hubs: dict[K, set[S]], key: K, stream: S) -> None:
    hub = hubs.get(key, set())
    hub.discard(stream)
    if not hub:
        hubs.pop(key, None)


def _logs(hub: set[Desk]) -> Heads:
    """The logs that a hub's streams follow: the same for all, since they are of one audience."""
    return next(iter(hub)).positions
