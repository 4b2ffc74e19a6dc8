"""Pushes to browsers: to web-push-testing, which decrypts them, and to a push service that answers what it is told."""

from __future__ import annotations

import socket
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from adapters.app_push.hosts import PushHosts
from adapters.app_push.sender import fitted
from adapters.app_push.webpush import SIZE, WebPush, topic
from gateway.channels.push import PushVerdict
from gateway.domain.device import Device
from gateway.errors import Invalid
from tests.adapters.app_push.pushing import LONG, NOTICE, Clock, fails, webpush
from tests.standins.web_push import PushService, WebPushTesting

P256DH = "BNNL5ZaTfK81qhXOx23-wewhigUeFb632jN6LvRWCFH1ubQr77FE_9qV1FuojuRmHP42zmf34rXgW80OvUVDgTk"
AUTH = "zqbxT6JKstKSY9JKibZLSQ"
"""A subscription out of Mozilla's documentation."""
KEYS = {"p256dh": P256DH, "auth": AUTH}
CHROME = "https://fcm.googleapis.com/fcm/send/abc:def"


@asynccontextmanager
async def browsers(
    *hosts: str, resolver: AbstractResolver | None = None, clock: Callable[[], float] = time.time
) -> AsyncIterator[WebPush]:
    made = WebPush(webpush(), PushHosts(hosts), clock, resolver)
    yield made
    await made.close()


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with PushService() as standin:
        yield standin


@pytest.fixture
async def platform(service: PushService) -> AsyncIterator[WebPush]:
    async with browsers(service.url) as made:
        yield made


def at(service: PushService, path: str = "/push/1") -> Device:
    return Device("webpush", service.url + path, KEYS)


@pytest.mark.needs("web-push-testing")
async def test_a_browser_can_read_it() -> None:
    """A push service and an encryption that others wrote take the push and find our words; an ended subscription is
    gone."""
    async with WebPushTesting() as service, browsers(service.url) as platform:
        subscription = await service.subscribe(platform.public_key)
        device = platform.device(subscription)
        await platform.push(device, NOTICE)
        await platform.push(device, fitted(LONG))
        short, long = await service.notices(subscription)
        assert {
            "title": "Front Range",
            "body": "Ana from your team wrote",
            "thread": "thr_1",
            "message": "msg_1",
            "badge": 3,
        } == short
        assert long["body"].endswith("…")
        assert [SIZE, SIZE] == await service.sizes(subscription)
        await service.expire(subscription)
        assert ("gone", "410", None) == await fails(platform.push(device, NOTICE))


@pytest.mark.needs("web-push-testing")
async def test_another_key_is_refused() -> None:
    """A browser that subscribed with another key of ours does not get our push."""
    async with WebPushTesting() as service, browsers(service.url) as before, browsers(service.url) as now:
        subscription = await service.subscribe(before.public_key)
        assert ("refused", "400", None) == await fails(now.push(now.device(subscription), NOTICE))
        assert [] == await service.notices(subscription)


async def test_the_request_says_who_we_are(service: PushService, platform: WebPush) -> None:
    """Signed for this push service and no other (RFC 8292), urgent, with a life, and with the thread as its topic."""
    await platform.push(at(service), NOTICE)
    ((headers, body),) = service.came
    told = [headers[name] for name in ("TTL", "Urgency", "Content-Encoding", "Topic")]
    assert ["86400", "high", "aes128gcm", topic("thr_1")] == told
    assert 4096 >= len(body)
    token, key = headers["Authorization"].removeprefix("vapid t=").split(",k=")
    assert platform.public_key == key
    claims = jwt.decode(token, _public(key), algorithms=["ES256"]).claims
    assert (service.url, "mailto:care@example.com") == (claims["aud"], claims["sub"])
    assert time.time() + 6 * 3600 < claims["exp"] < time.time() + 24 * 3600


def _public(key: str) -> ECKey:
    point = urlsafe_b64decode(key + "=")
    return ECKey.import_key(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))


async def test_a_signature_is_used_for_hours(service: PushService) -> None:
    """The same one until half of its life is over, then another."""
    clock = Clock()
    async with browsers(service.url, clock=clock) as platform:
        for hours in (0.0, 5.9, 6.1):
            clock.ahead = hours * 3600
            await platform.push(at(service), NOTICE)
    first, second, third = [headers["Authorization"] for headers, _ in service.came]
    assert (True, False) == (first == second, first == third)


def test_a_topic_fits_its_header() -> None:
    """32 characters of base64url, whatever the thread is called; one for each thread."""
    topics = {topic(thread) for thread in ("thr_1", "thr_2", "é" * 500)}
    assert (3, {32}) == (len(topics), {len(each) for each in topics})
    assert all(each.replace("-", "").replace("_", "").isalnum() for each in topics)


