"""The customers' API: each handler calls one action or query. Whose thread it is, is decided there, by the token.

Anybody may become a visitor, as anybody may send a text; how many one address may make is bounded.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from gateway.actions import customer_seen, customer_view, customer_visit, customer_write
from gateway.channels.contract import Capabilities
from gateway.domain.attachment import AttachmentId, Owner
from gateway.domain.delivery import Reported
from gateway.domain.message import MessageId, TeamId
from gateway.domain.wire import Json
from gateway.errors import NotFound, Problem, Unavailable
from gateway.feed import cursor
from gateway.http import customer_principal as principal
from gateway.http import headers
from gateway.http.customer_facts import about
from gateway.http.customer_shapes import (
    ChannelQuery,
    CustomerMessage,
    CustomerMessages,
    CustomerThread,
    Mark,
    NewVisitor,
    PageQuery,
    Standing,
    Visitor,
    Words,
)
from gateway.http.deps import Deps
from gateway.http.files import upload
from gateway.http.peer import client
from gateway.http.principal import ask_for_our_page
from gateway.http.push_keys import with_push
from gateway.http.route import Call, Route, answer
from gateway.http.shapes import Attachment, Nothing
from gateway.store import visitors
from gateway.store.credentials import secret_hash
from gateway.store.store import Lane, Tx

BASE: Final = "/api/customer/v1"
_LETTERS: Final = "23456789abcdefghjkmnpqrstvwxyz"
"""Those that are not taken for one another."""
_NAME_LENGTH: Final = 10


async def begin(call: Call[NewVisitor, Nothing]) -> web.StreamResponse:
    """A new visitor; with a cookie that is still good, the one that this browser was before."""
    deps, request, settings = call.deps, call.request, call.deps.settings()
    in_cookie = call.body.in_ == "cookie"
    if in_cookie:
        ask_for_our_page(request, settings)
    channel, team = _door(deps, request, call.body.channel)
    secret = secrets.token_urlsafe(32)
    visit = customer_visit.Visit(
        await principal.maybe_token(request, deps) if in_cookie else None,
        channel,
        team,
        "visitor-" + "".join(secrets.choice(_LETTERS) for _ in range(_NAME_LENGTH)),
        secret_hash(secret),
        hashlib.sha256(f"visitor:{client(request, settings.trusted_proxies)}".encode()).hexdigest(),
        call.now,
    )
    customer, is_new = await deps.store.write(customer_visit.begin, visit)
    response = answer({"customer": customer} | ({} if in_cookie else {"token": secret}), 201)
    if in_cookie:
        principal.give_cookie(response, settings, secret if is_new else principal.cookie(request, settings) or secret)
    return response


async def renew(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """A token for another while; a cookie keeps its own, so that an answer that is lost costs nobody their thread."""
    deps, settings = call.deps, call.deps.settings()
    token = await principal.token(call.request, deps)
    kept = principal.cookie(call.request, settings)
    if kept is not None:
        response = answer({"customer": await deps.store.write(customer_visit.prolong, token, call.now)}, 201)
        principal.give_cookie(response, settings, kept)
        return response
    secret = secrets.token_urlsafe(32)
    customer = await deps.store.write(customer_visit.replace, token, secret_hash(secret), call.now)
    return answer({"customer": customer, "token": secret}, 201)


async def end(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    settings = call.deps.settings()
    token = await principal.token(call.request, call.deps)
    await call.deps.store.write(customer_visit.end, token, call.now)
    response = web.Response(status=204, headers=headers.API)
    if principal.cookie(call.request, settings) is not None:
        principal.take_cookie(response, settings)
    return response


async def thread(call: Call[Nothing, ChannelQuery]) -> Json:
    deps = call.deps
    token = await principal.maybe_token(call.request, deps)
    if token is not None and token.subject is not None:  # there need be no web channel
        channel, team = "", deps.settings().teams.default
    else:
        channel, team = _door(deps, call.request, call.query.channel)
    facts = await deps.store.read(customer_view.facts, token, team, call.now)
    shape = about(deps, facts, facts.channel or channel, call.now)
    return shape if token is None else with_push(shape, deps, token)


async def messages(call: Call[Nothing, PageQuery]) -> Json:
    """A page of the thread. What it has for the first time is delivered by that."""
    store, query = call.deps.store, call.query
    token = await principal.token(call.request, call.deps)
    said = await store.read(customer_view.page, token, query.before, query.after, query.limit, call.now)
    if said.news and call.request.method != "HEAD":
        with suppress(Unavailable):  # it is delivered all the same, and known to be with the next page
            await store.write(customer_seen.fetched, token, said.news, call.now)
    shape: Json = {"items": said.items, "feed": cursor.encode(said.heads)}
    return shape if said.next is None else shape | {"next": str(said.next)}


async def write(call: Call[Words, Nothing]) -> web.StreamResponse:
    deps, words = call.deps, call.body
    token = await principal.token(call.request, deps)
    deps.paces.messages.take(_source(call), call.now)
    deps.paces.messages_of_one.take(token.bounded, call.now)
    order = customer_write.Words(
        token,
        words.body,
        tuple(AttachmentId(id_) for id_ in words.attachments),
        _takes(deps) if words.attachments else {},
        call.key or secrets.token_hex(16),
        call.now,
    )
    action = customer_write.write_with_files if words.attachments else customer_write.write
    written = await deps.store.write_each(action, order, Lane.INGEST)
    if isinstance(written, Problem):
        raise written
    if written.is_new:
        deps.metrics.inbound(written.channel).inc()
        deps.channels.traffic.came_in(written.channel, call.now)
    response = answer(deps.links.sign(written.message), 201)
    kept = principal.cookie(call.request, deps.settings()) if written.renewed else None
    if kept is not None:
        principal.give_cookie(response, deps.settings(), kept)
    return response


def _source(call: Call[Any, Any]) -> str:
    return client(call.request, call.deps.settings().trusted_proxies)


def _takes(deps: Deps) -> dict[str, Capabilities]:
    return {name: adapter.capabilities for name in deps.channels if (adapter := deps.channels.get(name))}


async def attach(call: Call[Nothing, Nothing]) -> Json:
    token = await principal.token(call.request, call.deps)

    async def who(tx: Tx) -> Owner:
        return Owner.of_customer((await visitors.authenticate(tx, token, call.now)).customer)

    return await upload(call.deps, call.request, who, call.key, _source(call))


async def mark_read(call: Call[Mark, Nothing]) -> Json:
    return await _mark(call, "read")


async def mark_received(call: Call[Mark, Nothing]) -> web.StreamResponse:
    await _mark(call, "delivered")
    return web.Response(status=204, headers=headers.API)


async def _mark(call: Call[Mark, Nothing], said: Reported) -> Json:
    """Looked at first: what is marked already costs no write."""
    store, message = call.deps.store, MessageId(call.body.message)
    token = await principal.token(call.request, call.deps)
    known = await store.read(customer_seen.is_known, token, message, said, call.now)
    return known if known is not None else await store.write(customer_seen.mark, token, message, said, call.now)


def _door(deps: Deps, request: web.Request, asked: str | None) -> tuple[str, TeamId]:
    """A web channel that this page may use, and the team of a new customer there. Raises NotFound, Elsewhere."""
    channels = principal.visited(deps, request)
    name = min(channels, default=None) if asked is None else asked
    if name is None or name not in channels:
        raise NotFound("there is no such web channel")
    team = deps.settings().teams.get(channels[name].team) or deps.settings().teams.route()
    return name, team.id


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "POST",
        f"{BASE}/visitors",
        begin,
        "Become a visitor; the token is what one comes back with",
        NewVisitor,
        Nothing,
        Visitor,
        status=201,
        problems=(401, 404, 422, 429),
        is_open=True,
        who="customer",
    ),
    Route(
        "POST",
        f"{BASE}/visitors/renew",
        renew,
        "Another token for another while; the one before ends",
        Nothing,
        Nothing,
        Visitor,
        status=201,
        problems=(409,),
        who="customer",
    ),
    Route("DELETE", f"{BASE}/visitors/me", end, "End this token", Nothing, Nothing, None, status=204, who="customer"),
    Route(
        "GET",
        f"{BASE}/thread",
        thread,
        "The team, its hours, and where one stands",
        Nothing,
        ChannelQuery,
        CustomerThread,
        problems=(401, 403, 404, 422),
        is_open=True,
        who="customer",
    ),
    Route(
        "GET",
        f"{BASE}/messages",
        messages,
        "What was said, oldest first",
        Nothing,
        PageQuery,
        CustomerMessages,
        problems=(403, 422),
        who="customer",
    ),
    Route(
        "POST",
        f"{BASE}/messages",
        write,
        "Write to the team",
        Words,
        Nothing,
        CustomerMessage,
        status=201,
        problems=(422, 429),
        makes=True,
        who="customer",
    ),
    Route(
        "PUT",
        f"{BASE}/read",
        mark_read,
        "Read up to a message",
        Mark,
        Nothing,
        Standing,
        problems=(404, 422),
        who="customer",
    ),
    Route(
        "PUT",
        f"{BASE}/received",
        mark_received,
        "Everything up to a message has arrived",
        Mark,
        Nothing,
        None,
        status=204,
        problems=(404, 422),
        who="customer",
    ),
    Route(
        "POST",
        f"{BASE}/attachments",
        attach,
        "Upload a file, to be named by a message",
        Nothing,
        Nothing,
        Attachment,
        status=201,
        problems=(422, 429),
        makes=True,
        uploads=True,
        who="customer",
    ),
)
