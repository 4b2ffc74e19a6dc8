"""Pushes to Apple's devices: APNs over HTTP/2, one connection for all of them, with a signed provider token.

The request: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns. The
answers: https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from adapters.app_push.answers import Meaning, code, parsed, unreachable, wait
from adapters.app_push.config import Apns as ApnsConfig
from gateway.channels.push import Notice, PushError
from gateway.domain.device import Device
from gateway.errors import Invalid

HOSTS: Final = {"production": "https://api.push.apple.com", "sandbox": "https://api.sandbox.push.apple.com"}
RENEW_AFTER: Final = 40 * 60.0
"""Seconds. Apple refuses a token older than an hour, and one renewed more often than every 20 minutes."""
LEAST_APART: Final = 20 * 60.0
SILENCE: Final = 10.0
"""Seconds without a byte after which the connection counts as broken and the next push makes a new one."""
COLLAPSE_BYTES: Final = 64

_TOKEN = re.compile(r"(?:[0-9a-f]{2}){8,100}", re.ASCII)
_GONE: Final[Meaning] = ("gone", "The app is no longer on this device")
_OURS: Final[Meaning] = ("configuration", "Apple does not accept the key, the team or the topic")
_LATER: Final[Meaning] = ("again", "Apple takes no push now")
_REFUSED: Final[Meaning] = ("refused", "Apple does not take this push")
_MEANS: Final[Mapping[str, Meaning]] = {
    "BadDeviceToken": _GONE,
    "ExpiredToken": _GONE,
    "Unregistered": _GONE,
    "BadTopic": _OURS,
    "DeviceTokenNotForTopic": _OURS,
    "MissingTopic": _OURS,
    "TopicDisallowed": _OURS,
    "IdleTimeout": _LATER,
    "TooManyProviderTokenUpdates": _LATER,
    "PayloadTooLarge": ("refused", "The push is larger than the 4 KiB that Apple takes"),
}
_BY_STATUS: Final[Mapping[int, Meaning]] = {403: _OURS, 404: _OURS, 405: _OURS, 408: _LATER, 410: _GONE, 429: _LATER}
_SHUTDOWN: Final = "Shutdown"
"""This one server is going down: another takes the push at once."""
_STALE: Final = "ExpiredProviderToken"


class ProviderTokens:
    """The one token of a key, as Apple wants it: kept for 40 minutes."""

    def __init__(self, config: ApnsConfig, clock: Callable[[], float]) -> None:
        self._key = ECKey.import_key(config.key.get_secret_value())
        self._header = {"alg": "ES256", "kid": config.key_id}
        self._team = config.team_id
        self._clock = clock
        self._token = ""
        self._signed = self._replaced = float("-inf")

    def current(self) -> str:
        if self._clock() - self._signed >= RENEW_AFTER:
            self._sign()
        return self._token

    def instead_of(self, refused: str) -> str | None:
        """Another token than one that Apple calls expired; None where another was made for that reason just now."""
        if refused != self._token:
            return self._token
        if self._clock() - self._replaced < LEAST_APART:
            return None
        self._replaced = self._clock()
        self._sign()
        return self._token

    def _sign(self) -> None:
        self._signed = self._clock()
        self._token = jwt.encode(self._header, {"iss": self._team, "iat": int(self._signed)}, self._key)


class Apns:
    """One app at Apple."""

    name: Final = "Apple"

    def __init__(self, config: ApnsConfig, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._topic = config.topic
        self._tokens = ProviderTokens(config, clock)
        self._http = httpx2.AsyncClient(
            base_url=HOSTS.get(config.environment, config.environment),
            http1=False,
            http2=True,
            # A second connection is for the moment in which the first is being given up.
            limits=httpx2.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=None),
            timeout=SILENCE,
            trust_env=False,
        )

    def device(self, fields: Mapping[str, Any]) -> Device:
        """`{token}`: the device token in hexadecimal. Raises Invalid."""
        token = fields.get("token")
        if not isinstance(token, str) or _TOKEN.fullmatch(token.lower()) is None:
            raise Invalid("`token` is not a device token of Apple in hexadecimal")
        return Device("apns", token.lower(), {})

    def lane(self, _device: Device) -> str:
        return "apns"

    async def push(self, device: Device, notice: Notice) -> None:
        """Raises PushError. A provider token that Apple calls expired is renewed once."""
        token = self._tokens.current()
        answer = await self._post(token, device, notice)
        if _reason(answer) == _STALE and (other := self._tokens.instead_of(token)) is not None:
            answer = await self._post(other, device, notice)
        if answer.status_code != 200:
            raise _error(answer)

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, token: str, device: Device, notice: Notice) -> httpx2.Response:
        request = self._http.build_request(
            "POST",
            f"/3/device/{device.address}",
            json=payload(notice),
            headers=headers(notice, self._clock())
            | {"authorization": f"bearer {token}", "apns-topic": self._topic, "apns-push-type": "alert"},
        )
        try:
            try:
                return await self._http.send(request)
            except (httpx2.ProtocolError, httpx2.ReadError, httpx2.WriteError):
                # Apple has ended the connection (GOAWAY), maybe while it was idle. What was taken after all collapses.
                return await self._http.send(request)
        except httpx2.HTTPError:
            raise unreachable(self.name) from None


def headers(notice: Notice, now: float) -> dict[str, str]:
    """How Apple keeps and replaces a push. FCM hands the same ones on to Apple."""
    return {
        "apns-priority": "10",
        "apns-expiration": str(int(now + notice.lasts.total_seconds())),
        "apns-collapse-id": _collapse_id(notice.tag),
    }


def sound_and_badge(notice: Notice) -> dict[str, Any]:
    return {"badge": notice.badge, "sound": "default", "thread-id": notice.thread}


def payload(notice: Notice) -> dict[str, Any]:
    alert = {"title": notice.title, "body": notice.body}
    return {"aps": {"alert": alert} | sound_and_badge(notice)} | notice.leads_to


def _collapse_id(tag: str) -> str:
    fits = tag.isascii() and tag.isprintable() and len(tag) <= COLLAPSE_BYTES
    return tag if fits else sha256(tag.encode()).hexdigest()


def _reason(answer: httpx2.Response) -> str | None:
    return None if answer.status_code == 200 else code(parsed(answer.content).get("reason"))


def _error(answer: httpx2.Response) -> PushError:
    reason, status = _reason(answer), answer.status_code
    verdict, detail = _MEANS.get(reason or "") or _BY_STATUS.get(status) or (_LATER if status >= 500 else _REFUSED)
    after = _wait(answer, reason) if verdict == "again" else None
    return PushError(verdict, detail, code=reason or str(status), retry_after=after)


def _wait(answer: httpx2.Response, reason: str | None) -> timedelta | None:
    """Apple's rules: a 5xx is tried again after 15 minutes, a provider token is not made anew for 20."""
    if reason == _SHUTDOWN:
        return None
    told = wait(answer.headers.get("retry-after"))
    if reason == "TooManyProviderTokenUpdates":
        return told or timedelta(seconds=LEAST_APART)
    return told or (timedelta(minutes=15) if answer.status_code >= 500 else None)
