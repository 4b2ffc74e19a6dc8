"""Bodies of requests: read once, bounded in size and time. aiohttp bounds neither the time nor each route's size."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from gateway.errors import Malformed, TooLarge
from gateway.http.problems import TooSlow, WrongType

HOOK_BYTES: Final = 64 * 1024
JSON_BYTES: Final = 256 * 1024


async def read_body(request: web.Request, most: int, seconds: float) -> bytes:
    """The whole body. Raises TooLarge, TooSlow, WrongType; a client that goes away ends the request by itself."""
    content = request.content
    if "Content-Encoding" in request.headers:
        raise WrongType("the body must not be compressed")
    if content.is_eof():  # the usual case: it came in one piece with the head, and nothing needs to wait
        body = content.read_nowait(-1)
    else:
        body = await _arriving(request, most, seconds)
    if len(body) > most:
        raise TooLarge(f"the body has more than {most:,} bytes")
    return body


async def _arriving(request: web.Request, most: int, seconds: float) -> bytes:
    """What comes until the end, the bound or the time-out."""
    if (request.content_length or 0) > most:
        raise TooLarge(f"the body has more than {most:,} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while len(body) <= most and (chunk := await request.content.readany()):
                body += chunk
    except TimeoutError:
        raise TooSlow from None
    except web.RequestPayloadError:
        raise Malformed("the body is not framed as HTTP asks") from None
    return bytes(body)


def parse_json(request: web.Request, body: bytes) -> Any:
    """The JSON value of a body that says it is JSON. Raises WrongType, Malformed."""
    if request.headers.get("Content-Type") != "application/json":
        _refuse_other_types(request)
    try:
        return _JSON.decode(body.decode())  # not orjson, which keeps the last of two keys, and says nothing of it
    except RecursionError:
        raise Malformed("the JSON is nested too deeply") from None
    except ValueError:  # also what is no UTF-8, and a number of thousands of digits
        raise Malformed("the body is not JSON in UTF-8") from None


def _refuse_other_types(request: web.Request) -> None:
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise WrongType("the body must be application/json in UTF-8")


def _no_constant(_name: str) -> None:
    raise ValueError  # NaN and Infinity are Python's own


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("the JSON has the same key twice")
    return found


_JSON: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
