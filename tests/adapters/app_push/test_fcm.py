"""Pushes by FCM, to a Google that checks the assertion and the message."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest
from pydantic import SecretStr

from adapters.app_push.fcm import Fcm
from adapters.app_push.sender import fitted
from gateway.channels.push import PushVerdict
from gateway.errors import Invalid
from tests.adapters.app_push.pushing import LONG, NOTICE, fails, fcm
from tests.standins.fcm import Answer, FcmStandIn
from tests.standins.fcm_schema import violation

TOKEN = "dTw0:APA91b" + "x" * 130


@pytest.fixture
async def google() -> AsyncIterator[FcmStandIn]:
    async with FcmStandIn() as standin:
        yield standin


class Clock:
    """Ours and Google's, moved together."""

    def __init__(self, google: FcmStandIn) -> None:
        self._google = google

    def __call__(self) -> float:
        return time.time() + self._google.ahead


@pytest.fixture
async def platform(google: FcmStandIn) -> AsyncIterator[Fcm]:
    async with aiohttp.ClientSession() as http:
        yield Fcm(fcm(google), http, Clock(google))


async def test_a_push_says_who_wrote_and_where(google: FcmStandIn, platform: Fcm) -> None:
    """Google takes it: the words, the thread as collapse key and tag, the unread count, and how long it lasts."""
    await platform.push(platform.device({"token": TOKEN}), NOTICE)
    (taken,) = google.taken
    assert TOKEN == taken["token"]
    assert {"title": NOTICE.title, "body": NOTICE.body} == taken["notification"]
    assert {"thread": "thr_1", "message": "msg_1"} == taken["data"]
    assert {
        "collapseKey": "thr_1",
        "priority": "HIGH",
        "ttl": "86400s",
        "notification": {"tag": "thr_1", "notificationCount": 3},
    } == taken["android"]
    assert {"badge": 3, "sound": "default", "thread-id": "thr_1"} == taken["apns"]["payload"]["aps"]
    assert "thr_1" == taken["apns"]["headers"]["apns-collapse-id"]


async def test_a_long_life_is_cut_to_what_google_keeps(google: FcmStandIn, platform: Fcm) -> None:
    """Four weeks are the most."""
    await platform.push(platform.device({"token": TOKEN}), replace(NOTICE, lasts=timedelta(days=90)))
    assert "2419200s" == google.taken[0]["android"]["ttl"]


async def test_a_long_text_fits(google: FcmStandIn, platform: Fcm) -> None:
    """Cut by the sender, even the longest stays within 4 KiB."""
    await platform.push(platform.device({"token": TOKEN}), fitted(LONG))
    assert [True] == [taken["notification"]["body"].endswith("…") for taken in google.taken]


async def test_one_sign_in_serves_all(google: FcmStandIn, platform: Fcm) -> None:
    """Twenty pushes at once wait for one token, and the next one uses it as well."""
    device = platform.device({"token": TOKEN})
    await asyncio.gather(*(platform.push(device, NOTICE) for _ in range(20)))
    await platform.push(device, NOTICE)
    assert (1, 21) == (google.signed_in, len(google.taken))


async def test_a_token_is_renewed_before_its_end(google: FcmStandIn, platform: Fcm) -> None:
    """With four minutes left it is, with six it is not."""
    device = platform.device({"token": TOKEN})
    await platform.push(device, NOTICE)
    signed_in = []
    for minutes_left in (6, 4):
        google.ahead = google.lasts - 60 * minutes_left
        await platform.push(device, NOTICE)
        signed_in.append(google.signed_in)
    assert [1, 2] == signed_in


async def test_a_good_token_is_used_while_the_sign_in_is_down(google: FcmStandIn, platform: Fcm) -> None:
    """A renewal that fails before the end is put off for half a minute; at the end it is a failure."""
    device = platform.device({"token": TOKEN})
    await platform.push(device, NOTICE)
    google.ahead = google.lasts - 100
    google.spoil_sign_in.extend([Answer(503), Answer(503)])
    await platform.push(device, NOTICE)
    await platform.push(device, NOTICE)
    assert (2, 3) == (google.signed_in, len(google.taken))
    google.ahead = google.lasts + 1
    assert ("again", None, None) == await fails(platform.push(device, NOTICE))


async def test_a_token_that_google_forgot_is_renewed_once(google: FcmStandIn, platform: Fcm) -> None:
    """All pushes that it was refused to share one renewal; a second refusal is our configuration."""
    device = platform.device({"token": TOKEN})
    await platform.push(device, NOTICE)
    google.forget_tokens()
    await asyncio.gather(*(platform.push(device, NOTICE) for _ in range(5)))
    assert (2, 6) == (google.signed_in, len(google.taken))
    google.spoil.extend([Answer(401), Answer(401)])
    assert ("configuration", "401", None) == await fails(platform.push(device, NOTICE))


SOON = format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True)


