"""The applications: every path with its methods, one door in front of each, and nothing that aiohttp says itself.

There is no middleware: a door counts, turns errors into problem documents, and knows which methods its path has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from gateway.errors import Malformed, NotFound, Problem, Unauthenticated
from gateway.http import (
    agent_api,
    board_api,
    booking_api,
    booking_desk_api,
    call_api,
    customer_api,
    customer_principal,
    desk_api,
    device_api,
    files,
    sign_in,
    stream,
)
from gateway.http.calendars import Calendars
from gateway.http.deps import Deps
from gateway.http.files import Files, token_below_prefix
from gateway.http.health import Health, Readings
from gateway.http.openapi import document
from gateway.http.principal import cookie_name
from gateway.http.problems import Unexpected, Unmet, WrongMethod, explain, refusal
from gateway.http.route import Handler, Route, answer
from gateway.http.static import Pages
from gateway.http.status import LocalStatus
from gateway.http.webhooks import Webhooks, below_prefix

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    *sign_in.ROUTES,
    *agent_api.ROUTES,
    *board_api.ROUTES,
    *desk_api.ROUTES,
    *files.ROUTES,
    *customer_api.ROUTES,
    *booking_api.ROUTES,
    *booking_desk_api.ROUTES,
    *call_api.ROUTES,
    *device_api.ROUTES,
    *stream.ROUTES,
)

_CONNECTION: Final[Mapping[str, Any]] = {
    "access_log": None,
    "auto_decompress": False,  # a compressed body is refused, so that none can be a bomb
    "keepalive_timeout": 75.0,  # seconds; also the bound on the head of a first request
    "lingering_time": 1.0,  # seconds in which the rest of a refused body is read, so that its client sees the answer
}
_SERVER: Final = {**_CONNECTION, "handler_cancellation": True}  # a stream ends with its client

Methods = Mapping[str, Handler]


def make_app(deps: Deps) -> web.Application:
    """Everything that the public listener serves. Run it with `make_runner`."""
    app = web.Application(handler_args=_SERVER)
    pages, health, hooks, downloads = Pages(deps), Health(deps), Webhooks(deps), Files(deps)
    deps.metrics.registry.register(Readings(deps.readings))
    for path, methods in _api(deps).items():
        _add(app, deps, path, methods)
    _add(app, deps, "/hooks/{channel}/{step:.+}", {"GET": hooks.serve, "POST": hooks.serve})
    for path, handler in {
        "/": pages.home,
        "/console": pages.page("console"),
        "/chat": pages.chat,
        "/book/{token}": pages.book,
        "/static/{path:.+}": pages.static,
        "/files/{token}/{name}": downloads.serve,
        "/calendar/{token}/callback.ics": Calendars(deps).serve,
        "/demo": pages.demo,
        "/demo/config.json": pages.demo_config,
        "/problems/{slug}": explain,
        "/healthz": health.alive,
        "/readyz": health.ready,
        "/metrics": health.private_metrics,
    }.items():
        _add(app, deps, path, {"GET": handler})
    _add_elsewhere(app, deps, hooks, downloads)
    app.on_shutdown.append(_end_streams(deps))
    app.on_cleanup.append(_close_passwords(deps))
    return app


def make_operator_app(deps: Deps) -> web.Application:
    """What `operator_listen` serves, to whoever can reach it."""
    app = web.Application(handler_args=_SERVER)
    health = Health(deps)
    for path, handler in {"/healthz": health.alive, "/readyz": health.ready, "/metrics": health.metrics}.items():
        _add(app, deps, path, {"GET": handler})
    _add_elsewhere(app, deps)
    return app


def make_local_app(deps: Deps) -> web.Application:
    """What the socket beside the database serves: to whoever may read that folder, and so the database itself."""
    app = web.Application(handler_args=_SERVER)
    _add(app, deps, "/status.json", {"GET": LocalStatus(deps).status})
    _add_elsewhere(app, deps)
    return app


def make_runner(app: web.Application, drain_seconds: float) -> web.AppRunner:
    """Runs one of these applications, so that bytes that are no HTTP get a problem document as well.

    `drain_seconds` is how long requests that are under way may take to end when it is cleaned up.
    """
    return _Runner(app, shutdown_timeout=drain_seconds)


def _api(deps: Deps) -> dict[str, dict[str, Handler]]:
    paths: dict[str, dict[str, Handler]] = {}
    for route in ROUTES:
        methods = paths.setdefault(route.path, {})
        handler = route.bind(deps)
        if route.who == "customer":
            methods["OPTIONS"] = _preflight(deps)
            handler = _shared(deps, handler)
        methods[route.method] = handler

    async def openapi(_request: web.Request) -> web.StreamResponse:
        settings = deps.settings()
        return answer(document(ROUTES, cookie_name(settings), customer_principal.cookie_name(settings)))

    return paths | {"/api/openapi.json": {"GET": openapi}}


def _preflight(deps: Deps) -> Handler:
    async def preflight(request: web.Request) -> web.StreamResponse:
        return customer_principal.preflight(request, deps)

    return preflight


def _shared(deps: Deps, handler: Handler) -> Handler:
    """Whatever it answers, a refusal too, can be read by the pages that may call it."""

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Problem as problem:
            response = refusal(problem)
        if not response.prepared:
            response.headers.update(customer_principal.sharing(request, deps))
        return response

    return serve


def _add(app: web.Application, deps: Deps, path: str, methods: Methods) -> None:
    known = {**methods, "HEAD": methods["GET"]} if "GET" in methods else methods
    allowed = ", ".join(sorted(known))

    async def choose(request: web.Request) -> web.StreamResponse:
        handler = known.get(request.method)
        if handler is None:
            raise WrongMethod(allowed)
        return await handler(request)

    _open(app, deps, path, choose)


def _add_elsewhere(
    app: web.Application, deps: Deps, hooks: Webhooks | None = None, downloads: Files | None = None
) -> None:
    """Whatever no other path has taken."""

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        token = token_below_prefix(request.path, urlsplit(deps.settings().public_url).path)
        if downloads is not None and token is not None and request.method in {"GET", "HEAD"}:
            return await downloads.take(request, token)
        hook = below_prefix(request.path, deps.settings())
        if hooks is None or hook is None or request.method not in {"GET", "POST"}:
            raise NotFound
        return await hooks.take(request, *hook)

    _open(app, deps, "/{elsewhere:.*}", elsewhere)


def _open(app: web.Application, deps: Deps, path: str, handler: Handler) -> None:
    """Put a door on a path: it counts, and every error leaves through it as a problem document."""
    count = deps.metrics.requests

    async def door(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse
        try:
            response = await handler(request)
        except Problem as problem:
            response = refusal(problem)
        except Exception:
            log.exception("http.unexpected", route=path)
            response = refusal(Unexpected())
        count(path, f"{response.status // 100}xx").inc()
        return response

    app.router.add_route("*", path, door, expect_handler=_expect)


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """Answer `Expect: 100-continue` (RFC 9110, 10.1.1); nothing else can be expected."""
    if request.headers["Expect"].lower() != "100-continue":
        return refusal(Unmet())
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # nothing of the answer itself was sent
    return None


def _end_streams(deps: Deps) -> Callable[[web.Application], Awaitable[None]]:
    async def end(_app: web.Application) -> None:
        deps.feed.end_all()

    return end


def _close_passwords(deps: Deps) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_app: web.Application) -> None:
        deps.passwords.close()

    return close


class _Protocol(web.RequestHandler):
    """A connection whose first or next bytes may be no HTTP at all."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """While it shuts down aiohttp throws away all that comes, the rest of a body that a handler waits for too."""
        closing = self._close, self._force_close
        if self._request_in_progress:
            self._close = self._force_close = False
        try:
            super().data_received(data)
        finally:
            self._close, self._force_close = self._close or closing[0], self._force_close or closing[1]

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        response = refusal(_fault(exc) if status < 500 else Unexpected())
        response.force_close()
        if status >= 500:
            log.error("http.unexpected", exc_info=exc)
        return response


def _fault(exc: BaseException | None) -> Problem:
    """A credential that is too long to be any is refused like every other that is no good."""
    line = exc.args[0] if isinstance(exc, LineTooLong) else None
    if isinstance(line, bytes) and line.lower().startswith((b"bearer ", b"authorization: bearer ")):
        return Unauthenticated()
    return Malformed("that is not HTTP as RFC 9112 has it")


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **_CONNECTION)


class _Runner(web.AppRunner):
    """aiohttp has no public place for a protocol of one's own, so this puts our server in the place of its own."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return _Server(server.request_handler, request_factory=server.request_factory, handler_cancellation=True)
