"""A gateway in memory, for the pages' own tests: the contract's agent API and event stream, and nothing behind them.

It exists so that a test can make a page's world at once: a refusal, a lost answer, a thread of 300 messages. What is
true of the server is tested at the server; here it is only ever what the contract says it is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from gateway.http.headers import PAGE
from gateway.pages import FOLDER
from tests.pages.fake_bookings import FakeBookings
from tests.pages.fake_desk import AGENT, problem
from tests.pages.fake_devices import FakeDevices
from tests.pages.fake_ways import FakeWays
from tests.pages.world import Json

CSP = PAGE["Content-Security-Policy"]
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".webmanifest": "application/manifest+json",
}


class FakeGateway(FakeDevices, FakeBookings, FakeWays):
    """The world over HTTP, with the faults that a test asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Json] = {}
        self.answers: dict[str, Json] = {}
        self.posts: list[tuple[str, str]] = []
        """(Idempotency-Key, body) of each reply or note that was asked for."""
        self.done_marks: list[str] = []
        """The newest message that each "done" says was seen."""
        self.refusals: list[Callable[[web.Request], web.Response | None]] = []
        self.csp = CSP
        self.lose_answers = 0
        """How many accepted replies get no answer: the connection is cut after the message was stored."""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        api = "/api/agent/v1"
        app.add_routes([
            web.get("/{page:console|demo}", self._page),
            web.get("/static/{path:.+}", self._static),
            web.post(f"{api}/session", self._sign_in),
            web.delete(f"{api}/session", self._sign_out),
            web.get(f"{api}/me", self._me),
            web.get(f"{api}/threads", self._list),
            web.get(f"{api}/threads/{{id}}", self._thread),
            web.get(f"{api}/threads/{{id}}/messages", self._messages),
            web.post(f"{api}/threads/{{id}}/{{kind:messages|notes}}", self._write),
            web.post(f"{api}/threads/{{id}}/{{verb:claim|release|done}}", self._act),
            web.put(f"{api}/threads/{{id}}/read", self._read),
            web.post(f"{api}/messages/{{id}}/{{verb:retry|settle}}", self._decide),
            web.get(f"{api}/events", self._events),
            *self.desk_routes(api),
            *self.way_routes(api),
            *self.device_routes(api),
            *self.booking_routes(api),
        ])  # fmt: skip
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/api/") and (request.method, request.path[-8:]) != ("POST", "/session"):
            session = self.sessions.get(request.cookies.get("session", ""))
            if session is None:
                return problem(401, "Sign in, or send a valid token.")
            request[AGENT] = session
        for refusal in self.refusals:
            if answer := refusal(request):
                return answer
        return await handler(request)  # type: ignore[no-any-return]

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response(request[AGENT] | self.push)

    async def _page(self, request: web.Request) -> web.Response:
        return self._file(f"{request.match_info['page']}/index.html")

    async def _static(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["path"])

    def _file(self, path: str) -> web.Response:
        file = FOLDER / path
        if not file.is_file():
            return problem(404, "There is no such thing here.")
        headers = {
            "Content-Security-Policy": self.csp,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        }
        if file.name == "worker.js":
            headers["Service-Worker-Allowed"] = f"/{file.parent.name}"
        return web.Response(body=file.read_bytes(), content_type=TYPES[file.suffix], charset="utf-8", headers=headers)

    async def _sign_in(self, request: web.Request) -> web.Response:
        asked = await request.json()
        agent = self.agents.get(asked["login"])
        if agent is None or asked["password"] != "correct horse":
            return problem(401, "Login or password is wrong.")
        secret = f"s{self.id()}"
        self.sessions[secret] = agent
        response = web.json_response({"agent": agent | self.push})
        response.set_cookie("session", secret, httponly=True, samesite="Lax")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        await self.end_sessions()
        return web.Response(status=204)

    async def end_sessions(self) -> None:
        self.sessions.clear()
        async with self.news:
            self.news.notify_all()

    async def _list(self, request: web.Request) -> web.Response:
        rows = self.in_view(request.query.get("view", "all"), request[AGENT])
        start, limit = int(request.query.get("cursor", "0")), int(request.query.get("limit", "50"))
        answer = {"items": rows[start : start + limit], "feed": str(len(self.log))}
        return web.json_response(answer | ({"next": str(start + limit)} if start + limit < len(rows) else {}))

    def _known(self, request: web.Request) -> str:
        thread = request.match_info["id"]
        if thread not in self.threads:
            raise web.HTTPNotFound(
                text='{"detail": "There is no such thing here."}', content_type="application/problem+json"
            )
        return thread

    async def _thread(self, request: web.Request) -> web.Response:
        thread = self._known(request)
        number = self.threads[thread]["number"]
        detail = self.row(thread) | {"unread": self.unread.get((request[AGENT]["id"], thread), 0)}
        ways = self.ways_of(thread)
        kinds = [{key: way[key] for key in ("kind", "address", "channel")} for way in ways]
        detail |= {"identities": kinds, "team_name": "Front Range", "ways": ways, "consents": []}
        usual = ways[0]
        reply_to = (
            {"channel": "sms", "endpoint": usual["endpoint"], "address": number, "max_body": 1600}
            if usual["ok"]
            else None
        )
        draft = self.drafts.get((request[AGENT]["id"], thread))
        return web.json_response(detail | {"reply_to": reply_to, "draft": draft} | self.app_facts.get(thread, {}))

    async def _messages(self, request: web.Request) -> web.Response:
        items = self.messages[self._known(request)]
        limit = int(request.query.get("limit", "50"))
        place = next((n for n, item in enumerate(items) if item.get("id") in _bounds(request)), -1)
        if "after" in request.query:
            found, more = items[place + 1 :][:limit], len(items) - place - 1 > limit
        else:
            items = items[:place] if "before" in request.query else items
            found, more = items[-limit:], len(items) > limit
        edges = [item["id"] for item in found if "id" in item]
        edge = edges[-1 if "after" in request.query else 0] if edges else None
        return web.json_response({"items": found, "feed": str(len(self.log))} | ({"next": edge} if more else {}))

    async def _write(self, request: web.Request) -> web.Response:
        thread, me, asked = self._known(request), request[AGENT], await request.json()
        body = asked["body"]
        self.replies.append(asked)
        key = request.headers["Idempotency-Key"]
        self.posts.append((key, body))
        async with self.news:
            self.news.notify_all()
        if key not in self.answers:
            note = request.match_info["kind"] == "notes"
            message = self.write(thread, "note" if note else "out", self.person(me), body)
            message["attachments"] = [self.uploads[each] for each in asked.get("attachments", [])]
            if not note:
                message["delivery"] = {"state": "queued", "at": message["at"]}
                self.drafts.pop((me["id"], thread), None)
            self.answers[key] = message
            await self.tell("note.added" if note else "message.sent", thread, by=me, message=message)
        if self.lose_answers:
            self.lose_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self.answers[key], status=202)

    async def _act(self, request: web.Request) -> web.Response:
        if request.match_info["verb"] == "done":
            self.done_marks.append((await request.json())["message"])
        await self.act(request[AGENT], self._known(request), request.match_info["verb"])
        return web.Response(status=204)

    async def _read(self, request: web.Request) -> web.Response:
        thread = self._known(request)
        self.unread[request[AGENT]["id"], thread] = 0
        async with self.news:
            self.news.notify_all()
        return web.Response(status=204)

    async def _decide(self, request: web.Request) -> web.Response:
        every = (item for items in self.messages.values() for item in items)
        message = next(item for item in every if item.get("id") == request.match_info["id"])
        retry = request.match_info["verb"] == "retry"
        await self.report(message, "queued" if retry else (await request.json())["state"])
        return web.json_response(message)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        sent = int(request.headers.get("Last-Event-ID", len(self.log)))
        await response.write(b": here\n\n")
        began = len(self.log)
        with suppress(ConnectionResetError):
            while request.cookies["session"] in self.sessions:
                for place, (kind, data) in enumerate(self.log[sent:], sent):
                    sent += 1
                    if kind == "presence" and place < began:
                        continue
                    cursor = "" if kind == "presence" else f"id: {sent}\n"
                    await response.write(f"event: {kind}\n{cursor}data: {json.dumps(data)}\n\n".encode())
                async with self.news:
                    if sent == len(self.log) and request.cookies["session"] in self.sessions:
                        await self.news.wait()
        return response


def _bounds(request: web.Request) -> set[str]:
    return {request.query[name] for name in ("before", "after") if name in request.query}


@asynccontextmanager
async def served(gateway: FakeGateway) -> AsyncIterator[str]:
    """The gateway on a free port of 127.0.0.1; gives its origin."""
    runner = web.AppRunner(gateway.app(), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
