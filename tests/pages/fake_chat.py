"""The customer API in memory, for the chat page's own tests: one team, its visitors, their messages, files and streams.

Like the gateway in memory it is only ever what the API says it is, with the faults that a test asks for.
"""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress
from typing import Any, Final

from aiohttp import web
from PIL import Image

from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.fake_slots import FakeSlots
from tests.pages.world import Json, ago, rfc3339

COOKIE: Final = "teamline_visitor"
API: Final = "/api/customer/v1"


def png(width: int, height: int, color: tuple[int, int, int] = (90, 130, 180)) -> bytes:
    kept = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").point([
        min(255, value // 2 + part // 2) for part in color for value in range(256)
    ]).save(kept, "PNG")  # fmt: skip
    return kept.getvalue()


class FakeChat(FakeSlots, FakeGateway):
    """`newest` is who wrote last; `say` is what a person of the team does."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, str] = {}
        self.talk: dict[str, list[Json]] = {}
        self.read_marks: dict[str, str] = {}
        self.requests: list[tuple[str, str]] = []
        """Method and path of each request to the API but the streams'."""
        self.kept: dict[str, tuple[Json, bytes]] = {}
        self.begun: list[Json] = []
        """The body of each request for a visitor."""
        self.channels: set[str | None] = set()
        self.followed = 0
        """How many streams were opened."""
        self.is_silent = False
        """Whether the streams tell nothing."""
        self.down = False
        self.busy = 0
        """How many requests to write are answered with 503."""
        self.accepts: Json = {"max_body": 16_000, "max_files": 10, "max_file_bytes": 10_000_000, "types": []}
        self.facts: Json = {
            "team": {"id": "front-range", "name": "Front Range"},
            "timezone": "America/Denver",
            "hours": {day: [["07:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
            | {"sat": [], "sun": []},
            "open": True,
            "open_until": rfc3339(ago(hours=-3)),
            "team_last_reply": rfc3339(ago(minutes=12)),
            "books": ["call", "chat"],
        }

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._gate], client_max_size=32_000_000)
        app.add_routes([
            web.get("/chat", self._chat),
            web.get("/static/{path:.+}", self._static),
            web.get("/files/{id}/{name}", self._download),
            web.post(f"{API}/visitors", self._begin),
            web.post(f"{API}/visitors/renew", self._renew),
            web.get(f"{API}/thread", self._facts),
            web.get(f"{API}/messages", self._page_of),
            web.post(f"{API}/messages", self._take),
            web.post(f"{API}/attachments", self._upload),
            web.put(f"{API}/{{mark:read|received}}", self._mark),
            web.get(f"{API}/events", self._stream),
            *self.device_routes(API),
            *self.slot_routes(API),
        ])  # fmt: skip
        return app

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith(API):
            if self.down:
                _cut(request)
            if not request.path.endswith("/events"):
                self.requests.append((request.method, request.path.removeprefix(API)))
            for refusal in self.refusals:
                if answer := refusal(request):
                    return answer
        response = await handler(request)
        async with self.news:
            self.news.notify_all()
        return response  # type: ignore[no-any-return]

    def _who(self, request: web.Request) -> str:
        token = request.cookies.get(COOKIE)
        if token not in self.tokens:
            raise web.HTTPUnauthorized(
                text='{"detail": "Send a valid token."}', content_type="application/problem+json"
            )
        return self.tokens[token]

    async def _chat(self, _request: web.Request) -> web.Response:
        return self._file("chat/index.html")

    async def _begin(self, request: web.Request) -> web.Response:
        self.begun.append(await request.json())
        token = request.cookies.get(COOKIE, "")
        if token not in self.tokens:
            token = f"t{self.id()}"
            self.tokens[token] = f"c{self.id()}"
            self.talk[self.tokens[token]] = []
        response = web.json_response({"customer": {"id": self.tokens[token]}}, status=201)
        response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", max_age=86_400)
        return response

    async def _renew(self, request: web.Request) -> web.Response:
        return web.json_response({"customer": {"id": self._who(request)}}, status=201)

    async def _facts(self, request: web.Request) -> web.Response:
        self.channels.add(request.query.get("channel"))
        facts = self.facts | self.push | {"accepts": self.accepts, "unread": 0, "feed": "-"}
        if COOKIE not in request.cookies:
            return web.json_response(facts)
        customer = self._who(request)
        read = self.read_marks.get(customer)
        said = self.talk[customer]
        place = next((n for n, item in enumerate(said) if item["id"] == read), -1)
        fresh = [item for item in said[place + 1 :] if item["direction"] == "out"]
        facts |= {"customer": {"id": customer}, "unread": len(fresh)} | ({"read": read} if read else {})
        return web.json_response(facts)

    async def _page_of(self, request: web.Request) -> web.Response:
        items = self.talk[self._who(request)]
        limit = int(request.query["limit"])
        bound = request.query.get("before") or request.query.get("after")
        place = next((n for n, item in enumerate(items) if item["id"] == bound), -1)
        if "after" in request.query:
            found, more = items[place + 1 :][:limit], False
        else:
            above = items[:place] if "before" in request.query else items
            found, more = above[-limit:], len(above) > limit
        answer = {"items": found, "feed": str(len(self.log))}
        return web.json_response(answer | ({"next": found[0]["id"]} if more else {}))

    async def _take(self, request: web.Request) -> web.Response:
        customer, asked, key = self._who(request), await request.json(), request.headers["Idempotency-Key"]
        if self.busy:
            self.busy -= 1
            return problem(503, "Not now.")
        self.posts.append((key, asked["body"]))
        kept = f"{customer}|{key}"
        if kept not in self.answers:
            files = [self.kept[each][0] for each in asked.get("attachments", [])]
            self.answers[kept] = await self.put(customer, "in", asked["body"], files)
        if self.lose_answers:
            self.lose_answers -= 1
            _cut(request)
        return web.json_response(self.answers[kept], status=201)

    async def put(self, customer: str, direction: str, body: str, files: list[Json], **span: float) -> Json:
        """A message is in the thread, and whoever follows it learns of it."""
        author = {"kind": "customer"} if direction == "in" else {"kind": "agent", "name": "Ana"}
        message = {"id": self.id(), "direction": direction, "author": author, "body": body, "attachments": files}
        message["at"] = rfc3339(ago(**span))
        said = self.talk.setdefault(customer, [])
        said.append(message)
        said.sort(key=lambda each: str(each["at"]))
        if not self.is_silent:
            self.log.append((customer, message))
        async with self.news:
            self.news.notify_all()
        return message

    @property
    def newest(self) -> str:
        return list(self.tokens.values())[-1]

    async def say(self, body: str, *files: Json, **span: float) -> Json:
        """A person of the team writes to the newest customer."""
        return await self.put(self.newest, "out", body, list(files), **span)

    def keep(self, name: str, kind: str, content: bytes, size: tuple[int, int] | None = None) -> Json:
        """A file that is ready, as a message has it."""
        id_ = self.id()
        file = {"id": id_, "name": name, "type": kind, "size": len(content), "state": "ready"}
        file["url"] = f"/files/{id_}/{'picture.png' if size else 'file'}"
        if size:
            file |= {"thumb_url": file["url"], "width": size[0], "height": size[1]}
        self.kept[id_] = (file, content)
        return file

    async def _upload(self, request: web.Request) -> web.Response:
        self._who(request)
        part = (await request.post())["file"]
        assert isinstance(part, web.FileField)
        content = part.file.read()
        if content.startswith(b"MZ"):
            return problem(422, "This kind of file is not taken.")
        is_picture = content.startswith(b"\x89PNG")
        size = Image.open(io.BytesIO(content)).size if is_picture else None
        return web.json_response(self.keep(part.filename, part.content_type, content, size), status=201)

    async def _download(self, request: web.Request) -> web.Response:
        file, content = self.kept[request.match_info["id"]]
        headers = {"X-Content-Type-Options": "nosniff"} | (
            {} if "width" in file else {"Content-Disposition": "attachment"}
        )
        return web.Response(
            body=content,
            content_type="image/png" if "width" in file else "application/octet-stream",
            headers=headers,
        )

    async def _mark(self, request: web.Request) -> web.Response:
        customer, message = self._who(request), (await request.json())["message"]
        if request.match_info["mark"] == "read":
            self.read_marks[customer] = message
        return web.json_response({"read": message, "unread": 0})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        customer = self._who(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        sent = int(request.headers["Last-Event-ID"])
        await response.write(b": here\n\n")
        self.followed += 1
        async with self.news:
            self.news.notify_all()
        with suppress(ConnectionResetError):
            while self._carries(request):
                for whose, message in self.log[sent:]:
                    sent += 1
                    name = "booking" if "sequence" in message else "message"
                    frame = f"event: {name}\nid: {sent}\ndata: {json.dumps(message)}\n\n"
                    await response.write(frame.encode() if whose == customer else b": beat\n\n")
                async with self.news:
                    if sent == len(self.log) and self._carries(request):
                        await self.news.wait()
        return response

    def _carries(self, request: web.Request) -> bool:
        return not self.down and request.cookies[COOKIE] in self.tokens

    async def fall(self) -> None:
        """The network between page and server is gone: connections break, new ones too."""
        self.down = True
        async with self.news:
            self.news.notify_all()

    def rise(self) -> None:
        self.down = False

    async def forget(self) -> None:
        """Every token ends."""
        self.tokens.clear()
        async with self.news:
            self.news.notify_all()


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


def chat_with_times() -> FakeChat:
    """One that offers a week of calls and chats, for a file's `gateway`."""
    chat = FakeChat()
    chat.offer_week()
    return chat
