"""Pushes by APNs, to an HTTP/2 server under Node that checks the provider token and every header."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.app_push.apns import HOSTS, Apns
from adapters.app_push.sender import fitted
from gateway.channels.push import PushVerdict
from gateway.domain.device import Device
from gateway.errors import Invalid
from tests.adapters.app_push.pushing import LONG, NOTICE, Clock, apns, fails, vapid_key
from tests.standins.apns import TOPIC, ApnsStandIn

pytestmark = pytest.mark.needs("web-push-testing")  # for Node, which comes with it
TOKEN = "0123456789abcdef" * 4
DEVICE = Device("apns", TOKEN, {})
MINUTE = 60.0


@pytest.fixture
async def apple() -> AsyncIterator[ApnsStandIn]:
    async with ApnsStandIn() as standin:
        yield standin


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def platform(apple: ApnsStandIn, clock: Clock) -> AsyncIterator[Apns]:
    made = Apns(apns(apple), clock)
    yield made
    await made.close()


async def test_a_push_says_who_wrote_and_where(apple: ApnsStandIn, platform: Apns) -> None:
    """Apple takes it: our signature, the topic, how long it lasts, and a payload in Apple's own keys."""
    before = int(time.time())
    await platform.push(platform.device({"token": TOKEN.upper()}), NOTICE)
    (taken,) = await apple.taken()
    assert TOKEN == taken["device"]
    assert {
        "aps": {
            "alert": {"title": NOTICE.title, "body": NOTICE.body},
            "badge": 3,
            "sound": "default",
            "thread-id": "thr_1",
        },
        "thread": "thr_1",
        "message": "msg_1",
    } == taken["payload"]
    headers = taken["headers"]
    told = [headers[f"apns-{name}"] for name in ("topic", "push-type", "priority", "collapse-id")]
    assert [TOPIC, "alert", "10", "thr_1"] == told
    assert before + 86_400 <= int(headers["apns-expiration"]) <= time.time() + 86_400


@pytest.mark.parametrize("thread", ["t" * 65, "thr_é", "\N{GRINNING FACE}" * 30, "a\nb"])
async def test_a_collapse_id_is_never_too_long(apple: ApnsStandIn, platform: Apns, thread: str) -> None:
    """A thread that does not fit into 64 bytes of a header is hashed, the same way each time."""
    for _ in range(2):
        await platform.push(DEVICE, replace(NOTICE, thread=thread))
    first, second = [each["headers"]["apns-collapse-id"] for each in await apple.taken()]
    assert (64, first) == (len(first), second)


async def test_a_long_text_fits(apple: ApnsStandIn, platform: Apns) -> None:
    """Cut by the sender, even the longest stays within Apple's 4 KiB; uncut it is refused for good."""
    await platform.push(DEVICE, fitted(LONG))
    assert ("refused", "PayloadTooLarge", None) == await fails(platform.push(DEVICE, LONG))


async def test_one_connection_serves_all(apple: ApnsStandIn, platform: Apns) -> None:
    """Two hundred pushes at once, a second round, one connection and one provider token."""
    for _ in range(2):
        await asyncio.gather(*(platform.push(DEVICE, NOTICE) for _ in range(200)))
    assert 400 == len(await apple.taken())
    assert (1, 1) == await apple.counts()


async def test_a_provider_token_is_made_every_forty_minutes(apple: ApnsStandIn, platform: Apns, clock: Clock) -> None:
    """Not after 39, for Apple wants it kept for 20 at least; after 41, for Apple refuses it after 60."""
    seen = []
    for minutes in (0, 39, 41):
        clock.ahead = minutes * MINUTE
        await apple.set_clock(clock.ahead)
        await platform.push(DEVICE, NOTICE)
        seen.append((await apple.counts())[1])
    assert [1, 1, 2] == seen


async def test_an_expired_provider_token_is_renewed_once(apple: ApnsStandIn, platform: Apns, clock: Clock) -> None:
    """Where Apple's clock says so, a new one is made, and no third: Apple takes one every 20 minutes."""
    await platform.push(DEVICE, NOTICE)
    clock.ahead = 30 * MINUTE
    await apple.set_clock(75 * MINUTE)
    await platform.push(DEVICE, NOTICE)
    assert (2, 2) == (len(await apple.taken()), (await apple.counts())[1])
    await apple.set_clock(150 * MINUTE)
    assert ("configuration", "ExpiredProviderToken", None) == await fails(platform.push(DEVICE, NOTICE))


async def test_one_renewal_serves_all_who_were_refused(apple: ApnsStandIn, platform: Apns, clock: Clock) -> None:
    """Ten pushes are told that the token has expired; one new token is made for them."""
    await platform.push(DEVICE, NOTICE)
    clock.ahead = 30 * MINUTE
    await apple.set_clock(75 * MINUTE)
    await asyncio.gather(*(platform.push(DEVICE, NOTICE) for _ in range(10)))
    assert (11, 2) == (len(await apple.taken()), (await apple.counts())[1])


async def test_a_key_that_is_not_ours(apple: ApnsStandIn, platform: Apns) -> None:
    """Apple checks the signature against the team's own key: another key, team or topic is our configuration."""
    right, verdicts = apns(apple), []
    wrong = [{"key": vapid_key()}, {"key_id": "ZZZ123DEFG"}, {"team_id": "ZZZ123GHIJ"}, {"topic": "com.example.other"}]
    for each in wrong:
        other = Apns(right.model_copy(update=each))
        verdicts.append((await fails(other.push(DEVICE, NOTICE)))[:2])
        await other.close()
    refused = ("configuration", "InvalidProviderToken")
    assert [refused, refused, refused, ("configuration", "TopicDisallowed")] == verdicts


