"""Pushes to Android, and to iOS apps built on Firebase, by FCM's HTTP v1. It tries once, and says what came of it.

The message: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages. The errors:
https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp
from yarl import URL

from adapters.app_push.answers import Meaning, code, read, unreachable, wait
from adapters.app_push.apns import headers as apns_headers
from adapters.app_push.apns import sound_and_badge
from adapters.app_push.config import Fcm as FcmConfig
from adapters.app_push.oauth import AccessTokens
from gateway.channels.push import Notice, PushError
from gateway.domain.device import Device
from gateway.errors import Invalid

LONGEST: Final = timedelta(weeks=4)
"""For how long FCM keeps a message at most."""

_TOKEN = re.compile(r"[A-Za-z0-9_:%.~-]{20,2048}", re.ASCII)
_TROUBLE: Final = (408, 429, 500, 502, 503, 504)
_LATER: Final[Meaning] = ("again", "Firebase takes no push now")
_OURS: Final[Meaning] = ("configuration", "Firebase does not accept the service account or the project")
_REFUSED: Final[Meaning] = ("refused", "Firebase does not take this push")
_NO_DEVICE: Final[Meaning] = ("gone", "The app is no longer on this device")
_MEANS: Final[Mapping[str, Meaning]] = {
    "UNREGISTERED": _NO_DEVICE,
    "INVALID_ARGUMENT": _REFUSED,
    "SENDER_ID_MISMATCH": ("configuration", "The app on this device belongs to another Firebase project"),
    "THIRD_PARTY_AUTH_ERROR": ("configuration", "The Firebase project has no valid key of Apple or of Web Push"),
    "QUOTA_EXCEEDED": _LATER,
    "UNAVAILABLE": _LATER,
    "INTERNAL": _LATER,
}
_WAITS: Final = {429: timedelta(seconds=60), 500: timedelta(seconds=10), 503: timedelta(seconds=10)}
"""Where FCM names no time itself: https://firebase.google.com/docs/cloud-messaging/scale-fcm."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    told: Mapping[str, Any]
    retry_after: str | None


class Fcm:
    """One Firebase project."""

    name: Final = "Firebase"

    def __init__(self, config: FcmConfig, http: aiohttp.ClientSession, clock: Callable[[], float] = time.time) -> None:
        account = config.account()
        self._http = http
        self._clock = clock
        self._url = URL(f"{config.api_base_url}/v1/projects/{account.project_id}/messages:send")
        self._tokens = AccessTokens(account, http, clock)

    def device(self, fields: Mapping[str, Any]) -> Device:
        """`{token}` as the app's Firebase SDK gives it. Raises Invalid."""
        token = fields.get("token")
        if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
            raise Invalid("`token` is not a registration token of Firebase")
        return Device("fcm", token, {})

    def lane(self, _device: Device) -> str:
        return "fcm"

    async def push(self, device: Device, notice: Notice) -> None:
        """Raises PushError. A token that Google has let go of is renewed once."""
        told = {"message": message(device.address, notice, self._clock())}
        body = json.dumps(told, ensure_ascii=False).encode()
        token = await self._tokens.current()
        answer = await self._post(token, body)
        if answer.status == 401 and _code(answer) != "THIRD_PARTY_AUTH_ERROR":
            answer = await self._post(await self._tokens.instead_of(token), body)
        if answer.status != 200:
            raise _error(answer)

    async def close(self) -> None:
        """The session is the gateway's."""

    async def _post(self, token: str, body: bytes) -> _Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        try:
            async with self._http.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                return _Answer(answer.status, await read(answer), answer.headers.get("Retry-After"))
        except (aiohttp.ClientError, OSError):
            raise unreachable(self.name) from None


def message(token: str, notice: Notice, now: float) -> dict[str, Any]:
    """FCM's `Message`. The thread is its collapse key on the way, and its tag on the screen."""
    lasts = min(notice.lasts, LONGEST)
    return {
        "token": token,
        "notification": {"title": notice.title, "body": notice.body},
        "data": notice.leads_to,
        "android": {
            "collapseKey": notice.tag,
            "priority": "HIGH",
            "ttl": f"{int(lasts.total_seconds())}s",
            "notification": {"tag": notice.tag, "notificationCount": notice.badge},
        },
        "apns": {"headers": apns_headers(notice, now), "payload": {"aps": sound_and_badge(notice)}},
    }


def _code(answer: _Answer) -> str | None:
    """FCM's own code, from the `FcmError` among the details."""
    error = answer.told.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    for each in details if isinstance(details, list) else ():
        if isinstance(each, dict) and str(each.get("@type")).endswith("google.firebase.fcm.v1.FcmError"):
            return code(each.get("errorCode"))
    return None


def _error(answer: _Answer) -> PushError:
    named = _code(answer)
    verdict, detail = _NO_DEVICE if _blames_the_token(answer) else _MEANS.get(named or "", _by_status(answer.status))
    after = (wait(answer.retry_after) or _WAITS.get(answer.status)) if verdict == "again" else None
    return PushError(verdict, detail, code=named or str(answer.status), retry_after=after)


def _by_status(status: int) -> Meaning:
    if status in _TROUBLE:
        return _LATER
    return _OURS if status in {401, 403, 404} else _REFUSED


def _blames_the_token(answer: _Answer) -> bool:
    """Whether a 400 says that the registration token is none. FCM has the same code for any other wrong field, so it
    is told by the named field, or by the sentence of https://firebase.google.com/docs/cloud-messaging/error-codes.
    """
    error = answer.told.get("error")
    if answer.status != 400 or not isinstance(error, dict):
        return False
    details = error.get("details")
    violations = [
        violation.get("field")
        for each in (details if isinstance(details, list) else ())
        if isinstance(each, dict) and isinstance(each.get("fieldViolations"), list)
        for violation in each["fieldViolations"]
        if isinstance(violation, dict)
    ]
    if violations:
        return violations == ["message.token"]
    return "not a valid FCM registration token" in str(error.get("message"))