@pytest.mark.parametrize(
    ("answer", "verdict", "code", "after"),
    [
        (Answer(404, "UNREGISTERED"), "gone", "UNREGISTERED", None),
        (Answer(404), "configuration", "404", None),
        (Answer(400, "INVALID_ARGUMENT"), "refused", "INVALID_ARGUMENT", None),
        (Answer(400, violations=["message.data[0].value"]), "refused", "400", None),
        (Answer(400, violations=["message.token"]), "gone", "400", None),
        (
            Answer(
                400,
                "INVALID_ARGUMENT",
                message="The registration token is not a valid FCM registration token",
            ),
            "gone",
            "INVALID_ARGUMENT",
            None,
        ),
        (Answer(401, "THIRD_PARTY_AUTH_ERROR"), "configuration", "THIRD_PARTY_AUTH_ERROR", None),
        (Answer(403, "SENDER_ID_MISMATCH"), "configuration", "SENDER_ID_MISMATCH", None),
        (Answer(403), "configuration", "403", None),
        (Answer(429, "QUOTA_EXCEEDED"), "again", "QUOTA_EXCEEDED", timedelta(seconds=60)),
        (Answer(429, headers={"Retry-After": "7"}), "again", "429", timedelta(seconds=7)),
        (Answer(500, "INTERNAL"), "again", "INTERNAL", timedelta(seconds=10)),
        (Answer(503, "UNAVAILABLE", {"Retry-After": "90"}), "again", "UNAVAILABLE", timedelta(seconds=90)),
        (Answer(503, "UNAVAILABLE", {"Retry-After": SOON}), "again", "UNAVAILABLE", timedelta(days=1)),
        (Answer(503, "UNAVAILABLE", {"Retry-After": "soon"}), "again", "UNAVAILABLE", timedelta(seconds=10)),
        (Answer(302, headers={"Location": "/elsewhere"}), "refused", "302", None),
    ],
)
async def test_each_answer_has_its_verdict(
    google: FcmStandIn, platform: Fcm, answer: Answer, verdict: PushVerdict, code: str, after: timedelta | None
) -> None:
    """By FCM's own code where there is one, else by the status; a wait is the one it names, or the one of its docs."""
    google.spoil.append(answer)
    device = platform.device({"token": TOKEN})
    assert (verdict, code, after) == await fails(platform.push(device, NOTICE))
    assert [] == google.taken


@pytest.mark.parametrize(
    ("answer", "verdict", "code", "after"),
    [
        (Answer(400, "invalid_grant"), "configuration", "invalid_grant", None),
        (Answer(401, "invalid_client"), "configuration", "invalid_client", None),
        (Answer(429, headers={"Retry-After": "5"}), "again", None, timedelta(seconds=5)),
        (Answer(503), "again", None, None),
        (Answer(200, "not a token"), "again", None, None),
    ],
)
async def test_a_sign_in_that_fails(
    google: FcmStandIn, platform: Fcm, answer: Answer, verdict: PushVerdict, code: str, after: timedelta | None
) -> None:
    """A key that Google does not take is our configuration; trouble at Google is tried again."""
    google.spoil_sign_in.append(answer)
    device = platform.device({"token": TOKEN})
    assert (verdict, code, after) == await fails(platform.push(device, NOTICE))


async def test_an_account_that_is_not_ours(google: FcmStandIn) -> None:
    """Google checks the assertion against the account's own key: another account is our configuration."""
    told = json.loads(google.account) | {"client_email": "other@care-example.iam.gserviceaccount.com"}
    async with aiohttp.ClientSession() as http:
        other = Fcm(fcm(google).model_copy(update={"service_account": SecretStr(json.dumps(told))}), http)
        device = other.device({"token": TOKEN})
        assert ("configuration", "invalid_grant", None) == await fails(other.push(device, NOTICE))


async def test_a_connection_that_breaks(google: FcmStandIn, platform: Fcm) -> None:
    """It says nothing of the device: again."""
    google.spoil.append("break off")
    device = platform.device({"token": TOKEN})
    assert ("again", None, None) == await fails(platform.push(device, NOTICE))


@pytest.mark.parametrize("token", [None, 7, "", "short", "x" * 3000, TOKEN + "\n", TOKEN + "/../x", "é" * 50])
def test_what_is_no_registration_token(token: object) -> None:
    """It is refused when the device is registered, not when the first push fails."""
    with pytest.raises(Invalid):
        Fcm.device(Fcm.__new__(Fcm), {"token": token})


def test_the_schema_knows_a_wrong_field() -> None:
    """The stand-in is strict: what Google would refuse is refused."""
    assert "message.android.collapse" == violation({"message": {"android": {"collapse": "x"}}})
    assert "message.data" == violation({"message": {"data": {"badge": 1}}})
    assert "message.android.ttl" == violation({"message": {"android": {"ttl": "1d"}}})
    assert violation({"message": {"token": "x", "data": {"a": "b"}}}) is None