async def test_a_connection_that_falls_silent(apple: ApnsStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as broken after a while, so that the next push is not lost on it too."""
    monkeypatch.setattr("adapters.app_push.apns.SILENCE", 0.3)
    platform = Apns(apns(apple))
    await apple.spoil("hang")
    assert ("again", None, None) == await fails(platform.push(DEVICE, NOTICE))
    await platform.push(DEVICE, NOTICE)
    assert (1, 2) == (len(await apple.taken()), (await apple.counts())[0])
    await platform.close()


def told(status: int, reason: str | None = None, **headers: str) -> dict[str, Any]:
    return {"status": status, "reason": reason, "headers": {name.replace("_", "-"): v for name, v in headers.items()}}


@pytest.mark.parametrize(
    ("answer", "verdict", "code", "after"),
    [
        (told(400, "BadDeviceToken"), "gone", "BadDeviceToken", None),
        (told(410, "Unregistered"), "gone", "Unregistered", None),
        (told(410, "ExpiredToken"), "gone", "ExpiredToken", None),
        (told(410), "gone", "410", None),
        (told(400, "DeviceTokenNotForTopic"), "configuration", "DeviceTokenNotForTopic", None),
        (told(400, "TopicDisallowed"), "configuration", "TopicDisallowed", None),
        (told(403, "InvalidProviderToken"), "configuration", "InvalidProviderToken", None),
        (told(403, "BadEnvironmentKeyIdInToken"), "configuration", "BadEnvironmentKeyIdInToken", None),
        (told(404, "BadPath"), "configuration", "BadPath", None),
        (told(400, "PayloadEmpty"), "refused", "PayloadEmpty", None),
        (told(413, "PayloadTooLarge"), "refused", "PayloadTooLarge", None),
        (told(429, "TooManyRequests"), "again", "TooManyRequests", None),
        (told(429, "TooManyRequests", retry_after="30"), "again", "TooManyRequests", timedelta(seconds=30)),
        (told(429, "TooManyProviderTokenUpdates"), "again", "TooManyProviderTokenUpdates", timedelta(minutes=20)),
        (told(500, "InternalServerError"), "again", "InternalServerError", timedelta(minutes=15)),
        (told(503, "ServiceUnavailable", retry_after="5"), "again", "ServiceUnavailable", timedelta(seconds=5)),
        (told(503, "Shutdown"), "again", "Shutdown", None),
        (told(400, "no word\nof Apple's"), "refused", "400", None),
    ],
)
async def test_each_answer_has_its_verdict(
    apple: ApnsStandIn,
    platform: Apns,
    answer: dict[str, Any],
    verdict: PushVerdict,
    code: str,
    after: timedelta | None,
) -> None:
    """By Apple's reason where it is known, else by the status; a wait is the one it names, or the one of its docs."""
    await apple.spoil(answer)
    assert (verdict, code, after) == await fails(platform.push(DEVICE, NOTICE))
    assert [] == await apple.taken()


async def test_a_connection_that_apple_ends_is_made_anew(apple: ApnsStandIn, platform: Apns) -> None:
    """A GOAWAY that did not take the push, and one that came while the connection was idle, cost a second connection
    and no push."""
    await platform.push(DEVICE, NOTICE)
    await apple.spoil("goaway")
    await platform.push(DEVICE, NOTICE)
    await apple.spoil("taken, then goaway")
    await platform.push(DEVICE, NOTICE)
    await platform.push(DEVICE, NOTICE)
    assert (4, 3) == (len(await apple.taken()), (await apple.counts())[0])


async def test_a_goaway_amid_many_pushes_loses_none(apple: ApnsStandIn, platform: Apns) -> None:
    """Those that were under way are sent once more; where Apple had taken one, it collapses."""
    await platform.push(DEVICE, NOTICE)
    await apple.spoil(*["as usual"] * 20, "goaway")
    threads = [f"thr_{number}" for number in range(50)]
    await asyncio.gather(*(platform.push(DEVICE, replace(NOTICE, thread=thread)) for thread in threads))
    assert {"thr_1", *threads} == {each["payload"]["thread"] for each in await apple.taken()}


async def test_a_connection_that_ends_twice(apple: ApnsStandIn, platform: Apns) -> None:
    """The second time it is left to the gateway to try again."""
    await apple.spoil("goaway", "goaway")
    assert ("again", None, None) == await fails(platform.push(DEVICE, NOTICE))
    await platform.push(DEVICE, NOTICE)
    assert 1 == len(await apple.taken())


async def test_a_push_that_apple_resets(apple: ApnsStandIn, platform: Apns) -> None:
    """A refused stream was not looked at: it is sent once more."""
    await apple.spoil("reset")
    await platform.push(DEVICE, NOTICE)
    assert 1 == len(await apple.taken())


async def test_nobody_is_there(apple: ApnsStandIn) -> None:
    """It says nothing of the device: again."""
    made = Apns(apns(apple).model_copy(update={"environment": "http://127.0.0.1:1"}))
    assert ("again", None, None) == await fails(made.push(DEVICE, NOTICE))
    await made.close()


def test_where_apple_is() -> None:
    """https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns"""
    assert {
        "production": "https://api.push.apple.com",
        "sandbox": "https://api.sandbox.push.apple.com",
    } == HOSTS


@pytest.mark.parametrize("token", [None, 7, "", "abc", "g" * 64, "0" * 202, TOKEN + "/..", TOKEN + "\n"])
def test_what_is_no_device_token(token: object) -> None:
    """It is refused when the device is registered, not when the first push fails."""
    with pytest.raises(Invalid):
        Apns.device(Apns.__new__(Apns), {"token": token})
