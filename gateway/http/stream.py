"""The event stream over HTTP: a response of raw bytes that lasts. What stands in it is the feed's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from gateway.errors import Problem
from gateway.feed.stream import Stream
from gateway.http import customer_principal, headers
from gateway.http.agent_api import BASE
from gateway.http.customer_api import BASE as CUSTOMER
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class _Raw(web.StreamResponse):
    """A response without length and without chunks, which ends with its connection (RFC 9112, 6.3)."""

    _length_check = False


class _Pipe:
    """A connection's way out, as `gateway.feed.follow.Pipe` describes it."""

    __slots__ = ("_transport", "_writer")

    def __init__(self, transport: asyncio.Transport, writer: AbstractStreamWriter) -> None:
        self._transport = transport
        self._writer = writer

    def write(self, data: bytes, /) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def buffered(self) -> int:
        return self._transport.get_write_buffer_size()

    async def drain(self) -> None:
        await self._writer.drain()

    def cut(self) -> None:
        self._transport.abort()


async def events(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Follow everything one may see, after Last-Event-ID where the client has one."""
    stream = await call.deps.feed.open(call.secret, _cursor(call.request))
    return await _serve(call, stream, headers.STREAM)


async def watch(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Follow one's own thread as a customer."""
    token = await customer_principal.token(call.request, call.deps)
    stream = await call.deps.feed.watch(token, _cursor(call.request))
    return await _serve(call, stream, headers.STREAM | customer_principal.sharing(call.request, call.deps))


def _cursor(request: web.Request) -> str | None:
    return request.headers.get("Last-Event-ID") or None


async def _serve(call: Call[Nothing, Nothing], stream: Stream, said: Mapping[str, str]) -> web.StreamResponse:
    feed, request = call.deps.feed, call.request
    response = _Raw(headers=said)
    response.force_close()
    try:
        writer = await response.prepare(request)
        response.headers.clear()  # they are sent, and would be kept for as long as the stream lasts
        if request.transport is not None and writer is not None and request.method != "HEAD":
            await stream.run(_Pipe(request.transport, writer))
    except Problem as problem:  # too late for another answer: the client comes back with its cursor
        log.warning("feed.stream_ended", problem=problem.slug)
    finally:
        feed.leave(stream)
    return response


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "GET",
        f"{BASE}/events",
        events,
        "Server-sent events over all that one may see; Last-Event-ID resumes",
        Nothing,
        Nothing,
        "text/event-stream",
        problems=(400,),
    ),
    Route(
        "GET",
        f"{CUSTOMER}/events",
        watch,
        "Server-sent events of one's own thread; Last-Event-ID resumes",
        Nothing,
        Nothing,
        "text/event-stream",
        problems=(400, 403),
        who="customer",
    ),
)
