"""The desk's part of the gateway in memory: counts, search, drafts, presence and the status that admins see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from gateway.domain.search import words
from tests.pages.world import Json, World

AGENT = web.RequestKey("agent", dict[str, Any])
MOST_COUNTED = 1_000


def problem(status: int, detail: str, type_: str = "", facts: Json | None = None) -> web.Response:
    body = {"type": type_ or f"/problems/{status}", "title": "Problem", "status": status, "detail": detail}
    body |= facts or {}
    return web.json_response(body, status=status, content_type="application/problem+json")


class FakeDesk(World):
    """What stands around the threads."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts: dict[tuple[str, str], str] = {}
        self.here: dict[str, dict[str, Json]] = {}
        """Who is in a thread, by agent."""
        self.said: list[tuple[str, str, str]] = []
        """(login, thread, state) of each word about presence."""
        self.counted = 0
        """How often the counts were asked for."""
        self.status: Json = {
            "version": "3f9ac21b",
            "faults": [],
            "notices": [],
            "started_at": "2026-11-22T06:00:00.000000Z",
            "streams": 1,
            "channels": [],
            "people": [],
            "tokens": [],
        }

    def desk_routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/counts", self._counts),
            web.get(f"{api}/search", self._search),
            web.get(f"{api}/status", self._status),
            web.put(f"{api}/threads/{{id}}/draft", self._draft),
            web.put(f"{api}/threads/{{id}}/presence", self._presence),
        ]

    def in_view(self, view: str, me: Json) -> list[Json]:
        """A view's rows, in order."""
        rows = [self.row(thread) | {"unread": self.unread.get((me["id"], thread), 0)} for thread in self.threads]
        if view == "waiting":
            return sorted((row for row in rows if "waiting_since" in row), key=lambda row: row["waiting_since"])
        rows.sort(key=lambda row: row["last_message"]["at"] if row["last_message"] else "", reverse=True)
        return [row for row in rows if view == "all" or row.get("claimed_by", {}).get("id") == me["id"]]

    async def _counts(self, request: web.Request) -> web.Response:
        self.counted += 1
        views = ("waiting", "mine", "all")
        return web.json_response({
            view: min(MOST_COUNTED, len(self.in_view(view, request[AGENT]))) for view in views
        })  # fmt: skip

    async def _search(self, request: web.Request) -> web.Response:
        asked = words(request.query["q"])
        rows = {row["id"]: row for row in self.in_view("all", request[AGENT])}
        said = [item for items in self.messages.values() for item in items if "body" in item]
        found = [item for item in said if _has(item["body"], asked)]
        found.sort(key=lambda item: item["at"], reverse=True)
        start, limit = int(request.query.get("cursor", "0")), int(request.query.get("limit", "50"))
        page = found[start : start + limit]
        answer: Json = {"items": [{"message": item, "thread": rows[item["thread"]]} for item in page]}
        people = [row for row in rows.values() if _has(row["customer"]["name"], asked)]
        answer |= {"customers": [] if start else people[:limit], "feed": str(len(self.log))}
        return web.json_response(answer | ({"next": str(start + limit)} if start + limit < len(found) else {}))

    async def _status(self, request: web.Request) -> web.Response:
        if request[AGENT]["role"] != "admin":
            return problem(403, "Only admins see this.")
        return web.json_response(self.status)

    async def _draft(self, request: web.Request) -> web.Response:
        thread, asked = request.match_info["id"], await request.json()
        if self.drafts.get((request[AGENT]["id"], thread)) not in {None, asked["was"], asked["body"]}:
            return problem(409, "You have written another draft here since.", "/problems/draft-changed")
        await self.keep_draft(request[AGENT], thread, asked["body"])
        return web.Response(status=204)

    async def keep_draft(self, agent: Json, thread: str, body: str) -> None:
        """A person's client leaves off in the middle of a reply."""
        key = (agent["id"], thread)
        self.drafts |= {key: body}
        if not body:
            del self.drafts[key]
        async with self.news:
            self.news.notify_all()

    async def _presence(self, request: web.Request) -> web.Response:
        thread, state = request.match_info["id"], (await request.json())["state"]
        await self.be(request[AGENT], thread, state)
        return web.json_response({"people": list(self.here[thread].values())})

    async def be(self, agent: Json, thread: str, state: str) -> None:
        """A person's client says "here", "typing" or "gone"."""
        self.said.append((agent["login"], thread, state))
        people = self.here.setdefault(thread, {})
        people[agent["id"]] = {"id": agent["id"], "name": agent["name"], "typing": state == "typing"}
        if state == "gone":
            del people[agent["id"]]
        data = {"kind": "presence", "team": "front-range", "thread": thread, "people": list(people.values())}
        self.log.append(("presence", data))
        async with self.news:
            self.news.notify_all()


def _has(text: str, asked: list[str]) -> bool:
    return bool(asked) and all(_any(words(text), word, last) for word, last in _with_last(asked))


def _any(said: list[str], word: str, last: bool) -> bool:
    return any(each == word or (last and each.startswith(word)) for each in said)


def _with_last(asked: list[str]) -> Iterator[tuple[str, bool]]:
    return ((word, place == len(asked) - 1) for place, word in enumerate(asked))
