"""What the platforms' answers have in common: how long to wait, how much to read, and what no answer means.

Which answer means what is each platform's own, in a table of its own file. Nothing here repeats a device's address.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from gateway.channels.push import PushError, PushVerdict

Meaning = tuple[PushVerdict, str]
"""A verdict, and why, in words an agent can read."""

MOST_WAIT: Final = timedelta(days=1)
MOST_BYTES: Final = 64 * 1024
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def unreachable(platform: str) -> PushError:
    """No connection, or one that broke. A push that was taken all the same is replaced by the next of its thread."""
    return PushError("again", f"{platform} cannot be reached")


def wait(retry_after: str | None) -> timedelta | None:
    """A Retry-After header (RFC 9110, 10.2.3: seconds or a date), at most a day; None where there is none to obey."""
    if not retry_after or not retry_after.isascii():
        return None
    if retry_after.isdigit():
        return min(timedelta(seconds=int(retry_after[:9])), MOST_WAIT)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(timedelta(), min(until - datetime.now(UTC), MOST_WAIT))


async def read(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON object of an answer; {} where it is none, or too long to be one."""
    found = bytearray()
    async for chunk in answer.content.iter_chunked(4096):
        found += chunk
        if len(found) > MOST_BYTES:
            return {}
    return parsed(bytes(found))


def parsed(content: bytes) -> dict[str, Any]:
    """A JSON object; {} where it is none."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def code(found: object) -> str | None:
    """A code as platforms name them, in one word; None where what came is none."""
    return found if isinstance(found, str) and _CODE.fullmatch(found) else None