async def test_no_two_are_alike(service: PushService, platform: WebPush) -> None:
    """The same words, sealed twice, have nothing in common but their length."""
    await platform.push(at(service), NOTICE)
    await platform.push(at(service), replace(NOTICE, body=""))
    first, second = [body for _, body in service.came]
    assert (len(first), True) == (len(second), first[100:200] != second[100:200])


async def test_what_is_too_long_is_not_sent(service: PushService, platform: WebPush) -> None:
    """A text that nobody cut would tell its length: it is refused here."""
    assert ("refused", None, None) == await fails(platform.push(at(service), LONG))
    assert [] == service.came


@pytest.mark.parametrize(
    ("status", "headers", "reason", "verdict", "code", "after"),
    [
        (404, {}, None, "gone", "404", None),
        (410, {}, "Unregistered", "gone", "Unregistered", None),
        (400, {}, None, "refused", "400", None),
        (400, {}, "VapidPkHashMismatch", "configuration", "VapidPkHashMismatch", None),
        (401, {}, None, "configuration", "401", None),
        (403, {}, "BadJwtToken", "configuration", "BadJwtToken", None),
        (406, {}, None, "again", "406", None),
        (413, {}, None, "refused", "413", None),
        (429, {"Retry-After": "120"}, None, "again", "429", timedelta(minutes=2)),
        (500, {}, None, "again", "500", None),
        (503, {"Retry-After": "99999999999999"}, None, "again", "503", timedelta(days=1)),
    ],
)
async def test_each_answer_has_its_verdict(
    service: PushService,
    platform: WebPush,
    status: int,
    headers: dict[str, str],
    reason: str | None,
    verdict: PushVerdict,
    code: str,
    after: timedelta | None,
) -> None:
    """By RFC 8030 and what Apple and Windows add to it."""
    service.status, service.headers, service.reason = status, headers, reason
    assert (verdict, code, after) == await fails(platform.push(at(service), NOTICE))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(service: PushService, platform: WebPush, status: int) -> None:
    """Not to a private address, and not to a public one either."""
    async with PushService() as inside:
        service.status, service.headers = status, {"Location": inside.url + "/metadata"}
        assert ("refused", str(status), None) == await fails(platform.push(at(service), NOTICE))
        assert ([], 1) == (inside.came, len(service.came))


class Names(AbstractResolver):
    """A DNS that gives each answer once, in turn."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._answers.pop(0)
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_inside_is_refused(inside: str) -> None:
    """Even a known push service is not asked where DNS says that it is in here; its device stays."""
    async with browsers(resolver=Names(inside)) as platform:
        device = platform.device({"endpoint": CHROME, "keys": KEYS})
        assert ("refused", None, None) == await fails(platform.push(device, NOTICE))


async def test_a_name_on_this_machine_needs_its_port(service: PushService) -> None:
    """What the config adds as an origin may lie in here; the same name at another port may not."""
    port = service.url.rpartition(":")[2]
    async with browsers(f"http://localhost:{port}", resolver=Names("127.0.0.1")) as platform:
        await platform.push(Device("webpush", f"http://localhost:{port}/push/1", KEYS), NOTICE)
        assert 1 == len(service.came)
        stray = Device("webpush", "http://localhost:1/push/1", KEYS)
        assert ("refused", None, None) == await fails(platform.push(stray, NOTICE))


async def test_nobody_is_there() -> None:
    """It says nothing of the browser: again."""
    device = Device("webpush", "http://127.0.0.1:1/x", KEYS)
    async with browsers("http://127.0.0.1:1") as platform:
        assert ("again", None, None) == await fails(platform.push(device, NOTICE))


async def test_a_registration_as_browsers_write_it(platform: WebPush) -> None:
    """With or without padding, and with fields that we do not use."""
    told = {"endpoint": CHROME, "expirationTime": None, "keys": {"p256dh": P256DH + "=", "auth": AUTH + "=="}}
    device = platform.device(told)
    assert ("webpush", CHROME, KEYS) == (device.platform, device.address, device.keys)


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": None},
        {"endpoint": "https://127.0.0.1/x"},
        {"keys": None},
        {"keys": [P256DH, AUTH]},
        {"keys": {}},
        {"keys": {"p256dh": P256DH}},
        {"keys": {"p256dh": P256DH, "auth": AUTH[:-2]}},
        {"keys": {"p256dh": P256DH, "auth": "é"}},
        {"keys": {"p256dh": 7, "auth": AUTH}},
        {"keys": {"p256dh": P256DH[:-4], "auth": AUTH}},
        {"keys": {"p256dh": "B" + "A" * 86, "auth": AUTH}},
        {"keys": {"p256dh": P256DH * 100, "auth": AUTH}},
    ],
)
async def test_what_is_no_registration(platform: WebPush, wrong: dict[str, Any]) -> None:
    """It is refused when the browser is registered: also a point that is not on the curve."""
    with pytest.raises(Invalid):
        platform.device({"endpoint": CHROME, "keys": KEYS} | wrong)
