"""The alarm clock rings when a booking is due, however it comes to know of it, and whatever happens to the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from gateway.actions import pass_on as action
from gateway.errors import Unavailable
from gateway.scheduler import AlarmClock
from gateway.scheduler import bookings as alarm
from gateway.store import bookings
from tests.company import FRONT, SECOND, Company, company, engine
from tests.outbox.provider import until
from tests.promises import HOUR, Promises

__all__ = ["company", "engine"]


@pytest.fixture
async def promises(company: Company) -> Promises:
    await company.hire("ana", FRONT)
    return Promises(company)


def made(promises: Promises) -> AlarmClock:
    company = promises.company
    return AlarmClock(company.store, company.doorbell, company.clock, lambda: promises.teams)


@asynccontextmanager
async def going(promises: Promises) -> AsyncIterator[AlarmClock]:
    clock = made(promises)
    clock.start()
    try:
        yield clock
    finally:
        await clock.close()


async def state(promises: Promises, booking: Any) -> str:
    return (await promises.get(booking)).state


def rings(promises: Promises, booking: Any) -> Any:
    async def it_rings() -> bool:
        return await state(promises, booking) == "ringing"

    return it_rings


async def test_it_knows_when_to_look_again(promises: Promises) -> None:
    """It looks again when the next is due, half a minute later at most, and soon where somebody else holds one."""
    clock = made(promises)
    assert alarm.SWEEP == await clock.look()
    booking = await promises.make()
    assert alarm.SWEEP == await clock.look()
    promises.at(-15 * 60 - 7)
    assert 7 == await clock.look()
    promises.at(0)
    assert 30 == await clock.look()
    assert ["fired", "shift"] == await promises.steps(booking)


async def test_many_are_due(promises: Promises, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are due, one look does them all, some at a time."""
    monkeypatch.setattr(alarm, "STEP", 3)
    for _ in range(7):
        await promises.make(await promises.thread())
    promises.at(0)
    await made(promises).look()
    assert [("ringing", 7)] == await promises.company.rows("SELECT state, count(*) FROM booking GROUP BY state")


async def test_what_was_due_is_done_at_the_start(promises: Promises) -> None:
    """What was due while nothing ran is fired when it starts, late."""
    booking = await promises.make()
    promises.at(3600)
    async with going(promises):
        await until(rings(promises, booking))
    assert (await promises.get(booking)).late


async def test_the_doorbell_sets_it(promises: Promises) -> None:
    """A booking that is made while it goes is heard of at once, without any look by itself."""
    async with going(promises):
        await asyncio.sleep(0)
        await until(rings(promises, await promises.now()))


async def test_the_alarm_rings(promises: Promises) -> None:
    """What is due in a moment is done then, with nothing else to wake it."""
    booking = await promises.make()
    promises.at(-15 * 60 - 0.2)
    real = asyncio.get_running_loop().time
    begun, start = promises.company.clock.at, real()
    async with going(promises) as clock:
        clock._clock = lambda: begun + int((real() - start) * SECOND)

        async def asked() -> bool:
            return ["asked"] == await promises.steps(booking)

        await until(asked)
    assert (await promises.get(booking)).step_at >= HOUR - 15 * 60 * SECOND  # type: ignore[operator]


@pytest.mark.parametrize("jump", [86_400, -7_200])
async def test_the_clock_is_set(promises: Promises, monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    """Set forward, what has become due is done at the next look; set back, it waits for its hour, and comes once."""
    monkeypatch.setattr(alarm, "SWEEP", 0.05)
    booking = await promises.make()
    async with going(promises) as clock:
        promises.at(-10 * 60 + jump)
        if jump > 0:
            await until(rings(promises, booking))
        else:
            await clock.look()
            assert [] == await promises.steps(booking)
            promises.at(0)
            await until(rings(promises, booking))
    assert 1 == (await promises.steps(booking)).count("fired")


async def test_it_goes_on(promises: Promises, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database cannot be asked it says so once and tries again; no mistake of ours stops it."""
    monkeypatch.setattr(alarm, "AGAIN", 0.01)
    errors: list[Exception] = [Unavailable(), Unavailable(), RuntimeError("a bug")]
    real = bookings.next_due

    async def due(tx: Any) -> int | None:
        if errors:
            raise errors.pop(0)
        return await real(tx)

    monkeypatch.setattr(bookings, "next_due", due)
    booking = await promises.make()
    promises.at(0)
    with structlog.testing.capture_logs() as logs:

        async def goes() -> bool:
            return "bookings.clock_goes" in {entry["event"] for entry in logs}

        async with going(promises):
            await until(rings(promises, booking))
            await until(goes)
    expected = ["bookings.clock_stands", "bookings.clock_failed", "bookings.clock_goes"]
    assert expected == [entry["event"] for entry in logs]


async def test_it_ends_in_the_middle(promises: Promises, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed while it passes something on, it leaves the step taken or not, and the next node does the rest."""
    booking = await promises.make()
    promises.at(0)
    started = asyncio.Event()
    real = action.pass_on

    async def slow(*args: Any) -> int:
        started.set()
        return await real(*args)

    monkeypatch.setattr(alarm, "pass_on", slow)
    clock = made(promises)
    clock.start()
    await until(started.is_set)
    await clock.close()
    async with asyncio.timeout(20):
        while not await promises.steps(booking):  # what is still being committed is left out by who looks meanwhile
            await made(promises).look()
    assert ["fired", "shift"] == await promises.steps(booking)


async def test_it_reads_little(promises: Promises) -> None:
    """The doorbell may ring as often as it likes: it looks a few times, and not each time."""
    looks = 0
    async with going(promises) as clock:
        real = clock.look

        async def look() -> float:
            nonlocal looks
            looks += 1
            return await real()

        clock.look = look  # type: ignore[method-assign]
        for _ in range(1_000):
            promises.company.doorbell.ring()
            await asyncio.sleep(0)
    assert looks < 20
