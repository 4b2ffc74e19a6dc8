"""Server-sent events that go on where they stopped. After each break it asks again with the last id that came, so that
nothing is missed and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from .client import Away, Client

SILENCE: Final = 45.0
"""Seconds. The gateway beats every 15, so a connection that is silent for longer is dead."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is "message", "messages.changed", "booking" or "resync", and may be one that is yet to come; `cursor`
    continues after it."""

    kind: str
    cursor: str
    message: dict[str, Any]
    """What it is about; empty for "resync"."""


async def follow(client: Client, cursor: str, first_pause: float = FIRST_PAUSE) -> AsyncIterator[Event]:
    """Everything after `cursor`, for ever. Raises Refused, when the token and a fresh one are no good."""
    pause = first_pause
    while True:
        wait = 0.0
        try:
            async with client.stream(cursor, SILENCE) as stream:
                async for event in _read(stream, cursor):
                    cursor, pause = event.cursor, first_pause
                    if event.kind:
                        yield event
        except Away as away:
            wait = away.wait or 0
        await asyncio.sleep(max(pause, wait))
        pause = min(2 * pause, LONGEST_PAUSE)


async def _read(stream: aiohttp.StreamReader, cursor: str) -> AsyncIterator[Event]:
    """Each event, and as one without a kind each id that came alone."""
    said: dict[str, str] = {}
    async for line in stream:
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        if name:
            said[name] = value.removeprefix(" ")
        elif line in {b"\n", b"\r\n"}:
            cursor = said.get("id", cursor)
            yield Event(said.get("event", ""), cursor, json.loads(said["data"]) if said.get("data") else {})
            said = {}
