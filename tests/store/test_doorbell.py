"""Wake-ups cannot be lost, and nobody waits past their time."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import NotFound
from gateway.store.doorbell import Doorbell
from gateway.store.store import Lane, Store
from tests.store.marks import mark, mark_all, mark_and_fail, marks

LONG = 30.0


async def test_ring_while_waiting() -> None:
    """Everyone who waits hears a ring."""
    bell = Doorbell()
    waiting = [asyncio.create_task(bell.listen().heard(LONG)) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring()
    assert [True] * 3 == await asyncio.gather(*waiting)


async def test_ring_before_waiting() -> None:
    """A ring between listening and waiting is heard at once, and once only."""
    bell = Doorbell()
    ear = bell.listen()
    bell.ring()
    bell.ring()
    assert [True, False] == [await ear.heard(LONG), await ear.heard(0)]


async def test_time_out() -> None:
    """Silence ends with the time-out, and a later ring is still heard."""
    bell = Doorbell()
    ear = bell.listen()
    assert not await ear.heard(0.001)
    bell.ring()
    assert await ear.heard(0)


async def test_cancelled_waiter() -> None:
    """One who stops waiting takes nobody along."""
    bell = Doorbell()
    gone, stays = (asyncio.create_task(bell.listen().heard(LONG)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait((gone,))
    bell.ring()
    assert await stays


async def test_store_rings(store: Store, doorbell: Doorbell) -> None:
    """The store rings after what it wrote is there to be read, and not for a read or an action that wrote nothing."""
    ear = doorbell.listen()
    await store.write(mark, "a")
    assert [True, ["a"]] == [await ear.heard(0), await store.read(marks)]
    await store.write(marks)
    assert not await ear.heard(0)


async def test_texts_ring_for_those_who_want_them(store: Store, doorbell: Doorbell) -> None:
    """A commit of texts wakes whoever listens to all, and not who asked to be spared; any other commit wakes both."""
    ears = doorbell.listen(), doorbell.listen(texts=False)
    await store.write_each(mark_all, "a", Lane.INGEST)
    assert [True, False] == [await ear.heard(0) for ear in ears]
    await store.write(mark, "b")
    assert [True, True] == [await ear.heard(0) for ear in ears]


async def test_failed_action(store: Store, doorbell: Doorbell) -> None:
    """A ring says no more than: look again. One for an action that was undone does no harm."""
    with pytest.raises(NotFound):
        await store.write(mark_and_fail, "a")
    assert [] == await store.read(marks)
