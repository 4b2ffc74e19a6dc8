"""The three platforms together: which there are, and that none of them can hold anything up."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from adapters.app_push.sender import AT_ONCE, BODY_BYTES, LATER, PATIENCE, TITLE_BYTES, TURN, Sender, fitted
from gateway.channels.contract import SEND_TIMEOUT
from gateway.domain.device import Device
from gateway.errors import Invalid
from tests.adapters.app_push.pushing import LONG, NOTICE, apns, config, fails, fcm, webpush
from tests.adapters.app_push.test_webpush import KEYS
from tests.standins.apns import ApnsStandIn
from tests.standins.fcm import FcmStandIn
from tests.standins.web_push import PushService

ANDROID = Device("fcm", "x" * 140, {})
IPHONE = Device("apns", "0" * 64, {})


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@asynccontextmanager
async def sending(http: aiohttp.ClientSession, patience: float = PATIENCE, **platforms: Any) -> AsyncIterator[Sender]:
    made = Sender(config(**platforms), http, patience)
    yield made
    await made.close()


async def test_only_what_is_set_up_is_there(http: aiohttp.ClientSession) -> None:
    """A platform without a table takes no device, and a device of before gets no push."""
    async with sending(http, webpush=webpush()) as sender:
        assert ({"webpush"}, 87) == (sender.platforms, len(sender.push_key or ""))
        with pytest.raises(Invalid):
            sender.check_device("fcm", {"token": "x" * 140})
        assert ("configuration", None, None) == await fails(sender.push(ANDROID, NOTICE))


async def test_a_channel_without_push(http: aiohttp.ClientSession) -> None:
    """No table, no platform, no key."""
    async with sending(http) as sender:
        assert (frozenset(), None) == (sender.platforms, sender.push_key)


async def test_each_platform_knows_its_devices(http: aiohttp.ClientSession) -> None:
    """One registration of each kind."""
    told = {"endpoint": "https://push.example.com/1", "keys": KEYS}
    async with (
        FcmStandIn() as google,
        sending(http, webpush=webpush(), fcm=fcm(google), push_hosts=("push.example.com",)) as sender,
    ):
        found = sender.check_device("fcm", {"token": ANDROID.address}), sender.check_device("webpush", told)
        assert (ANDROID, Device("webpush", "https://push.example.com/1", KEYS)) == found


@pytest.mark.parametrize("sign_in", [True, False])
async def test_a_hung_firebase_is_left_in_time(http: aiohttp.ClientSession, sign_in: bool) -> None:
    """Whether it hangs at the sign-in or at the push."""
    async with FcmStandIn() as google, sending(http, 0.2, fcm=fcm(google)) as sender:
        (google.spoil_sign_in if sign_in else google.spoil).append("hang")
        assert ("again", None, None) == await fails(sender.push(ANDROID, NOTICE))
    async with FcmStandIn() as google, sending(http, fcm=fcm(google)) as sender:
        await sender.push(ANDROID, NOTICE)
        assert 1 == len(google.taken)


@pytest.mark.needs("web-push-testing")
async def test_a_hung_apple_is_left_in_time(http: aiohttp.ClientSession) -> None:
    """The connection is still good for the next push."""
    async with ApnsStandIn() as apple, sending(http, 1.0, apns=apns(apple)) as sender:
        await apple.spoil("hang")
        assert ("again", None, None) == await fails(sender.push(IPHONE, NOTICE))
        await sender.push(IPHONE, NOTICE)
        assert (1, 1) == (len(await apple.taken()), (await apple.counts())[0])


async def test_an_agents_push_delays_no_customers(http: aiohttp.ClientSession) -> None:
    """When more agents' pushes than have places hang at a platform, a customer's is made beside them at once."""
    async with FcmStandIn() as google, sending(http, 2.0, fcm=fcm(google)) as sender:
        agents = replace(NOTICE, for_agent=True)
        google.spoil += ["hang"] * AT_ONCE
        waiting = [asyncio.create_task(fails(sender.push(ANDROID, agents))) for _ in range(AT_ONCE + 5)]
        while google.spoil:
            await asyncio.wait(waiting, timeout=0.01)
        await sender.push(ANDROID, NOTICE)
        assert 1 == len(google.taken)
        google.spoil += ["hang"] * 5
        assert {"again"} == {verdict for verdict, _, _ in await asyncio.gather(*waiting)}


async def test_a_hung_push_service_holds_up_no_other(http: aiohttp.ClientSession) -> None:
    """All of its places are taken, those who wait for one are told in time, and pushes to elsewhere go."""
    async with (
        PushService(hangs=True) as hung,
        PushService() as good,
        FcmStandIn() as google,
        sending(http, 2.0, webpush=webpush(), fcm=fcm(google), push_hosts=(hung.url, good.url)) as sender,
    ):
        devices = [Device("webpush", f"{hung.url}/{number}", KEYS) for number in range(AT_ONCE + 20)]
        waiting = [asyncio.create_task(fails(sender.push(device, NOTICE))) for device in devices]
        while len(hung.came) < AT_ONCE:
            await asyncio.wait(waiting, timeout=0.01)
        await sender.push(Device("webpush", f"{good.url}/1", KEYS), NOTICE)
        await sender.push(ANDROID, NOTICE)
        assert (AT_ONCE, 1, 1) == (len(hung.came), len(good.came), len(google.taken))
        told = await asyncio.gather(*waiting)
        assert {"again": AT_ONCE + 20} == Counter(verdict for verdict, _, _ in told)
        assert 20 == sum(later == LATER for _, _, later in told)


async def test_who_finds_a_hung_service_full_does_not_wait(http: aiohttp.ClientSession) -> None:
    """Once nothing has moved for a turn, whoever comes is told at once: a delivery that waits takes another's place."""
    async with (
        PushService(hangs=True) as hung,
        sending(http, webpush=webpush(), push_hosts=(hung.url,)) as sender,
    ):
        devices = [Device("webpush", f"{hung.url}/{number}", KEYS) for number in range(AT_ONCE + 100)]
        waiting = [asyncio.create_task(fails(sender.push(device, NOTICE))) for device in devices[: AT_ONCE + 1]]
        await waiting[-1]
        begun = time.monotonic()
        told = [await fails(sender.push(device, NOTICE)) for device in devices[AT_ONCE + 1 :]]
        assert [("again", None, LATER)] * 99 == told
        assert time.monotonic() - begun < TURN
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def test_a_push_ends_before_its_lease_does() -> None:
    """The gateway counts on `SEND_TIMEOUT`."""
    assert PATIENCE < SEND_TIMEOUT


