"""What an event costs those whom it does not concern: nothing, however many they are."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from gateway.domain.author import CustomerId
from gateway.domain.message import Message, MessageId, ThreadId, Writer
from gateway.feed.encode import News
from gateway.feed.follow import Feed
from gateway.feed.hubs import Hubs
from gateway.feed.watch import Watch
from gateway.store.visitors import Visitor
from tests.company import FRONT
from tests.feed.reader import Reader


def visitor(number: int) -> Visitor:
    return Visitor(
        number,
        b"",
        number,
        "web",
        f"visitor-{number}",
        "web",
        CustomerId(number),
        None,
        FRONT,
        ThreadId(number),
        FRONT,
        0,
    )


def news(thread: int) -> News:
    writer = Writer("customer", thread, "", "")
    message = Message(MessageId(1), ThreadId(thread), "in", writer, "web", "hello", (), 0, None, None, None, 0, None)
    return News(FRONT, 1, ThreadId(thread), True, b"", "message.received", message)


def work(hubs: Hubs, item: News) -> int:
    """How many calls and lines of Python telling one event takes: the same on any machine."""
    steps = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        hubs.dispatch(item, {FRONT: 1})
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize("idle", [10_000])
async def test_ten_thousand_idle_customers_cost_an_event_nothing(feed: Feed, idle: int) -> None:
    """To tell a customer what was said takes as many steps alone as among ten thousand others, who hear nothing."""
    hubs, readers = Hubs(None, feed.leave), []

    def enter(number: int) -> None:
        watch = Watch(feed, visitor(number), {FRONT: 0}, resync=False)
        watch.pipe = Reader()
        readers.append(watch.pipe)
        hubs.add(watch)

    enter(0)
    alone = min(work(hubs, news(0)) for _ in range(3))  # the first fills caches
    for number in range(1, idle + 1):
        enter(number)
    assert alone == min(work(hubs, news(0)) for _ in range(3))
    assert (6, {b""}) == (len(readers[0].frames), {reader.text for reader in readers[1:]})
