"""Files, ways to a customer and first messages of the gateway in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.pages.fake_desk import AGENT, FakeDesk, problem
from tests.pages.world import Json, ago, rfc3339

ENDPOINT = "+13035550100"
LIMITS = {"max_body": 1600, "max_files": 3, "max_file_bytes": 5_000_000, "file_types": ["image/jpeg", "image/png"]}


def picture(width: int, height: int, color: tuple[int, int, int] = (96, 120, 168)) -> bytes:
    """A PNG of one color."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + bytes(color) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class FakeWays(FakeDesk):
    """What step 3 adds to the agent API. `ways` of a thread is a list that tests change."""

    def __init__(self) -> None:
        super().__init__()
        self.ways: dict[str, list[Json]] = {}
        self.files: dict[str, bytes] = {}
        """What a link leads to, by its path; a link that is not here has ended."""
        self.uploads: dict[str, Json] = {}
        self.replies: list[Json] = []
        """The body of each reply that was asked for."""
        self.opt_outs: list[Json] = []
        self.openings: list[Json] = []
        self.doors: list[Json] = [{"channel": "sms", "endpoints": [ENDPOINT], "max_body": 1600}]
        self.links = 0
        self.refuse_upload: Callable[[str], web.Response | None] = lambda name: None

    def way_routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/doors", self._doors),
            web.post(f"{api}/threads", self._begin),
            web.post(f"{api}/threads/{{id}}/opt-out", self._opt_out),
            web.post(f"{api}/attachments", self._upload),
            web.get("/files/{link}/{name}", self._file_of),
        ]

    def way(self, thread: str, kind: str = "sms", **more: Any) -> Json:
        """One more way to a customer; the first that is made is where they wrote last."""
        known = self.ways.setdefault(thread, [])
        number = self.threads[thread]["number"]
        facts = {"id": self.id(), "channel": "web" if kind == "web" else "sms", "kind": kind, "address": number}
        facts |= {"endpoint": "" if kind == "web" else ENDPOINT, "last": not known, "ok": True}
        known.append(facts | LIMITS | more)
        return known[-1]

    def ways_of(self, thread: str) -> list[Json]:
        if thread not in self.ways:
            self.way(thread)
        return self.ways[thread]

    def close(self, way: Json, **more: Any) -> None:
        """The customer has opted out of this way."""
        way |= {
            "ok": False,
            "problem": "opted-out",
            "detail": "this customer has opted out",
            "since": rfc3339(ago(days=9)),
        }
        way |= more

    def attach(self, name: str, content: bytes, type_: str = "image/png", **facts: Any) -> Json:
        """A file that is ready, with links that lead to it."""
        return {"id": self.id(), "name": name, "type": type_, "size": len(content), "state": "ready", **facts} | {
            key: self.link(name, content) for key in ("url", "thumb_url")
        }

    def link(self, name: str, content: bytes) -> str:
        self.links += 1
        path = f"/files/{self.links}/{name}"
        self.files[path] = content
        return path

    async def line(self, thread: str, kind: str, **facts: Any) -> None:
        """An event about a way to the customer."""
        author = {"author": self.customer(thread)} if facts.get("source", "customer") == "customer" else {}
        facts = {
            "source": "customer",
            "answered": False,
            "channel": "sms",
            "address_kind": self.threads[thread]["kind"],
            "address": self.threads[thread]["number"],
            "endpoint": ENDPOINT,
        } | facts
        by = facts.pop("by", None)
        author = {"author": self.person(by)} if by else author
        self.messages[thread].append({"event": kind, "at": rfc3339(ago()), **facts, **author})
        await self.tell(kind, thread, by=by, **facts)

    async def _doors(self, request: web.Request) -> web.Response:
        return web.json_response({"items": self.doors})

    async def _begin(self, request: web.Request) -> web.Response:
        opening = await request.json()
        self.openings.append(opening)
        if opening["address"] == "+13035550999":
            return problem(
                409, "this customer has opted out of messages from this address of ours", "/problems/opted-out"
            )
        thread = self.thread(opening["address"], opening["address"])
        message = self.write(thread, "out", self.person(request[AGENT]), opening["body"], delivery={"state": "queued"})
        await self.tell("message.sent", thread, by=request[AGENT], message=message)
        return web.json_response({"thread": self.row(thread) | {"unread": 0}, "message": message}, status=201)

    async def _opt_out(self, request: web.Request) -> web.Response:
        thread, asked = request.match_info["id"], await request.json()
        self.opt_outs.append(asked)
        way = next(way for way in self.ways_of(thread) if way["id"] == asked["way"])
        self.close(way)
        await self.line(thread, "line.opted_out", source="agent", by=request[AGENT])
        return web.json_response({"ways": self.ways_of(thread)})

    async def _upload(self, request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert part is not None
        name, content = part.filename or "", await part.read()  # type: ignore[union-attr]
        if refused := self.refuse_upload(name):
            return refused
        shape = self.attach(name, bytes(content), width=400, height=300)
        self.uploads[shape["id"]] = shape
        return web.json_response(shape, status=201)

    async def _file_of(self, request: web.Request) -> web.Response:
        content = self.files.get(request.path)
        if content is None:
            return problem(410, "This link has ended.")
        return web.Response(body=content, content_type="image/png")
