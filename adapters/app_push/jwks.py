"""The keys behind a JWKS URL (RFC 7517): fetched when needed, kept while the answer says so, one fetch at a time.

A known key never waits for a fetch unless the keys are long out of date, and the old ones stay while the URL fails: an
identity provider that is down signs nobody out. What one answer may cost is bounded in size and time, and redirects
are refused. Keys of kinds we do not take are passed over.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any, Final

import aiohttp

from adapters.app_push.keys import Key, from_jwk
from gateway.errors import Unavailable

PATIENCE: Final = 5.0
"""Seconds for one fetch."""
LARGEST: Final = 128 * 1024
"""Bytes of one answer."""
MOST_KEYS: Final = 100
SHORTEST, USUAL, LONGEST = 60.0, 600.0, 86_400.0
"""Seconds that an answer is good for: at least, where it does not say, and at most. The first is also how long after a
fetch an unknown `kid` may cause another."""
SOON: Final = 5.0
"""Seconds after a failed fetch, as long as there is no key at all."""

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_HEADERS: Final = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}

Found = dict[tuple[str | None, str], Key]
"""By `kid` and algorithm: one `kid` may name a key of each kind (RFC 7517, 4.5)."""


class Jwks:
    """The keys of one URL."""

    def __init__(self, url: str, http: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: Found = {}
        self._good_until = float("-inf")
        self._not_before = float("-inf")
        self._fetch: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, alg: str) -> Key | None:
        """The key, fetching if that may help; without a `kid`, the only key. Raises Unavailable while there is none."""
        key, now = pick(self._keys, kid, alg), self._clock()
        if key is not None and now < self._good_until:
            return key
        self._begin(now)
        if self._fetch is not None and (key is None or now > self._good_until + SHORTEST):
            await asyncio.wait([self._fetch])
        if not self._keys:
            raise Unavailable("The keys that sign the app's tokens cannot be had now", retry_after=round(SOON))
        return pick(self._keys, kid, alg)

    async def close(self) -> None:
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.wait([self._fetch])

    def _begin(self, now: float) -> None:
        """Fetch in a task of its own, so that a caller who goes away takes nothing from the others."""
        if self._fetch is None and now >= self._not_before:
            self._fetch = asyncio.create_task(self._renew(), name="jwks")

    async def _renew(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                self._keys, age = await self._fetched()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError):
            age = SHORTEST if self._keys else SOON
        finally:
            self._fetch = None
        now = self._clock()
        self._good_until, self._not_before = now + age, now + min(age, SHORTEST)

    async def _fetched(self) -> tuple[Found, float]:
        """The keys and for how many seconds they are good. Raises ValueError for an answer that has none."""
        async with self._http.get(self._url, headers=_HEADERS, allow_redirects=False) as answer:
            if answer.status != 200:
                raise ValueError("not an answer with keys")
            content = bytearray()
            async for chunk in answer.content.iter_chunked(16 * 1024):
                content += chunk
                if len(content) > LARGEST:
                    raise ValueError("too large")
            return _keys(json.loads(content)), _age(",".join(answer.headers.getall("Cache-Control", ())))


def pick(keys: Found, kid: str | None, alg: str) -> Key | None:
    """The key of this name and algorithm; one that is not named only where there is no other."""
    if kid is None and len(keys) == 1:
        (key,) = keys.values()
        return key if key.alg == alg else None
    return keys.get((kid, alg)) if kid is not None else None


def _keys(told: Any) -> Found:
    listed = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JWK set")  # noqa: TRY004  one kind of fault, whatever is wrong with an answer
    found: Found = {}
    for each in listed[:MOST_KEYS]:
        if isinstance(each, dict) and (key := _key(each)) is not None:
            found.setdefault((_kid(each), key.alg), key)
    if not found:
        raise ValueError("no key that we take")
    return found


def _kid(told: dict[str, Any]) -> str | None:
    kid = told.get("kid")
    return kid if isinstance(kid, str) else None


def _key(told: dict[str, Any]) -> Key | None:
    try:
        return from_jwk(told)
    except Exception:  # noqa: BLE001  whatever a strange key makes of the libraries, the others still count
        return None


def _age(cache_control: str) -> float:
    if re.search(r"\bno-(?:store|cache)\b", cache_control, re.IGNORECASE):
        return SHORTEST
    told = _MAX_AGE.search(cache_control)
    return min(max(float(told[1]), SHORTEST), LONGEST) if told else USUAL
