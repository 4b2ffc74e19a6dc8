"""Refusals as RFC 9457 problem documents: every error leaves by this file, and looks alike.

`type` is a path of ours, `/problems/<slug>`, and leads to a short page that says what it means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from aiohttp import web

from gateway.errors import Forbidden, NotFound, Problem, Unauthenticated
from gateway.http.headers import API

CONTENT_TYPE: Final = "application/problem+json"


class WrongMethod(Problem):
    """That method does not exist here."""

    status, slug, title = 405, "wrong-method", "Method not allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"here the methods are {allowed}")
        self.allowed = allowed


class TooSlow(Problem):
    """The request's body did not arrive in time."""

    status, slug, title = 408, "too-slow", "Request time-out"


class WrongType(Problem):
    """The body is of a type that is not taken here."""

    status, slug, title = 415, "wrong-type", "Unsupported media type"


class Unmet(Problem):
    """Only 100-continue can be expected here."""

    status, slug, title = 417, "unmet", "Expectation failed"


class Unexpected(Problem):
    """Something went wrong on our side; it was logged. Nothing that was acknowledged is lost."""

    status, slug, title = 500, "unexpected", "Unexpected error"


class Elsewhere(Forbidden):
    """The request comes from a page that is not ours."""

    slug, title = "cross-site", "Request from another site"


class WebhookRefusal(Problem):
    """The webhook is not to be believed, not understood, or for nobody here; the detail says which."""

    status, slug, title = 403, "webhook-refused", "Webhook refused"

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def refusal(problem: Problem) -> web.Response:
    """The answer that a problem is."""
    response = document(problem.status, problem.slug, problem.title, problem.detail, problem.facts)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="teamline"'
    if problem.status == 405:
        response.headers["Allow"] = problem.allowed if isinstance(problem, WrongMethod) else "POST"
    if isinstance(problem, TooSlow):
        response.force_close()
    return response


def document(
    status: int, slug: str, title: str, detail: str, facts: Mapping[str, object] | None = None
) -> web.Response:
    shape = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail, **(facts or {})}
    return web.Response(status=status, body=json.dumps(shape).encode(), headers=API | {"Content-Type": CONTENT_TYPE})


def kinds(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every kind of problem there is."""
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


async def explain(request: web.Request) -> web.Response:
    """The page that a problem's `type` leads to."""
    for kind in kinds():
        if kind.slug == request.match_info["slug"]:
            said = f"{kind.title} ({kind.status})\n\n{(kind.__doc__ or '').strip()}\n"
            return web.Response(body=said.encode(), headers=API | {"Content-Type": "text/plain; charset=utf-8"})
    raise NotFound
