"""Under which token a customer's request comes, and from which pages it may: the cookie of /chat, or a Bearer token, a
visitor's or one that the company signed for its app.

A browser sends the cookie by itself, so with it every request must come from our own pages. A Bearer token proves that
the page has it, so pages elsewhere may use one, if a web channel's `origins` name them; a program sends no Origin.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.channels.contract import Visitors
from gateway.errors import Unauthenticated
from gateway.http import app_principal
from gateway.http.deps import Deps
from gateway.http.principal import ask_for_our_page, hashed, is_encrypted, origin, set_cookie
from gateway.http.problems import Elsewhere
from gateway.settings import Settings
from gateway.store.visitors import LASTS, Token

_SHARED: Final = {"Vary": "Origin"}
_ANSWERED: Final = {"Access-Control-Expose-Headers": "Retry-After"}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
    "Access-Control-Max-Age": "7200",
}


def cookie_name(settings: Settings) -> str:
    return "__Host-teamline-visitor" if is_encrypted(settings) else "teamline_visitor"


def give_cookie(response: web.StreamResponse, settings: Settings, secret: str) -> None:
    set_cookie(response, settings, cookie_name(settings), secret, int(LASTS.total_seconds()))


def take_cookie(response: web.StreamResponse, settings: Settings) -> None:
    set_cookie(response, settings, cookie_name(settings), "", 0)


def cookie(request: web.Request, settings: Settings) -> str | None:
    """What /chat's cookie holds, if the request comes under it. Raises Elsewhere for one that another page made."""
    if "Authorization" in request.headers:
        return None
    secret = request.cookies.get(cookie_name(settings))
    if secret is None:
        return None
    ask_for_our_page(request, settings)
    return secret


async def token(request: web.Request, deps: Deps) -> Token:
    """Raises Unauthenticated where there is none, Elsewhere (403) for a page that may not use it, Unavailable."""
    found = await maybe_token(request, deps)
    if found is None:
        raise Unauthenticated
    return found


async def maybe_token(request: web.Request, deps: Deps) -> Token | None:
    """The same, and None where there is none."""
    channels = frozenset(visited(deps, request))
    barred = frozenset(visited(deps)) - channels
    secret = cookie(request, deps.settings())
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        if app_principal.is_signed(secret.strip()):
            return await app_principal.token(secret.strip(), deps)
    return None if secret is None else Token(hashed(secret.strip()), channels, barred)


def visited(deps: Deps, request: web.Request | None = None) -> dict[str, Visitors]:
    """The web channels that are live, those that the page behind this request may use. Raises Elsewhere for a page that
    may use none of them."""
    found: dict[str, Visitors] = {}
    for name in deps.channels:
        if (adapter := deps.channels.get(name)) and (taken := adapter.visitors):
            found[name] = taken
    page = None if request is None else _page(request, deps.settings())
    if page is None:
        return found
    allowed = {name: one for name, one in found.items() if page in one.origins}
    if not allowed:
        raise Elsewhere("pages of this origin may not call this")
    return allowed


def _page(request: web.Request, settings: Settings) -> str | None:
    """The origin of the page elsewhere that asks; None for our own pages and for programs."""
    said = request.headers.get("Origin")
    if said is None:
        return None
    asked = origin(said)
    return None if asked == origin(settings.public_url) else asked


def sharing(request: web.Request, deps: Deps) -> dict[str, str]:
    """The headers by which a browser lets the page that asked read the answer (WHATWG Fetch, "HTTP-CORS protocol").
    Never with credentials: cookies are for our own pages."""
    said = request.headers.get("Origin")
    if said is None:
        return _SHARED
    try:
        visited(deps, request)
    except Elsewhere:
        return _SHARED
    return _SHARED | _ANSWERED | {"Access-Control-Allow-Origin": said}


def preflight(request: web.Request, deps: Deps) -> web.Response:
    """The answer to a browser that asks whether a page may call. Raises Elsewhere."""
    visited(deps, request)
    return web.Response(status=204, headers=sharing(request, deps) | _PREFLIGHT)
