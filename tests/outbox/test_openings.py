"""When an agent opens a booked chat, the customer's devices are told so, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from gateway.domain.booking import BookingId
from gateway.outbox import openings
from gateway.outbox.openings import Openings
from tests.company import FRONT
from tests.outbox.office import NAMES, Office
from tests.outbox.phones import Phones, android
from tests.outbox.provider import until
from tests.outbox.telephone import Exchange
from tests.standins.fcm import Answer, FcmStandIn


@pytest.fixture
async def phones(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Phones]:
    """Nobody has started telling yet."""
    monkeypatch.setattr(openings, "POLL", 0.05)
    async with FcmStandIn() as google, aiohttp.ClientSession() as http:
        yield Phones(office, google, http)
        await office.close()


@pytest.fixture
async def telling(phones: Phones) -> AsyncIterator[Openings]:
    company, office = phones.company, phones.office
    await office.open(app=phones.app())
    made = Openings(company.store, office.channels, company.doorbell, company.clock, NAMES.__getitem__)
    yield made
    await made.close()


async def opened(phones: Phones, devices: int = 1) -> BookingId:
    """Ana opens the chat of an app's customer who has so many phones."""
    text = await phones.company.text(sender="user-0", channel="app", kind="app", endpoint="")
    for number in range(devices):
        await phones.register(android(number))
    ben = await phones.company.hire("ben", FRONT)
    exchange = Exchange(phones.company, ben)
    booking = await exchange.promises.make(text.thread, kind="chat", state="ringing")
    await exchange.order(booking)
    return booking


async def waiting(phones: Phones) -> int:
    return len(await phones.company.rows("SELECT id FROM opening"))


async def test_each_phone_is_told_once(phones: Phones, telling: Openings) -> None:
    """The notice says which person has opened the chat, and leads to the thread and the booking."""
    booking = await opened(phones, 2)
    telling.start()
    pushes = await phones.pushes(2)
    assert {"title": "Front Range", "body": "Ben from your team has opened your chat"} == pushes[0]["notification"]
    assert (str(booking), "") == (pushes[0]["data"]["booking"], pushes[0]["data"]["message"])
    assert {android(0).address, android(1).address} == {push["token"] for push in pushes}

    async def told() -> bool:
        return await waiting(phones) == 0

    await until(told)
    assert 2 == len(phones.google.taken)


async def test_a_call_wakes_no_device(phones: Phones, telling: Openings) -> None:
    """The customer's phone rings for a call; no push says so."""
    text = await phones.company.text(sender="user-0", channel="app", kind="app", endpoint="")
    await phones.register(android())
    exchange = Exchange(phones.company, await phones.company.hire("ben", FRONT))
    booking = await exchange.promises.make(text.thread, state="ringing")
    await exchange.order(booking, by_hand=True)
    assert 0 == await waiting(phones)


async def test_a_phone_that_is_no_more(phones: Phones, telling: Openings) -> None:
    """A device that its platform does not know any more is forgotten, and its push with it."""
    phones.google.spoil.append(Answer(404, "UNREGISTERED"))
    await opened(phones)
    telling.start()

    async def forgotten() -> bool:
        return await phones.company.rows("SELECT id FROM device") == [] and await waiting(phones) == 0

    await until(forgotten)
    assert [] == phones.google.taken


async def test_a_busy_platform_is_asked_again(phones: Phones, telling: Openings) -> None:
    """A platform that is busy is asked again when it wishes."""
    phones.google.spoil.append(Answer(503, "UNAVAILABLE", {"Retry-After": "90"}))
    await opened(phones)
    telling.start()

    async def postponed() -> bool:
        rows = await phones.company.rows("SELECT due_at FROM opening")
        return bool(rows) and rows[0][0] >= phones.company.clock() + 89_000_000

    await until(postponed)
    phones.wait(91)
    await phones.pushes(1)


async def test_a_chat_that_is_over_is_not_announced(phones: Phones, telling: Openings) -> None:
    """What was opened and is done before the push was made wakes nobody."""
    booking = await opened(phones)
    await phones.company.sql("UPDATE booking SET state = 'done' WHERE id = ?1", booking)
    telling.start()

    async def dropped() -> bool:
        return await waiting(phones) == 0

    await until(dropped)
    assert [] == phones.google.taken
