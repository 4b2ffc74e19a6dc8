"""Files of inbound messages, from Twilio's hosts and the CDN they send us to. Bounded in size, hops and time.

Credentials go to Twilio only, and each redirect is looked at as if it were the first URL. Nothing is unpacked, so that
a bomb stays as small as it came. Where media live: https://www.twilio.com/docs/messaging/api/media-resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from adapters.twilio_sms.reach import Reach
from gateway.channels.contract import FETCH_TIMEOUT, FetchError
from gateway.channels.reach import CheckedResolver, Refused
from gateway.domain.message import Media

PATIENCE: Final = FETCH_TIMEOUT - 5
"""Seconds for all of it."""
MOST_HOPS: Final = 4
_CHUNK: Final = 64 * 1024
_MOVED: Final = (301, 302, 303, 307, 308)
_AGAIN: Final = (404, 408, 409, 425, 429)
"""404 as well: Twilio tells of a message before its media can be had."""

_FAILED: Final = "Twilio did not hand it over"
_REFUSED: Final = "It lies where we do not fetch from"
_TOO_BIG: Final = "It is too big"


class Fetcher:
    """One channel's way to its media, on a session of its own: the shared one resolves names without our checks."""

    def __init__(
        self,
        reach: Reach,
        account_sid: str,
        tokens: Sequence[str],
        patience: float = PATIENCE,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._reach = reach
        self._logins = [aiohttp.encode_basic_auth(account_sid, token) for token in tokens]
        self._patience = patience
        self._resolver = CheckedResolver(reach.admits, resolver or aiohttp.ThreadedResolver())
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=8)
        self._http = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        )

    async def fetch(self, media: Media, most: int) -> bytes:
        """Its bytes, at most `most`. Raises FetchError."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._from(media.url, most)
        except (Refused, aiohttp.InvalidURL):
            raise FetchError(_REFUSED, again=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise FetchError(_FAILED, again=True) from None

    async def close(self) -> None:
        await self._http.close()
        await self._resolver.close()

    async def _from(self, first: str, most: int) -> bytes:
        url = self._reach.checked(first)
        for _ in range(MOST_HOPS + 1):
            found = await self._ask(url, most)
            if isinstance(found, bytes):
                return found
            url = self._reach.checked(found, url)
        raise FetchError("It was redirected too often", again=False)

    async def _ask(self, url: URL, most: int) -> bytes | str:
        """The file, or where it has moved to. With two tokens, a 401 to the first leaves the second."""
        logins: Sequence[str | None] = self._logins if self._reach.gets_credentials(url) else (None,)
        for login in logins[:-1]:
            found = await self._get(url, most, login)
            if found is not None:
                return found
        last = await self._get(url, most, logins[-1])
        if last is None:
            raise FetchError("Twilio does not let us have it", again=False)
        return last

    async def _get(self, url: URL, most: int, login: str | None) -> bytes | str | None:
        """As `_ask`; None where the credentials are not accepted."""
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": login} if login else {})
        async with self._http.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status == 200:
                return await _read(answer, most)
            if answer.status in _MOVED and (location := answer.headers.get("Location")):
                return location
            if answer.status == 401:
                return None
            raise FetchError(_FAILED, again=answer.status >= 500 or answer.status in _AGAIN)


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError("It came packed", again=False)
    if (answer.content_length or 0) > most:
        raise FetchError(_TOO_BIG, again=False)
    found = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        found += chunk
        if len(found) > most:
            raise FetchError(_TOO_BIG, again=False)
    return bytes(found)
