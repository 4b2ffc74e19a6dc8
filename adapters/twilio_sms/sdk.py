"""The twilio SDK on the gateway's own client session. Imported at the first send, in a thread: it takes half a second.

The SDK builds requests and reads answers; this file owns the way over the network and what went wrong on it. The SDK's
`AsyncTwilioHttpClient` ignores its time-out and opens a session of its own, so it is not used, and nothing here logs.
Raises SendError only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from adapters.twilio_sms import codes
from gateway.channels.contract import SendError

CONNECT: Final = 4.0
"""Seconds to a connection: whatever fails before it stands has surely sent nothing."""
MOST_LISTED: Final = 200
PAGE: Final = 1_000
"""The most that Twilio lists at once (https://www.twilio.com/docs/usage/twilios-response#pagination)."""
MOST_RECEIVED: Final = 50_000
MOST_MEDIA: Final = 10
_AT_MOST: Final = timedelta(hours=1)
_UNREACHED: Final = "Twilio could not be reached"
_UNANSWERED: Final = "Twilio did not answer"


class SharedSession(AsyncHttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's requests over a session that is not ours to close. Only a 2xx comes back; else SendError."""

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
            raise SendError("transient", _UNREACHED) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise SendError("ambiguous", _UNANSWERED) from None
        if 200 <= answer.status < 300:
            return Response(answer.status, text, answer.headers)
        raise _refusal(answer.status, text, answer.headers.get("Retry-After"))


class Api:
    """What we ask Twilio, with each of the account's tokens until one is accepted; `timeout` seconds a question."""

    def __init__(
        self, http: aiohttp.ClientSession, base_url: str, account_sid: str, tokens: Sequence[str], timeout: float
    ) -> None:
        self._timeout = timeout
        self._base_url = base_url
        self._clients = [_client(account_sid, token, base_url, SharedSession(http)) for token in tokens]

    async def create(self, **fields: Any) -> str:
        """Hand over one message; its SID."""
        message = await self._ask(lambda client: client.messages.create_async(**fields))
        if message.status in ("failed", "undelivered", "canceled"):
            code = message.error_code
            verdict = codes.CODES.get(code, ("permanent", ""))[0]
            raise SendError(
                verdict,
                codes.words(str(code or 0)),
                code=str(code) if code else None,
                retry_after=codes.WAITS.get(code),
            )
        if not message.sid:
            raise SendError("ambiguous", "Twilio's answer was not understood")
        return str(message.sid)

    async def sent_since(self, since: datetime, **filters: Any) -> list[Any]:
        """Twilio's messages of that UTC day and later, newest first; Twilio filters by day."""
        day = since.astimezone(UTC).date()
        found = await self._ask(
            lambda client: client.messages.list_async(date_sent_after=day, limit=MOST_LISTED, **filters)
        )
        return [message for message in found if message.date_created and message.date_created >= since]

    async def received(self, since: datetime, to: str | None) -> list[Any]:
        """Inbound messages to one number, or to any (None), newest first; each with `date_sent`."""
        filters = {"to": to} if to else {}
        found = {message.sid: message async for message in self._listed(since, **filters)}
        if len(found) > MOST_RECEIVED:
            raise SendError("permanent", f"Twilio lists more than {MOST_RECEIVED:,} messages since then")
        return [message for message in found.values() if message.direction == "inbound"]

    async def media(self, sid: str) -> list[tuple[str, str]]:
        """(URL, media type) of each file of a message, in Twilio's order."""
        found = await self._ask(lambda client: client.messages(sid).media.list_async(limit=MOST_MEDIA))
        return [(f"{self._base_url}{str(each.uri).removesuffix('.json')}", str(each.content_type)) for each in found]

    async def _listed(self, since: datetime, **filters: Any) -> AsyncIterator[Any]:
        """The list page by page, newest first, until it is older than `since`: Twilio filters by day only."""
        day = since.astimezone(UTC).date()
        page = await self._ask(
            lambda client: client.messages.page_async(date_sent_after=day, page_size=PAGE, **filters)
        )
        for _ in range(MOST_RECEIVED // PAGE + 1):
            for message in page:
                inbound = message.direction == "inbound"
                message.date_sent = message.date_sent or (message.date_created if inbound else None)
                if message.date_sent is None:
                    continue  # ours, and not sent yet: it says nothing of where in time the list stands
                if message.date_sent < since:
                    return
                yield message
            this = page
            page = await self._ask(lambda _: this.next_page_async())  # noqa: B023  awaited here
            if page is None:
                return

    async def _ask(self, call: Callable[[Client], Awaitable[Any]]) -> Any:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._with_each_token(call)
        except TimeoutError:
            raise SendError("ambiguous", _UNANSWERED) from None

    async def _with_each_token(self, call: Callable[[Client], Awaitable[Any]]) -> Any:
        for client in self._clients[:-1]:
            try:
                return await _guarded(client, call)
            except SendError as error:
                if error.code != "20003":
                    raise
        return await _guarded(self._clients[-1], call)


async def _guarded(client: Client, call: Callable[[Client], Awaitable[Any]]) -> Any:
    try:
        return await call(client)
    except (TwilioException, ValueError, TypeError, AttributeError, KeyError):
        # The request has left, and what came back was a 2xx that is not Twilio's.
        raise SendError("ambiguous", "Twilio's answer was not understood") from None


def _client(account_sid: str, token: str, base_url: str, http: SharedSession) -> Client:
    # An environment of its own, for TWILIO_EDGE and TWILIO_REGION would move the base URL.
    client = Client(account_sid, token, http_client=http, environment={"TWILIO_REGION": ""})
    client.api.base_url = base_url
    return client


def _refusal(status: int, text: str, retry_after: str | None) -> SendError:
    try:
        code = int(json.loads(text)["code"])
    except (ValueError, TypeError, KeyError):
        code = 20003 if status == 401 else 0
    verdict, detail = codes.verdict(status, code or None)
    wait = _wait(retry_after) or codes.WAITS.get(20429 if status == 429 else code)
    return SendError(verdict, detail, code=str(code) if code else None, retry_after=wait)


def _wait(retry_after: str | None) -> timedelta | None:
    """Seconds, as Twilio gives them; a date (RFC 9110 has both) is left to our own back-off."""
    if retry_after is None or not (retry_after.isascii() and retry_after.isdigit()):
        return None
    return min(timedelta(seconds=int(retry_after[:6])), _AT_MOST)
