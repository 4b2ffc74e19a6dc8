"""Google's access tokens for a service account: one assertion an hour, signed by its key, renewed before the end.

The exchange: https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests (RFC 7523).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeGuard

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.app_push.answers import code, read, unreachable, wait
from adapters.app_push.service_account import ServiceAccount
from gateway.channels.push import PushError
from gateway.errors import Misuse

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LASTS: Final = 3600
"""Seconds of an assertion: the most that Google takes."""
AHEAD: Final = 300.0
"""Seconds before its end at which a token is renewed."""
PAUSE: Final = 30.0
"""Seconds until a renewal that failed is tried again, while the old token is still good."""
PATIENCE: Final = 5.0
"""Seconds for one renewal."""


class AccessTokens:
    """One account's token. Whoever comes while it is renewed waits for that one renewal."""

    def __init__(self, account: ServiceAccount, http: aiohttp.ClientSession, clock: Callable[[], float]) -> None:
        self._account = account
        self._key = RSAKey.import_key(_loaded(account.private_key))
        self._http = http
        self._clock = clock
        self._renewal = asyncio.Lock()
        self._token = ""
        self._renew_at = self._ends = 0.0

    async def current(self) -> str:
        """A token that is good for now. Raises PushError."""
        if self._clock() < self._renew_at:
            return self._token
        async with self._renewal:
            if self._clock() >= self._renew_at:
                await self._renew_or_keep()
            return self._token

    async def instead_of(self, refused: str) -> str:
        """Another token than one that Google did not take. Raises PushError."""
        async with self._renewal:
            if self._token == refused:
                await self._renew()
            return self._token

    async def _renew_or_keep(self) -> None:
        try:
            await self._renew()
        except PushError:
            if self._clock() >= self._ends:
                raise
            self._renew_at = self._clock() + PAUSE

    async def _renew(self) -> None:
        asked = self._clock()
        form = {"grant_type": GRANT, "assertion": self._assertion(int(asked))}
        try:
            async with (
                asyncio.timeout(PATIENCE),
                self._http.post(self._account.token_uri, data=form, allow_redirects=False) as answer,
            ):
                told = await read(answer)
                self._take(told, asked) if answer.status == 200 else _refuse(answer, told)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise unreachable("Google's sign-in") from None

    def _assertion(self, now: int) -> str:
        account = self._account
        header = {"alg": "RS256"} | ({"kid": account.private_key_id} if account.private_key_id else {})
        claims = {
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + LASTS,
        }
        return jwt.encode(header, claims, self._key)

    def _take(self, told: dict[str, Any], asked: float) -> None:
        token, lasts = told.get("access_token"), told.get("expires_in")
        if not _is_token(token) or not isinstance(lasts, int) or lasts <= 0:
            raise PushError("again", "Google's sign-in gave an answer that is no token")
        self._token = token
        self._ends = asked + lasts
        self._renew_at = self._ends - min(AHEAD, lasts / 2)


def _loaded(pem: str) -> RSAPrivateKey:
    # Checking such a key takes OpenSSL a fifth of a second, and the account's was checked when it was read.
    key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise Misuse("a service account was read without its key being looked at")
    return key


def _is_token(told: object) -> TypeGuard[str]:
    return isinstance(told, str) and told != "" and told.isascii() and told.isprintable()


def _refuse(answer: aiohttp.ClientResponse, told: dict[str, Any]) -> None:
    named = code(told.get("error"))
    if answer.status in {408, 429} or answer.status >= 500:
        after = wait(answer.headers.get("Retry-After"))
        raise PushError("again", "Google's sign-in cannot answer now", code=named, retry_after=after)
    raise PushError("configuration", "Google does not accept the service account's key", code=named)
