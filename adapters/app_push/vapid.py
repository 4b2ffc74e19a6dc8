"""Who we are to the push services of browsers: a signature by our key (RFC 8292), one for each service.

Keys and secrets of Web Push travel as base64url without padding (RFC 4648, 5); it is read and written here.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from joserfc import jwt
from joserfc.jwk import ECKey

from adapters.app_push.config import WebPush as WebPushConfig

LASTS: Final = 12 * 3600
"""Seconds of a signature; RFC 8292 allows a day. It is used for half of that."""
MOST_ORIGINS: Final = 100


class Vapid:
    """One channel's key."""

    def __init__(self, config: WebPushConfig, clock: Callable[[], float]) -> None:
        self._key = ECKey.import_key(config.private_key.get_secret_value())
        self._subject = config.subject
        self._clock = clock
        self._signed: dict[str, tuple[str, float]] = {}
        public = self._key.as_dict(private=False)
        self.public_key = base64url(b"\x04" + from_base64url(str(public["x"])) + from_base64url(str(public["y"])))

    def authorization(self, origin: str) -> str:
        now = self._clock()
        token, until = self._signed.get(origin, ("", 0.0))
        if now >= until:
            token, until = self._sign(origin, int(now) + LASTS), now + LASTS / 2
            if len(self._signed) >= MOST_ORIGINS:
                self._signed.clear()
            self._signed[origin] = token, until
        return f"vapid t={token},k={self.public_key}"

    def _sign(self, origin: str, ends: int) -> str:
        return jwt.encode({"alg": "ES256"}, {"aud": origin, "exp": ends, "sub": self._subject}, self._key)


def from_base64url(told: object) -> bytes:
    """From base64url, with or without padding. Raises ValueError."""
    if not isinstance(told, str) or len(told) > 200 or not told.isascii():
        raise ValueError
    return urlsafe_b64decode(told + "=" * (-len(told) % 4))


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
