"""The pages: files of `gateway.pages`, read once at the start. A path is looked up in a table: none leads outside."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.errors import NotFound
from gateway.http import headers
from gateway.http.booking_links import BookingLinks
from gateway.http.customer_principal import visited
from gateway.http.deps import Deps
from gateway.http.peer import is_private
from gateway.http.principal import is_encrypted
from gateway.http.route import answer
from gateway.pages import FOLDER

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
"""What may be served at all; the package's own code, say, may not."""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    kind: str
    etag: str


class Pages:
    """/console, /chat, /book, /demo and /static."""

    def __init__(self, deps: Deps, folder: Path = FOLDER) -> None:
        self._deps = deps
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES and path.is_file()
        }

    async def home(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers=headers.PAGE | {"Location": "/console"})

    async def static(self, request: web.Request) -> web.StreamResponse:
        return self._serve(request, request.match_info["path"])

    def page(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return self._serve(request, f"{name}/index.html")

        return serve

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """There is no such page while there is no web channel."""
        if not visited(self._deps):
            raise NotFound
        return self._serve(request, "chat/index.html")

    async def book(self, request: web.Request) -> web.StreamResponse:
        """The page tells people of a link that has ended; its status tells the rest."""
        is_good = BookingLinks(self._deps).linked(request.match_info["token"]) is not None
        return self._serve(request, "book/index.html", 200 if is_good else 404)

    async def demo(self, request: web.Request) -> web.StreamResponse:
        self._demo_only(request)
        return self._serve(request, "demo/index.html")

    async def demo_config(self, request: web.Request) -> web.StreamResponse:
        """Which numbers the phone on the screen has."""
        self._demo_only(request)
        phone = self._deps.demo
        if phone is None:
            raise NotFound
        return answer(
            {
                "channel": phone.channel,
                "number": phone.number,
                "team_number": phone.team_number,
                "team_name": phone.team_name,
                "console": "/console",
                "past": list(phone.past),
            }
        )

    def _demo_only(self, request: web.Request) -> None:
        if self._deps.demo is None or not is_private(request):
            raise NotFound

    def _serve(self, request: web.Request, name: str, status: int = 200) -> web.Response:
        file = self._files.get(name)
        if file is None:
            raise NotFound
        base = headers.PAGE if self._deps.demo is None else headers.DEMO_PAGE
        extra = {"ETag": file.etag} | _scope(name) | (headers.HSTS if is_encrypted(self._deps.settings()) else {})
        if status == 200 and file.etag in _tags(request):
            return web.Response(status=304, headers=base | extra)
        return web.Response(status=status, body=file.body, headers=base | extra | {"Content-Type": file.kind})


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _scope(name: str) -> dict[str, str]:
    """A page's service worker is for the page, which does not stand under the worker's own address."""
    page, _, file = name.partition("/")
    return {"Service-Worker-Allowed": f"/{page}"} if file == "worker.js" else {}


def _tags(request: web.Request) -> frozenset[str]:
    """The tags a browser has, compared weakly (RFC 9110, 13.1.2)."""
    said = request.headers.get("If-None-Match", "").split(",")
    return frozenset(tag.strip().removeprefix("W/") for tag in said)
