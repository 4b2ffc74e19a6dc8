"""The desk's part of the agent API: what makes the console one that can be worked in all day."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from gateway.actions import draft, overview, view
from gateway.domain.message import ThreadId
from gateway.domain.wire import Json
from gateway.feed import cursor
from gateway.http.agent_api import BASE
from gateway.http.desk_shapes import Counts, DraftBody, Found, Presence, PresenceState, SearchQuery, Status
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing
from gateway.http.status import status


async def search(call: Call[Nothing, SearchQuery]) -> Json:
    query = call.query
    found = await call.deps.store.read(view.search, call.secret, query.q, query.cursor, query.limit, call.now)
    shape: Json = {
        "items": [{"message": message, "thread": thread} for message, thread in found.messages],
        "customers": found.customers,
        "feed": cursor.encode(found.heads),
    }
    return shape if found.next is None else shape | {"next": str(found.next)}


async def counts(call: Call[Nothing, Nothing]) -> Json:
    return await call.deps.store.read(view.counts, call.secret, call.now)


async def put_draft(call: Call[DraftBody, Nothing]) -> web.StreamResponse:
    await call.deps.store.write(draft.draft, call.secret, ThreadId(call.id), call.body.body, call.now)
    return web.Response(status=204)


async def put_presence(call: Call[PresenceState, Nothing]) -> Json:
    feed, thread = call.deps.feed, ThreadId(call.id)
    principal, team = await call.deps.store.read(view.place, call.secret, thread, call.now)
    if feed.presence.say(team, thread, principal.agent, principal.author.name, call.body.state, call.now):
        feed.tell(team, thread)
    return {"people": feed.presence.people(thread, call.now)}


async def show_status(call: Call[Nothing, Nothing]) -> Json:
    return status(call.deps, await call.deps.store.read(overview.overview, call.secret, call.now))


_THREAD: Final = f"{BASE}/threads/{{id}}"

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "GET", f"{BASE}/search", search, "Messages and customers in reach", Nothing, SearchQuery, Found, problems=(422,)
    ),
    Route("GET", f"{BASE}/counts", counts, "How many threads each view has", Nothing, Nothing, Counts),
    Route(
        "PUT",
        f"{_THREAD}/draft",
        put_draft,
        "Keep what one has begun to write",
        DraftBody,
        Nothing,
        None,
        status=204,
        problems=(404, 422),
    ),
    Route(
        "PUT",
        f"{_THREAD}/presence",
        put_presence,
        "Say that one is here, typing or gone",
        PresenceState,
        Nothing,
        Presence,
        problems=(404, 422),
    ),
    Route("GET", f"{BASE}/status", show_status, "How the gateway is doing", Nothing, Nothing, Status, problems=(403,)),
)
