"""Twilio's media: what customers sent, kept and handed out over a redirect, and what we send, fetched from us.

A file is asked for at Twilio with credentials and found at a CDN without: at `/cdn/...` of the same origin, or, with
`elsewhere`, at a second port, which for a gateway that takes only the origin of `api_base_url` is another host. The
second port answers 400 to whoever brings credentials along, as S3 does.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import aiohttp
from aiohttp import web

from tests.standins.twilio_api import error, media_json, refusal_of_credentials
from tests.standins.twilio_hooks import Elsewhere, Hooks

MediaFault = Literal[
    "404",  # not there yet
    "500",
    "401",
    "hang",  # never answers
    "endless",  # a stream without an end and without a length
    "packed",  # gzip: a few bytes that would become 10 MB
    "loop",  # moved to itself, again and again
]
TYPES = frozenset(["image/jpeg", "image/png", "image/gif", "audio/mpeg", "video/mp4", "text/vcard", "application/pdf"])
MOST_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class File:
    """One file of a message."""

    sid: str
    message: str
    content_type: str
    content: bytes


class MediaStore:
    """`redirect_to` sends the next download anywhere; `fail_next` spoils the next downloads, one fault each."""

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self.elsewhere = False
        self.redirect_to: str | None = None
        self.authorizations: list[str | None] = []
        """The Authorization header of each download, from Twilio and the CDN, in order."""
        self._account, self._token = account_sid, auth_token
        self._files: dict[str, File] = {}
        self._faults: deque[MediaFault] = deque()
        self._let_go = asyncio.Event()
        self._cdn = ""

    def fail_next(self, *faults: MediaFault) -> None:
        self._faults.extend(faults)

    def keep(self, message: str, media: Sequence[tuple[bytes, str]]) -> list[str]:
        """Keep the files of a message; their paths below Twilio's origin."""
        paths = []
        for content, content_type in media:
            file = File(f"ME{uuid4().hex}", message, content_type, content)
            self._files[file.sid] = file
            paths.append(f"/2010-04-01/Accounts/{self._account}/Messages/{message}/Media/{file.sid}")
        return paths

    def of(self, message: str) -> list[File]:
        return [file for file in self._files.values() if file.message == message]

    def routes(self, messages: str) -> list[web.RouteDef]:
        return [
            web.get(messages + "/{sid}/Media.json", self._list),
            web.get(messages + "/{sid}/Media/{media}", self._download),
            web.get("/cdn/{media}", self._hand_out),
        ]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The CDN's own port, and whoever hangs is let go of at the end."""
        app = web.Application()
        app.router.add_get("/cdn/{media}", self._hand_out_to_strangers)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._cdn = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            self._let_go.set()
            await runner.cleanup()

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if refused := refusal_of_credentials(request, self._account, self._token):
            return refused
        files = self.of(request.match_info["sid"])
        shown = [media_json(self._account, file.message, file.sid, file.content_type) for file in files]
        return web.json_response({"media_list": shown, "page": 0, "page_size": 50, "next_page_uri": None})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        self.authorizations.append(request.headers.get("Authorization"))
        fault = self._faults.popleft() if self._faults else None
        if fault is not None:
            return await self._spoilt(request, fault)
        if refused := refusal_of_credentials(request, self._account, self._token):
            return refused
        if request.match_info["media"] not in self._files:
            return error(404, 20404, "The requested resource was not found")
        cdn = self._cdn if self.elsewhere else ""
        where, self.redirect_to = self.redirect_to or f"{cdn}/cdn/{request.match_info['media']}", None
        return web.Response(status=307, headers={"Location": where})

    async def _hand_out(self, request: web.Request) -> web.StreamResponse:
        file = self._files[request.match_info["media"]]
        return web.Response(body=file.content, headers={"Content-Type": file.content_type})

    async def _hand_out_to_strangers(self, request: web.Request) -> web.StreamResponse:
        self.authorizations.append(request.headers.get("Authorization"))
        if "Authorization" in request.headers:
            return web.Response(status=400, text="Only one auth mechanism allowed")
        return await self._hand_out(request)

    async def _spoilt(self, request: web.Request, fault: MediaFault) -> web.StreamResponse:
        match fault:
            case "hang":
                await self._let_go.wait()
            case "endless":
                return await self._endless(request)
            case "packed":
                packed = gzip.compress(bytes(10_000_000))
                return web.Response(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "image/png"})
            case "loop":
                self._faults.appendleft("loop")
                return web.Response(status=302, headers={"Location": str(request.rel_url)})
            case "401":
                return error(401, 20003, "Authenticate")
            case "404":
                return error(404, 20404, "The requested resource was not found")
        return error(500, 20500, "An internal server error has occurred")

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "image/png"})
        await answer.prepare(request)
        try:
            while not self._let_go.is_set():
                await answer.write(bytes(64 * 1024))
        except ConnectionError:
            pass
        return answer


async def fetched(hooks: Hooks, urls: Sequence[str]) -> tuple[list[tuple[bytes, str]], int | None]:
    """What Twilio gets from us for a message's MediaUrls, by HEAD and GET; or the error that it reports."""
    found: list[tuple[bytes, str]] = []
    for url in urls:
        try:
            where = hooks.local(url)
            async with hooks.http.head(where) as head, hooks.http.get(where) as answer:
                if head.status != 200 or answer.status != 200:
                    return [], 11200
                content, content_type = await answer.read(), answer.content_type
        except (aiohttp.ClientError, TimeoutError, Elsewhere):
            return [], 11200
        if head.content_type != content_type or content_type not in TYPES:
            return [], 12300
        found.append((content, content_type))
    return (found, None) if sum(len(content) for content, _ in found) <= MOST_BYTES else ([], 11751)


def media_fields(origin: str, paths: Sequence[str], media: Sequence[tuple[bytes, str]]) -> dict[str, str]:
    """The fields of a webhook that tell of a message's files."""
    told = {"NumMedia": str(len(paths))}
    for n, (path, (_, content_type)) in enumerate(zip(paths, media, strict=True)):
        told |= {f"MediaUrl{n}": origin + path, f"MediaContentType{n}": content_type}
    return told
