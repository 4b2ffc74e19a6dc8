"""Under which credential a request comes: a session's cookie or a personal token. This file reads and hashes it.

Whether it is any good is decided inside the action, in the same transaction as what it is for. What a browser sends
by itself proves nothing about which page asked: so with a cookie, whatever changes something must say that it comes
from our own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway.errors import Unauthenticated
from gateway.http.problems import Elsewhere
from gateway.settings import Settings
from gateway.store.credentials import SESSION_DAYS, secret_hash

_SAFE: Final = frozenset({"GET", "HEAD"})
_LONGEST: Final = 512
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def credential(request: web.Request, settings: Settings) -> bytes:
    """The hash of the request's token or session. Raises Unauthenticated where there is none, Elsewhere (403)."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        return hashed(token.strip())
    session = request.cookies.get(cookie_name(settings), "")
    secret = hashed(session)
    if request.method not in _SAFE:
        ask_for_our_page(request, settings)
    return secret


def hashed(secret: str) -> bytes:
    """What is looked up of a token or session. Raises Unauthenticated for what can be none."""
    if not 0 < len(secret) <= _LONGEST:
        raise Unauthenticated
    return secret_hash(secret)


def refuse_other_sites(request: web.Request, settings: Settings) -> None:
    """Raises Elsewhere for a browser's request that another site's page made (W3C Fetch Metadata, RFC 6454)."""
    ours = origin(settings.public_url)
    asked = request.headers.get("Origin")
    if asked is not None and origin(asked) != ours:
        raise Elsewhere(f"this can be done from {ours} only")
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        raise Elsewhere(f"this can be done from {ours} only")


def ask_for_our_page(request: web.Request, settings: Settings) -> None:
    """The same for a request that a cookie vouches for; one that changes something must say where it comes from, as
    every browser does (WHATWG Fetch, "Origin header")."""
    refuse_other_sites(request, settings)
    if request.method not in _SAFE and not {"Origin", "Sec-Fetch-Site"} & request.headers.keys():
        raise Elsewhere("with a cookie, Origin must say that the request comes from our own page; or use a token")


def origin(url: str) -> str:
    """Scheme, host and port of a URL, without a port that goes without saying; "null" for what is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "null"
    if not parts.scheme or not parts.hostname:
        return "null"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{port}")


def is_encrypted(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds a cookie to this very host, which browsers allow over https only (RFC 6265bis, 4.1.3.2)."""
    return "__Host-teamline" if is_encrypted(settings) else "teamline_session"


def give_session(response: web.Response, settings: Settings, secret: str) -> None:
    set_cookie(response, settings, cookie_name(settings), secret, int(timedelta(days=SESSION_DAYS).total_seconds()))


def take_session(response: web.Response, settings: Settings) -> None:
    set_cookie(response, settings, cookie_name(settings), "", 0)


def set_cookie(response: web.StreamResponse, settings: Settings, name: str, value: str, seconds: int) -> None:
    """A cookie for this host's own pages, which no script can read."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=is_encrypted(settings),
    )
