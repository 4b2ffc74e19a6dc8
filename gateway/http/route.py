"""One line of the API's table, and how a request becomes a call: credential, id, query, body, key, each checked once.

The table is the truth for the router and for the OpenAPI document alike. A handler is given values and gives JSON.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar, cast

import orjson
from aiohttp import web
from multidict import CIMultiDict
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.errors import Invalid, NotFound
from gateway.http import headers
from gateway.http.bodies import JSON_BYTES, parse_json, read_body
from gateway.http.deps import Deps
from gateway.http.principal import credential, refuse_other_sites
from gateway.http.shapes import Nothing

B = TypeVar("B", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)
M = TypeVar("M", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NOTHING: Final = Nothing()
_JSON: Final = CIMultiDict(headers.API | {"Content-Type": "application/json"})
_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call(Generic[B, Q]):
    """A request that is well formed. Whether it may be done is the action's to say."""

    deps: Deps
    request: web.Request
    secret: bytes
    """The hash of the session or token; empty on a route that is open, and on a customer's."""
    id: int
    """From the path; 0 where it has none."""
    query: Q
    body: B
    key: str | None
    """Idempotency-Key."""
    fingerprint: bytes
    """What the key stands for: SHA-256 of method, path and body; empty on a customer's route, where the message that
    was stored says it."""
    now: int


@dataclass(frozen=True, slots=True)
class Route(Generic[B, Q]):
    """A method on a path. A handler's JSON is answered with `status`; one that makes its own response may."""

    method: str
    path: str
    handler: Callable[[Call[B, Q]], Awaitable[Mapping[str, Any] | web.StreamResponse]]
    summary: str
    body: type[B]
    query: type[Q]
    answer: type[BaseModel] | str | None
    """A model, a media type, or None for no content."""
    status: int = 200
    problems: tuple[int, ...] = ()
    """Beyond what every route may answer."""
    is_open: bool = False
    """Whether it needs no credential."""
    who: Literal["agent", "customer"] = "agent"
    """Whose path it is: a customer's handler asks `customer_principal` who they are; pages elsewhere may call it."""
    makes: bool = False
    """Whether it takes an Idempotency-Key."""
    uploads: bool = False
    """Whether its body is a form with a file, which the handler reads, and makes the key's fingerprint of."""

    @property
    def needs_body(self) -> bool:
        """Whether something in the body is required; without, an empty body stands for none of it."""
        return any(field.is_required() for field in self.body.model_fields.values())

    def bind(self, deps: Deps) -> Handler:
        needs_body, has_id = self.needs_body, "{id}" in self.path

        async def serve(request: web.Request) -> web.StreamResponse:
            done = await self.handler(await self._call(deps, request, has_id, needs_body))
            return done if isinstance(done, web.StreamResponse) else answer(deps.links.sign(done), self.status)

        return serve

    async def _call(self, deps: Deps, request: web.Request, has_id: bool, needs_body: bool) -> Call[B, Q]:
        settings = deps.settings()
        secret = b""
        if self.who == "agent" and not self.is_open:
            secret = credential(request, settings)
        elif self.who == "agent":
            refuse_other_sites(request, settings)
        found = path_id(request) if has_id else 0  # a stranger is not told what can be an id
        key = _key(request) if self.makes else None
        unread = self.uploads or request.method in {"GET", "HEAD"}
        raw = b"" if unread else await read_body(request, JSON_BYTES, deps.body_seconds)
        body = parse_json(request, raw) if needs_body or (raw and self.body is not Nothing) else {}
        return Call(
            deps,
            request,
            secret,
            found,
            _valid(self.query, {} if self.query is Nothing else dict(request.query)),
            _valid(self.body, body),
            key,
            fingerprint(request, raw) if key and self.who == "agent" else b"",
            deps.clock(),
        )


def answer(shape: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(shape), headers=_JSON.copy())


def path_id(request: web.Request) -> int:
    """The id in the path. Anything that cannot be one is not there, like one that nothing has."""
    text = request.match_info.get("id", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63):
        raise NotFound
    return int(text)


def fingerprint(request: web.Request, body: bytes) -> bytes:
    return hashlib.sha256(b"\n".join((request.method.encode(), request.path.encode(), body))).digest()


def _key(request: web.Request) -> str | None:
    keys = request.headers.getall("Idempotency-Key", ())
    if len(keys) > 1:
        raise Invalid("there is more than one Idempotency-Key")
    if keys and _KEY.fullmatch(keys[0]) is None:
        raise Invalid("an Idempotency-Key has 1 to 255 visible ASCII characters")
    return keys[0] if keys else None


def _valid(model: type[M], value: Any) -> M:
    if model is Nothing:
        return cast("M", _NOTHING)  # one for all: an idle stream keeps its call
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid(_told(error)) from None
    except RecursionError:
        raise Invalid("the content is nested too deeply") from None


def _told(error: ValidationError) -> str:
    """What is wrong and where, without what was sent: a password may be in it."""
    faults = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{_where(fault['loc'])}{_words(fault)}" for fault in faults[:5])


def _words(fault: ErrorDetails) -> str:
    """The validator's, but for lengths: it takes a text that was looked at for a list of items."""
    bounds = fault.get("ctx", {})
    if fault["type"] == "too_long" and bounds["field_type"] == "Value":
        return f"this has more than {bounds['max_length']} characters"
    if fault["type"] == "too_short" and bounds["field_type"] == "Value":
        least = bounds["min_length"]
        return "this is empty" if least == 1 else f"this has fewer than {least} characters"
    return fault["msg"]


def _where(loc: tuple[int | str, ...]) -> str:
    path = ".".join(str(part) for part in loc)[:80]
    return f"{path}: " if path else ""
