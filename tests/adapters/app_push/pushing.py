"""One notice, and senders beside their stand-ins."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from adapters.app_push.config import Apns, AppPushConfig, Fcm, JwtKey, WebPush
from gateway.channels.push import Notice, PushError
from tests.standins.apns import KEY_ID, TEAM_ID, TOPIC, ApnsStandIn
from tests.standins.fcm import FcmStandIn

NOTICE = Notice("Front Range", "Ana from your team wrote", "thr_1", "msg_1", badge=3)
LONG = replace(NOTICE, title="\U0001f469\u200d\U0001f680 " * 500, body='"\n\U0001f600' * 5_000)
"""Far more than 4 KiB, and most of it longer in JSON than in memory."""

TOLD = tuple[str, str | None, timedelta | None]
"""A verdict, its code, and how long to wait."""


class Clock:
    """Ours, for a platform: the real time, and `ahead` seconds more."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def vapid_key() -> SecretStr:
    private = ec.generate_private_key(ec.SECP256R1())
    return SecretStr(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def webpush() -> WebPush:
    return WebPush(subject="mailto:care@example.com", private_key=vapid_key())


def fcm(standin: FcmStandIn) -> Fcm:
    return Fcm(service_account=SecretStr(standin.account), api_base_url=standin.url)


def apns(standin: ApnsStandIn) -> Apns:
    key = SecretStr(standin.key)
    return Apns(key=key, key_id=KEY_ID, team_id=TEAM_ID, topic=TOPIC, environment=standin.url)


def config(**platforms: Any) -> AppPushConfig:
    key = JwtKey(kid="1", alg="HS256", secret=SecretStr("0123456789abcdef0123456789ABCDEF"))
    return AppPushConfig(adapter="app_push", audience="teamline", jwt_key=(key,), **platforms)


async def fails(push: Awaitable[None]) -> TOLD:
    with pytest.raises(PushError) as error:
        await push
    assert error.value.detail
    return error.value.verdict, error.value.code, error.value.retry_after
