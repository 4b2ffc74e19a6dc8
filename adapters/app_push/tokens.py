"""Who a customer's token speaks for. Every token that is not wholly right is refused alike, without a word why.

A token is a JWT (RFC 7519) that the company's own backend signed. The key decides the algorithm, never the token
(RFC 8725): `none`, or a public key used as a secret, finds no key at all. Members named twice, `crit` and `b64` are
refused. Nothing is fetched from where a token points to.

A good token is remembered until it ends, so that the signature is checked once and not at every request. It is
forgotten with its key: a changed file makes the channel anew, and a key that has left a JWKS no longer counts.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import aiohttp
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from adapters.app_push.claims import claims_of
from adapters.app_push.config import AppPushConfig
from adapters.app_push.jwks import Found, Jwks, pick
from adapters.app_push.keys import Key
from gateway.channels.push import Claims
from gateway.errors import Unauthenticated

LARGEST: Final = 8 * 1024
"""Bytes of one token."""
LEEWAY: Final = 60
"""Seconds by which another clock may be ahead of ours, for `nbf` and `iat`; `exp` has none."""
LONGEST_LIFE: Final = 366 * 86_400
"""Seconds until `exp`: a token cannot be called back, so one that never ends is a mistake."""
MOST_KNOWN: Final = 10_000
"""Tokens that are remembered."""


class Keys(Protocol):
    """Where the key of a token is found."""

    async def find(self, kid: str | None, alg: str) -> Key | None:
        """The key of this name and algorithm; without a name, the only key."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found good, and under which key."""

    key: Key
    claims: Claims


def _now() -> datetime:
    return datetime.now(UTC)


class Tokens:
    """The tokens of one channel."""

    def __init__(
        self,
        config: AppPushConfig,
        http: aiohttp.ClientSession,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` judges tokens, `clock` the age of a JWKS. Raises ValueError for a key that was not read."""
        url = config.jwks_url
        self._keys: Keys = _Listed(config) if url is None else Jwks(url, http, clock)
        self._audience = config.audience
        self._now = now
        self._known: dict[bytes, _Known] = {}

    async def identify(self, token: str) -> Claims:
        """What a good token says. Raises Unauthenticated; Unavailable while a JWKS URL has never answered."""
        if not token.isascii() or len(token) > LARGEST:
            raise Unauthenticated
        key = await self._key(token)
        claims = self._remembered(token, key)
        if claims.expires_at <= self._now():
            raise Unauthenticated
        return claims

    async def close(self) -> None:
        await self._keys.close()

    async def _key(self, token: str) -> Key:
        header = _header(token)
        kid, alg = header.get("kid"), header.get("alg")
        if not isinstance(alg, str) or not (kid is None or isinstance(kid, str)) or header.keys() & {"crit", "b64"}:
            raise Unauthenticated
        key = await self._keys.find(kid, alg)
        if key is None:
            raise Unauthenticated
        return key

    def _remembered(self, token: str, key: Key) -> Claims:
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None or known.key != key:
            known = self._known[digest] = _Known(key, self._verified(token, key))
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return known.claims

    def _verified(self, token: str, key: Key) -> Claims:
        now = int(self._now().timestamp())
        try:
            told = _object(jws.deserialize_compact(token, key.jwk, registry=_OneAlgorithm(key.alg)).payload)
            self._registry(now).validate(told)
        except (JoseError, ValueError):
            raise Unauthenticated from None
        if told["exp"] > now + LONGEST_LIFE:
            raise Unauthenticated
        return claims_of(told)

    def _registry(self, now: int) -> JWTClaimsRegistry:
        aud: ClaimsOption = {"essential": True, "value": self._audience}
        return JWTClaimsRegistry(now, LEEWAY, sub={"essential": True}, exp={"essential": True}, aud=aud)


class _Listed:
    """The keys in the file."""

    def __init__(self, config: AppPushConfig) -> None:
        self._found: Found = {(told.kid, told.alg): told.key() for told in config.jwt_key}

    async def find(self, kid: str | None, alg: str) -> Key | None:
        return pick(self._found, kid, alg)

    async def close(self) -> None:
        """Nothing is open."""


class _OneAlgorithm(jws.JWSRegistry):
    """The key's own algorithm, whatever a header says. RFC 9864 has a new name for EdDSA, of which joserfc would warn
    each time; backends go on writing the old one."""

    def __init__(self, alg: str) -> None:
        super().__init__()
        self._alg = alg

    def get_alg(self, _name: str) -> JWSAlgModel:
        return self.algorithms[self._alg]


def _header(token: str) -> dict[str, Any]:
    try:
        return _object(urlsafe_b64decode(token.partition(".")[0].encode()))
    except ValueError:
        raise Unauthenticated from None


def _object(content: bytes | None) -> dict[str, Any]:
    """A JSON object whose names are there once each. Raises Unauthenticated."""
    try:
        told = json.loads(content or b"", object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Unauthenticated from None
    if not isinstance(told, dict):
        raise Unauthenticated
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a name is there twice")
    return told
