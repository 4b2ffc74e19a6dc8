"""Signing in and out. Attempts are counted before a password is looked at, by login, by address and by both."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final

import structlog
from aiohttp import web

from gateway.actions import sign_in as action
from gateway.domain import wire
from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.errors import Unauthenticated
from gateway.http import headers
from gateway.http.agent_api import BASE, team_names
from gateway.http.peer import client
from gateway.http.principal import give_session, take_session
from gateway.http.push_keys import with_push
from gateway.http.route import Call, Route, answer
from gateway.http.shapes import Nothing, Session, SignIn
from gateway.store.credentials import secret_hash

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def open_session(call: Call[SignIn, Nothing]) -> web.Response:
    """Who one is, with the session in a cookie. Says the same of a wrong login, a wrong password and a person who is
    disabled, and takes as long."""
    deps, settings = call.deps, call.deps.settings()
    login = call.body.login.strip().lower()
    address = client(call.request, settings.trusted_proxies)
    subjects = (
        (_subject("pair", f"{login} {address}"), action.MOST_BY_PAIR),
        (_subject("login", login), action.MOST_BY_LOGIN),
        (_subject("address", address), action.MOST_BY_ADDRESS),
    )
    person = await deps.store.write(action.begin_sign_in, login, subjects, call.now)
    password_hash: str | None = person["password_hash"] if person and person["disabled_at"] is None else None
    right = await deps.passwords.fits(password_hash, call.body.password)
    if not right or person is None or password_hash is None:
        log.warning("sign_in.refused", agent=person["id"] if person else None)
        raise Unauthenticated("the login or the password is wrong")
    secret = secrets.token_urlsafe(32)
    principal, teams = await deps.store.write(
        action.finish_sign_in,
        AgentId(person["id"]),
        password_hash,
        secret_hash(secret),
        action.Attempt(subjects[0][0], tuple(subject for subject, _ in subjects[1:]), call.now),
        deps.clock(),
    )
    log.info("sign_in.done", agent=principal.agent)
    me = wire.agent(principal, team_names(deps, [TeamId(team) for team in teams]))
    response = answer({"agent": with_push(me, deps)})
    give_session(response, settings, secret)
    return response


async def close_session(call: Call[Nothing, Nothing]) -> web.Response:
    await call.deps.store.write(action.sign_out, call.secret, call.now)
    response = web.Response(status=204, headers=headers.API)
    take_session(response, call.deps.settings())
    return response


def _subject(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "POST",
        f"{BASE}/session",
        open_session,
        "Sign in; the session is in a cookie",
        SignIn,
        Nothing,
        Session,
        problems=(403, 422, 429),
        is_open=True,
    ),
    Route("DELETE", f"{BASE}/session", close_session, "Sign out", Nothing, Nothing, None, status=204),
)
