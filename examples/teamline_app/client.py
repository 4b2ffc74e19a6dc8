"""Calls, under a token of the company's own backend. It refuses to guess: a call is answered, `Refused` or `Away`.

Nothing is tried again here but a call that was 401: once, with a fresh token. Who may be asked again, and when, is for
those who call (see `outbox` and `events`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp

BASE: Final = "/api/customer/v1"
NOT_NOW: Final = (408, 429)
"""Beside 5xx: answers after which the same call is made again."""
LONGEST_EVENT: Final = 256 * 1024
"""Bytes of one line of the stream: 16,000 characters and their files fit."""

Json = dict[str, Any]
TokenProvider = Callable[[], Awaitable[str]]
"""Asks the company's backend for a token (a JWT) of whoever is signed in to the app."""


class Refused(Exception):
    """An answer that asking again will not change: `status`, and the last word of the problem's `type`."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(problem.get("detail") or f"HTTP {status}")
        self.status = status
        self.word = str(problem.get("type", "")).rpartition("/")[2]


class Away(Exception):
    """No answer, or "not now". It may have happened: ask again with the same key, not before `wait` seconds."""

    def __init__(self, wait: float | None = None) -> None:
        super().__init__("no answer now")
        self.wait = wait


class Client:
    """One customer's, signed in. Raises `Refused` and `Away` from every call."""

    def __init__(self, url: str, token: TokenProvider, http: aiohttp.ClientSession) -> None:
        """`url` is the gateway's `public_url`."""
        self._url = url.rstrip("/") + BASE
        self._provider = token
        self._token = ""
        self._http = http

    async def thread(self) -> Json:
        """The team, its hours, and `unread`."""
        return await self._json("GET", "/thread")

    async def messages(self, before: str | None = None, after: str | None = None, limit: int = 50) -> Json:
        """A page `{items, next?, feed}`, oldest first; with neither `before` nor `after`, the newest."""
        asked = {"before": before, "after": after, "limit": str(limit)}
        return await self._json("GET", "/messages", params={name: said for name, said in asked.items() if said})

    async def write(self, key: str, body: str, attachments: list[str]) -> Json:
        """The message. The same `key` again is the same message again."""
        words = {"body": body, "attachments": attachments}
        return await self._json("POST", "/messages", json=words, headers={"Idempotency-Key": key})

    async def upload(self, name: str, content: bytes) -> str:
        """The id by which one message may name this file."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        return str((await self._json("POST", "/attachments", data=form()))["id"])

    async def mark_read(self, message: str) -> int:
        """How many are unread after this one: what the app's badge should say."""
        return int((await self._json("PUT", "/read", json={"message": message}))["unread"])

    async def mark_received(self, message: str) -> None:
        """It has come here, with all before it: what a stream has brought counts as delivered by this, and no push is
        made for it."""
        await self._json("PUT", "/received", json={"message": message})

    async def register(self, platform: str, **fields: Any) -> str:
        """The id of this device: `token=` for fcm and apns; `endpoint=` and `keys=` for webpush."""
        return str((await self._json("POST", "/devices", json={"platform": platform, **fields}))["id"])

    async def push_key(self) -> str:
        """What a browser subscribes with."""
        return str((await self._json("GET", "/push-key"))["key"])

    async def forget(self, device: str) -> None:
        await self._json("DELETE", f"/devices/{device}")

    async def sign_out(self) -> None:
        """Ends this token. `forget` the device first: it may have been registered under an earlier one."""
        await self._json("DELETE", "/visitors/me")
        self._token = ""

    @asynccontextmanager
    async def stream(self, after: str, silence: float) -> AsyncIterator[aiohttp.StreamReader]:
        """Server-sent events after a cursor; `silence` is for how many seconds nothing may come."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=silence)
        sent = {"timeout": timeout, "read_bufsize": LONGEST_EVENT}
        async with self._answer("GET", "/events", headers={"Last-Event-ID": after}, **sent) as answer:
            yield answer.content

    async def _json(self, method: str, path: str, **sent: Any) -> Json:
        async with self._answer(method, path, **sent) as answer:
            found: Json = {} if answer.status == 204 else await answer.json()
            return found

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **sent: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good answer. What breaks while it is read is `Away` as well."""
        try:
            answer = await self._ask(method, path, headers or {}, sent)
            async with answer:
                if answer.status >= 400:
                    raise await _problem(answer)
                yield answer
        except (aiohttp.ClientError, OSError):  # a time-out is an OSError
            raise Away from None

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], sent: Mapping[str, Any]
    ) -> aiohttp.ClientResponse:
        token = self._token or await self._sign_in("")
        answer = await self._once(token, method, path, headers, sent)
        if answer.status != 401:
            return answer
        answer.release()
        return await self._once(await self._sign_in(token), method, path, headers, sent)

    async def _once(
        self, token: str, method: str, path: str, headers: Mapping[str, str], sent: Mapping[str, Any]
    ) -> aiohttp.ClientResponse:
        told = {**headers, "Authorization": f"Bearer {token}"}
        return await self._http.request(method, self._url + path, headers=told, **sent)

    async def _sign_in(self, refused: str) -> str:
        """Another token than one that is no good; somebody else may have come by it meanwhile."""
        if self._token == refused:
            self._token = await self._provider()
        return self._token


async def _problem(answer: aiohttp.ClientResponse) -> Exception:
    if answer.status in NOT_NOW or answer.status >= 500:
        wait = answer.headers.get("Retry-After", "")
        return Away(float(wait) if wait.isdigit() else None)
    is_ours = answer.content_type == "application/problem+json"
    return Refused(answer.status, await answer.json() if is_ours else {})
