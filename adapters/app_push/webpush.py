"""Pushes to browsers: RFC 8030, signed by our key (RFC 8292) and sealed for the one browser (RFC 8291).

The push service sees neither words nor their length: every payload is padded to one size. The request is our own, so
that it is bounded and goes nowhere but to a push service (see `hosts`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pywebpush import WebPusher  # type: ignore[import-untyped]
from yarl import URL

from adapters.app_push.answers import Meaning, code, read, unreachable, wait
from adapters.app_push.config import WebPush as WebPushConfig
from adapters.app_push.hosts import PushHosts
from adapters.app_push.vapid import Vapid, base64url, from_base64url
from gateway.channels.push import Notice, PushError
from gateway.channels.reach import CheckedResolver, Refused
from gateway.domain.device import Device
from gateway.errors import Invalid

SIZE: Final = 2_820
"""Bytes of every payload before it is sealed: with the encryption around it, what Firefox on Android takes too."""
TAKEN: Final = (200, 201, 202, 204)

_GONE: Final[Meaning] = ("gone", "The browser has ended its subscription")
_OURS: Final[Meaning] = ("configuration", "The push service does not accept our key")
_LATER: Final[Meaning] = ("again", "The push service takes no push now")
_REFUSED: Final[Meaning] = ("refused", "The push service does not take this push")
_BY_STATUS: Final[Mapping[int, Meaning]] = {
    401: _OURS,
    403: _OURS,
    404: _GONE,
    406: _LATER,  # Windows: more than it takes from us
    408: _LATER,
    410: _GONE,
    413: ("refused", "The push is larger than the push service takes"),
    429: _LATER,
}


class WebPush:
    """All browsers, on a session of its own: the shared one resolves names without our checks."""

    name: Final = "The push service"

    def __init__(
        self,
        config: WebPushConfig,
        hosts: PushHosts,
        clock: Callable[[], float] = time.time,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._vapid = Vapid(config, clock)
        self._hosts = hosts
        self._resolver = CheckedResolver(hosts.admits, resolver or aiohttp.ThreadedResolver())
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=0)
        self._http = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        )

    @property
    def public_key(self) -> str:
        """What a page subscribes with: `applicationServerKey`, in base64url."""
        return self._vapid.public_key

    def device(self, fields: Mapping[str, Any]) -> Device:
        """`{endpoint, keys: {p256dh, auth}}`, as `PushSubscription.toJSON()` writes it. Raises Invalid."""
        endpoint, keys = fields.get("endpoint"), fields.get("keys")
        if not isinstance(endpoint, str) or not isinstance(keys, Mapping):
            raise Invalid("a browser is registered by its `endpoint` and its `keys`")
        try:
            url = str(self._hosts.checked(endpoint))
        except Refused:
            raise Invalid("`endpoint` does not lie at a push service that we know") from None
        return Device("webpush", url, {"p256dh": _point(keys.get("p256dh")), "auth": _secret(keys.get("auth"))})

    def lane(self, device: Device) -> str:
        """One for each push service, so that none waits for another."""
        try:
            return self._hosts.rule(self._hosts.checked(device.address))
        except Refused:
            raise _elsewhere() from None

    async def push(self, device: Device, notice: Notice) -> None:
        """Raises PushError."""
        try:
            url = self._hosts.checked(device.address)
            await self._post(url, sealed(device, notice), self._headers(url, notice))
        except Refused:
            raise _elsewhere() from None
        except (aiohttp.ClientError, OSError):
            raise unreachable(self.name) from None

    async def close(self) -> None:
        await self._http.close()
        await self._resolver.close()

    async def _post(self, url: URL, body: bytes, headers: dict[str, str]) -> None:
        async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status not in TAKEN:
                raise _error(answer, code((await read(answer)).get("reason")))

    def _headers(self, url: URL, notice: Notice) -> dict[str, str]:
        return {
            "Authorization": self._vapid.authorization(str(url.origin())),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(notice.lasts.total_seconds())),
            "Topic": topic(notice.tag),
            "Urgency": "high",
        }


def sealed(device: Device, notice: Notice) -> bytes:
    """The payload for this one browser: JSON, with spaces behind it up to `SIZE` (RFC 8259 has them mean nothing)."""
    told = {"title": notice.title, "body": notice.body} | notice.leads_to | {"badge": notice.badge}
    plain = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    if len(plain) > SIZE:
        raise PushError("refused", "The push is larger than the push service takes")
    pusher = WebPusher({"endpoint": device.address, "keys": dict(device.keys)})
    return bytes(pusher.encode(plain.ljust(SIZE))["body"])


def topic(tag: str) -> str:
    """RFC 8030, 5.4: a push that waits is replaced by the next one of its topic. At most 32 characters of base64url."""
    return base64url(sha256(tag.encode()).digest()[:24])


def _elsewhere() -> PushError:
    return PushError("refused", "This browser's push service lies where we do not go")


def _error(answer: aiohttp.ClientResponse, reason: str | None) -> PushError:
    verdict, detail = _BY_STATUS.get(answer.status) or (_LATER if answer.status >= 500 else _REFUSED)
    if reason == "VapidPkHashMismatch":  # Apple: the browser subscribed with another key of ours
        verdict, detail = _OURS
    after = wait(answer.headers.get("Retry-After")) if verdict == "again" else None
    return PushError(verdict, detail, code=reason or str(answer.status), retry_after=after)


def _point(told: object) -> str:
    try:
        key = from_base64url(told)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), key)
    except ValueError:
        raise Invalid("`keys.p256dh` is not a browser's public key") from None
    if len(key) != 65:
        raise Invalid("`keys.p256dh` is not a browser's public key")
    return base64url(key)


def _secret(told: object) -> str:
    try:
        secret = from_base64url(told)
    except ValueError:
        secret = b""
    if len(secret) != 16:
        raise Invalid("`keys.auth` is not the 16 bytes of a browser's secret")
    return base64url(secret)
