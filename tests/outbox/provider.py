"""A provider in the process: an adapter that does as it is told, and remembers what it was handed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, cast

import aiohttp

from adapters.loopback import adapter as loopback
from adapters.loopback.config import LoopbackConfig
from gateway.channels.config import ChannelConfig, Destination
from gateway.channels.contract import (
    Adapter,
    Capabilities,
    Context,
    Outbound,
    SendError,
    SendResult,
    Verdict,
    Webhook,
    WebhookRequest,
)
from gateway.channels.registry import Channel, Channels

PATIENCE: Final = 20.0
"""Seconds until a wait is a failure."""

Send = Callable[[Outbound], Awaitable[SendResult]]


class Provider:
    """An `Adapter`. `send` and `look_up` are what a test sets them to; by default everything is accepted."""

    def __init__(self, *, lookup: bool = False, concurrency: int = 4) -> None:
        self.capabilities = Capabilities(lookup=lookup)
        self.concurrency = concurrency
        self.handed: list[Outbound] = []
        self.asked: list[Outbound] = []
        self.under_way = 0
        self.most_under_way = 0
        self.closed = False
        self.on_send: Send = self.accept
        self.on_look_up: Callable[[Outbound], Awaitable[tuple[SendResult, ...]]] = self.find_nothing

    @property
    def bodies(self) -> list[str]:
        return [outbound.body for outbound in self.handed]

    async def accept(self, outbound: Outbound) -> SendResult:
        return SendResult(f"P{outbound.reference}")

    async def find_nothing(self, outbound: Outbound) -> tuple[SendResult, ...]:
        return ()

    def destination(self, endpoint: str) -> Destination | None:
        return Destination(team="front-range")

    async def webhook(self, request: WebhookRequest) -> Webhook:
        return Webhook()

    async def send(self, outbound: Outbound) -> SendResult:
        self.handed.append(outbound)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self.on_send(outbound)
        finally:
            self.under_way -= 1

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        self.asked.append(outbound)
        return await self.on_look_up(outbound)

    async def close(self) -> None:
        self.closed = True


class _Ready:
    """An `AdapterType` whose adapter is there already."""

    config = ChannelConfig

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        return self._adapter


async def configure(channels: Channels, adapters: Mapping[str, Adapter]) -> None:
    """Make these the live channels; one whose adapter is the same object stays as it is."""
    made = [Channel(name, name, _type_of(adapter), ChannelConfig(adapter=name)) for name, adapter in adapters.items()]
    await channels.apply(made, "http://127.0.0.1:8080", cast("aiohttp.ClientSession", None))


_types: dict[Adapter, Any] = {}


def _type_of(adapter: Adapter) -> Any:
    return _types.setdefault(adapter, _Ready(adapter))


def make_loopback(name: str) -> Adapter:
    """The real loopback adapter, with one number."""
    config = LoopbackConfig(adapter="loopback", numbers={"+13035550100": Destination(team="front-range")})
    context = Context(name, "http://127.0.0.1:8080", cast("aiohttp.ClientSession", None))
    return loopback.create(config, context)


async def until(true: Callable[[], Awaitable[bool] | bool]) -> None:
    """Look again and again until it is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            so = true()
            if so if isinstance(so, bool) else await so:
                return
            await asyncio.sleep(0.005)


def refuse(verdict: Verdict, code: str = "400", retry_after: timedelta | None = None) -> SendError:
    """What an adapter raises, in words for an agent."""
    return SendError(verdict, f"The provider said {code}.", code=code, retry_after=retry_after)
