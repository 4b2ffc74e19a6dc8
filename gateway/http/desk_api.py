"""The desk's part of the agent API: what makes the console one that can be worked in all day."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from gateway.actions import begin, draft, opt_out, overview, view
from gateway.channels.config import BY_REGION
from gateway.channels.contract import Adapter
from gateway.domain.address import Address
from gateway.domain.instant import micros
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.wire import Json
from gateway.errors import Invalid, Unreachable
from gateway.feed import cursor
from gateway.feed.presence import Place
from gateway.http import ways
from gateway.http.agent_api import BASE, SALT_BYTES, live
from gateway.http.deps import Deps
from gateway.http.desk_shapes import (
    Begun,
    Counts,
    DraftBody,
    FirstMessage,
    Found,
    OptOutNote,
    OwnDoors,
    Presence,
    PresenceState,
    SearchQuery,
    Status,
)
from gateway.http.dialing import is_ours
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing
from gateway.http.status import status
from gateway.http.ways import Ways
from gateway.store.consents import Consent

EARLIEST_CONSENT: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Before there was a text message; an earlier one is a slip of whoever typed it."""


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
    thread, given = ThreadId(call.id), call.body
    await call.deps.store.write(draft.draft, call.secret, thread, given.body, given.was, call.now)
    return web.Response(status=204)


async def put_presence(call: Call[PresenceState, Nothing]) -> Json:
    thread = ThreadId(call.id)
    principal, team = await call.deps.store.read(view.place, call.secret, thread, call.now)
    place = Place(team, thread)
    return {"people": await call.deps.feed.say(place, principal.agent, principal.author.name, call.body.state)}


async def opt_out_by_hand(call: Call[OptOutNote, Nothing]) -> Json:
    store, thread = call.deps.store, ThreadId(call.id)
    await store.write(opt_out.opt_out, call.secret, thread, call.body.way, call.body.note, call.now)
    opened = await store.read(view.thread, call.secret, thread, call.now)
    return {"ways": ways.ways(opened.lines, live(call.deps))}


async def write_first(call: Call[FirstMessage, Nothing]) -> Json:
    deps, draft_, given = call.deps, call.body, call.body.consent
    adapter = deps.channels.get(draft_.channel)
    if adapter is None or not adapter.capabilities.first:
        raise Unreachable("on this channel nobody can be written to first")
    address = adapter.address(draft_.address)
    if address is None:
        raise Invalid("address: that is not an address of this channel")
    if len(draft_.body) > adapter.capabilities.max_body:
        raise Invalid(f"this channel takes {adapter.capabilities.max_body:,} characters at most")
    if is_ours(deps, address.value):
        raise Invalid("address: that is one of our own")
    if micros(given.when) > call.now:
        raise Invalid("consent.when: that is yet to come")
    if given.when < EARLIEST_CONSENT:
        raise Invalid(f"consent.when: that is before {EARLIEST_CONSENT.year}")
    order = begin.Opening(
        call.secret,
        draft_.channel,
        address,
        _doors(deps, adapter, address, draft_),
        draft_.body,
        Consent(given.who, micros(given.when), given.how),
        call.key,
        call.fingerprint,
        secrets.token_bytes(SALT_BYTES),
        call.now,
    )
    return await deps.store.write(begin.begin, order)


async def own_doors(call: Call[Nothing, Nothing]) -> Json:
    """Where a message may begin: the channels that can, with the addresses that belong to a team of this person."""
    deps = call.deps
    _, teams = await deps.store.read(view.me, call.secret, call.now)
    theirs = {BY_REGION, *teams}
    items: list[Json] = []
    for name in sorted(deps.channels):
        adapter = deps.channels.get(name)
        if adapter is None or not adapter.capabilities.first:
            continue
        ends = [each for each in adapter.endpoints() if (to := adapter.destination(each)) and to.team in theirs]
        if ends:
            items.append({"channel": name, "endpoints": ends, "max_body": adapter.capabilities.max_body})
    return {"items": items}


def _doors(deps: Deps, adapter: Adapter, address: Address, asked: FirstMessage) -> tuple[begin.Door, ...]:
    """Our addresses that can write there and fit what was asked for. By region, a customer nobody knows goes to the
    team whose region they are in, and only where there is none to the team asked for."""
    if asked.sender is not None and adapter.destination(asked.sender) is None:
        raise Invalid("from: that is not an address of ours on this channel")
    teams = deps.settings().teams
    doors = []
    for picked in adapter.endpoints() if asked.sender is None else (asked.sender,):
        endpoint = adapter.sender(picked, address)
        place = adapter.destination(endpoint) if endpoint is not None else None
        if endpoint is None or place is None:
            continue
        by_region = place.team == BY_REGION
        team = (teams.claiming(address) or asked.team or teams.default) if by_region else place.team
        if asked.team in {None, team} and teams.get(team) is not None:
            doors.append(begin.Door(endpoint, TeamId(team), by_region))
    return tuple(doors)


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
        problems=(404, 409, 422),
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
    Route(
        "POST",
        f"{BASE}/threads",
        write_first,
        "Write first, with the recorded consent",
        FirstMessage,
        Nothing,
        Begun,
        status=201,
        problems=(403, 409, 422),
        makes=True,
    ),
    Route("GET", f"{BASE}/doors", own_doors, "Where one may write first from", Nothing, Nothing, OwnDoors),
    Route(
        "POST",
        f"{_THREAD}/opt-out",
        opt_out_by_hand,
        "Record that a customer wants nothing more by one way; only the carrier's word opens it again",
        OptOutNote,
        Nothing,
        Ways,
        problems=(403, 404, 422),
    ),
    Route("GET", f"{BASE}/status", show_status, "How the gateway is doing", Nothing, Nothing, Status, problems=(403,)),
)
