"""A push, to whichever platform the device is on: one try, bounded in time, in size and in how many go at once.

What came of it is a verdict by the platform's own rules (see `fcm`, `apns`, `webpush`); whether and when it is tried
again, and what becomes of a device that is gone, is the gateway's.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any, Final, Protocol

import aiohttp

from adapters.app_push.apns import Apns
from adapters.app_push.config import AppPushConfig
from adapters.app_push.fcm import Fcm
from adapters.app_push.hosts import PushHosts
from adapters.app_push.webpush import WebPush
from gateway.channels.contract import SEND_TIMEOUT
from gateway.channels.push import Notice, PushError
from gateway.domain.device import Device, Platform
from gateway.errors import Invalid

PATIENCE: Final = SEND_TIMEOUT - 2
"""Seconds for one push, the wait for its turn included."""
AT_ONCE: Final = 32
"""Customers' pushes under way to one platform, or to one push service of browsers, and as many of agents: a slow one
holds up no other."""
TURN: Final = 1.0
"""Seconds that a push waits for its turn. Longer than that nothing has moved, and whoever waits takes the place of a
push to somebody else: it is tried again later."""
LATER: Final = timedelta(seconds=5)
TITLE_BYTES: Final = 240
BODY_BYTES: Final = 1_800
"""Of JSON in UTF-8. With ids and names around them they stay within every platform's limit."""
_MOST_BYTES: Final = 8
"""Of one character, with a share of the quotes: a control character is written as six."""


class Service(Protocol):
    """One platform."""

    @property
    def name(self) -> str:
        """As a sentence begins with it."""

    def device(self, fields: Mapping[str, Any]) -> Device:
        """A registration that was looked at. Raises Invalid."""

    def lane(self, device: Device) -> str:
        """What the device's push has to share its places with. Raises PushError."""

    async def push(self, device: Device, notice: Notice) -> None:
        """One try. Raises PushError."""

    async def close(self) -> None:
        """Let go of connections."""


class Lane:
    """The places at one platform."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._moved = monotonic()
        """When a push last ended, or found a place."""

    async def entered(self, turn: float) -> bool:
        """Whether there was a place before nothing had moved for `turn` seconds."""
        try:
            async with asyncio.timeout(max(0.0, self._moved + turn - monotonic()) if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError:
            return False
        self._moved = monotonic()
        return True

    def left(self) -> None:
        self._moved = monotonic()
        self._places.release()


class Sender:
    """The platforms that one channel's file sets up."""

    def __init__(self, config: AppPushConfig, http: aiohttp.ClientSession, patience: float = PATIENCE) -> None:
        self._turn = min(TURN, patience / 4)
        self._patience = patience - self._turn
        self._services: dict[Platform, Service] = {}
        self._lanes: defaultdict[tuple[str, bool], Lane] = defaultdict(Lane)
        self.push_key: str | None = None
        """The key that a page subscribes with; None where there is no Web Push."""
        if config.fcm is not None:
            self._services["fcm"] = Fcm(config.fcm, http)
        if config.apns is not None:
            self._services["apns"] = Apns(config.apns)
        if config.webpush is not None:
            browsers = WebPush(config.webpush, PushHosts(config.push_hosts))
            self._services["webpush"], self.push_key = browsers, browsers.public_key

    @property
    def platforms(self) -> frozenset[Platform]:
        return frozenset(self._services)

    def check_device(self, platform: Platform, fields: Mapping[str, Any]) -> Device:
        """What the app or the browser registers itself with (see each platform's `device`). Raises Invalid."""
        service = self._services.get(platform)
        if service is None:
            raise Invalid("this channel does not push to that platform")
        return service.device(fields)

    async def push(self, device: Device, notice: Notice) -> None:
        """Raises PushError; ends within `PATIENCE` seconds, whatever the platform does."""
        service = self._services.get(device.platform)
        if service is None:
            raise PushError("configuration", "This channel no longer pushes to that platform")
        lane = self._lanes[service.lane(device), notice.for_agent]
        if not await lane.entered(self._turn):
            raise PushError("again", f"{service.name} is slow", retry_after=LATER)
        try:
            async with asyncio.timeout(self._patience):
                await service.push(device, fitted(notice))
        except TimeoutError:
            raise PushError("again", f"{service.name} did not answer in time") from None
        finally:
            lane.left()

    async def close(self) -> None:
        for service in self._services.values():
            await service.close()


def fitted(notice: Notice) -> Notice:
    """With as much of a long text as every platform takes. The whole of it waits in the thread."""
    title, body = _cut(notice.title, TITLE_BYTES), _cut(notice.body, BODY_BYTES)
    return notice if (title, body) == (notice.title, notice.body) else replace(notice, title=title, body=body)


def _cut(text: str, most: int) -> str:
    if len(text) * _MOST_BYTES <= most or _size(text) <= most:
        return text
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _size(text[:middle] + "…") <= most else (low, middle)
    return text[:low].rstrip() + "…"


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())
