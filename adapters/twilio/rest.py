"""The twilio SDK on the gateway's own client session. Import it in a thread, when first needed: it takes half a second.

The SDK builds requests and reads answers; this file owns the way over the network, and tells apart what surely was not
done from what may have been. The SDK's `AsyncTwilioHttpClient` ignores its time-out and opens a session of its own, so
it is not used, and nothing here logs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

CONNECT: Final = 4.0
"""Seconds to a connection: whatever fails before it stands has surely done nothing."""
_AT_MOST: Final = timedelta(hours=1)
_BAD_TOKEN: Final = 20003


class Unreached(Exception):
    """Twilio could not be reached: it has surely done nothing."""


class Unanswered(Exception):
    """No answer, or none that is Twilio's: it may have done what it was asked."""


class Refused(Exception):
    """An answer other than a 2xx. `code` is Twilio's own (https://www.twilio.com/docs/api/errors), None without one."""

    def __init__(self, status: int, code: int | None, retry_after: timedelta | None) -> None:
        super().__init__(f"HTTP {status}, error {code}")
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Rest:
    """One account's API, with each of its tokens until one is accepted; `timeout` seconds a question."""

    def __init__(
        self, http: aiohttp.ClientSession, base_url: str, account_sid: str, tokens: Sequence[str], timeout: float
    ) -> None:
        self._timeout = timeout
        self._clients = [_client(account_sid, token, base_url, _SharedSession(http)) for token in tokens]

    async def ask(self, call: Callable[[Client], Awaitable[Any]]) -> Any:
        """What a call of the SDK gives. Raises Unreached, Unanswered and Refused, and nothing else."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._with_each_token(call)
        except TimeoutError:
            raise Unanswered from None

    async def _with_each_token(self, call: Callable[[Client], Awaitable[Any]]) -> Any:
        for client in self._clients[:-1]:
            try:
                return await _guarded(client, call)
            except Refused as refused:
                if refused.code != _BAD_TOKEN:
                    raise
        return await _guarded(self._clients[-1], call)


class _SharedSession(AsyncHttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's requests over a session that is not ours to close. Only a 2xx comes back."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.is_async = True
        self._http = http
        self._timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT)

    async def request(  # the SDK's signature
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        allow_redirects: bool = False,
    ) -> Response:
        sent = {**(headers or {}), **({"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {})}
        try:
            async with self._http.request(
                method, uri, params=params, data=data, headers=sent, timeout=self._timeout, allow_redirects=False
            ) as answer:
                text = await answer.text(errors="replace")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise Unreached from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Unanswered from None
        if 200 <= answer.status < 300:
            return Response(answer.status, text, answer.headers)
        raise Refused(answer.status, _code(answer.status, text), _wait(answer.headers.get("Retry-After")))


async def _guarded(client: Client, call: Callable[[Client], Awaitable[Any]]) -> Any:
    try:
        return await call(client)
    except (TwilioException, ValueError, TypeError, AttributeError, KeyError):
        # The request has left, and what came back was a 2xx that is not Twilio's.
        raise Unanswered from None


def _client(account_sid: str, token: str, base_url: str, http: _SharedSession) -> Client:
    # An environment of its own, for TWILIO_EDGE and TWILIO_REGION would move the base URL.
    client = Client(account_sid, token, http_client=http, environment={"TWILIO_REGION": ""})
    client.api.base_url = base_url
    return client


def _code(status: int, text: str) -> int | None:
    try:
        return int(json.loads(text)["code"]) or None
    except (ValueError, TypeError, KeyError):
        return _BAD_TOKEN if status == 401 else None


def _wait(retry_after: str | None) -> timedelta | None:
    """Seconds, as Twilio gives them; a date (RFC 9110 has both) is left to our own back-off."""
    if retry_after is None or not (retry_after.isascii() and retry_after.isdigit()):
        return None
    return min(timedelta(seconds=int(retry_after[:6])), _AT_MOST)