@pytest.mark.parametrize("body", ["\U0001f600" * 5_000, '"' * 5_000, "\x01" * 5_000, "é" * 5_000, "a" * 5_000])
def test_a_long_text_is_cut(body: str) -> None:
    """As much as fits in JSON, whole characters, and a mark that it goes on."""
    found = fitted(replace(NOTICE, body=body)).body
    size = len(json.dumps(found, ensure_ascii=False).encode())
    assert (True, "…") == (BODY_BYTES - 12 <= size <= BODY_BYTES, found[-1])
    assert body.startswith(found[:-1])


def test_what_fits_stays_as_it_is() -> None:
    """Only what is too long is touched."""
    assert fitted(NOTICE) == NOTICE
    assert len(json.dumps(fitted(LONG).title, ensure_ascii=False).encode()) <= TITLE_BYTES


async def test_a_push_service_that_is_no_longer_allowed(http: aiohttp.ClientSession) -> None:
    """A browser that registered while the config added its host is not asked any more."""
    device = Device("webpush", "https://push.example.com/1", KEYS)
    async with sending(http, webpush=webpush()) as sender:
        assert ("refused", None, None) == await fails(sender.push(device, NOTICE))


async def test_many_pushes_share_their_places(http: aiohttp.ClientSession) -> None:
    """Three hundred at once to one platform all arrive."""
    async with FcmStandIn() as google, sending(http, fcm=fcm(google)) as sender:
        devices = [Device("fcm", f"{number:0140}", {}) for number in range(300)]
        await asyncio.gather(*(sender.push(device, NOTICE) for device in devices))
        assert {device.address for device in devices} == {each["token"] for each in google.taken}
