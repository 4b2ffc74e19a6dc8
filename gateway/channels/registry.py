"""Channel name -> configured adapter, alive. An adapter is imported only when a config file names it.

Adapters are found through the entry-point group `teamline.adapters`, so one of a third party is a package of its own.
A channel that changes or goes is let go of only when no call on it is under way: nothing in flight is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import aiohttp

from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, AdapterType, Context
from gateway.channels.traffic import Traffic
from gateway.errors import ConfigError, Fault, NotFound

GROUP: Final = "teamline.adapters"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as its file describes it. Two are equal when nothing about them has changed."""

    name: str
    source: str
    """The file it was read from, for people."""
    type: AdapterType
    config: ChannelConfig


class AdapterError(Exception):
    """An installed adapter that cannot be loaded, and why."""


def installed() -> Mapping[str, EntryPoint]:
    """The adapters that are installed, by the name a config file calls them."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP))}


def load(entry: EntryPoint) -> AdapterType:
    """Import one adapter. Raises AdapterError."""
    try:
        kind: AdapterType = entry.load()
    except Exception as error:  # whatever a foreign module does on import
        said = " ".join(str(error).split())
        raise AdapterError(f"{type(error).__name__}: {said}") from error
    config = getattr(kind, "config", None)
    if not (isinstance(config, type) and issubclass(config, ChannelConfig) and callable(getattr(kind, "create", None))):
        raise AdapterError(f"{entry.value} has no `config` and `create` as the contract asks")
    return kind


class Channels:
    """The live channels. A call goes through `use`, which keeps the adapter open until it ends."""

    def __init__(self) -> None:
        self._live: dict[str, _Lease] = {}
        self._retired: set[_Lease] = set()
        self._public_url = ""
        self.traffic = Traffic()

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._live))

    def get(self, name: str) -> Adapter | None:
        """For facts that need no call: capabilities, concurrency, destinations. Do not keep it."""
        lease = self._live.get(name)
        return lease.adapter if lease else None

    def use(self, name: str) -> AbstractAsyncContextManager[Adapter]:
        """The adapter of a channel for one call. Raises NotFound."""
        lease = self._live.get(name)
        if lease is None:
            raise NotFound("there is no such channel")
        return lease

    async def apply(self, channels: Iterable[Channel], public_url: str, http: aiohttp.ClientSession) -> None:
        """Make these the channels: new and changed ones are created, unchanged ones kept, the others retired.

        All or nothing: raises ConfigError with a fault for each adapter that cannot be created, and changes nothing.
        """
        kept = self._live if public_url == self._public_url else {}
        live, made, faults = {}, [], []
        for channel in channels:
            lease = kept.get(channel.name)
            if lease is None or lease.channel != channel:
                try:
                    lease = _Lease(
                        channel, channel.type.create(channel.config, Context(channel.name, public_url, http))
                    )
                except Exception as error:  # noqa: BLE001  a foreign adapter may raise anything
                    faults.append(_refused(channel, error))
                    continue
                made.append(lease)
            live[channel.name] = lease
        if faults:
            await self._retire(made)
            raise ConfigError(tuple(faults))
        before, self._live, self._public_url = self._live, live, public_url
        await self._retire(lease for lease in before.values() if lease not in live.values())

    async def close(self) -> None:
        """Retire every channel, and return when the last call on each has ended."""
        before, self._live = self._live, {}
        await self._retire(before.values())
        await asyncio.gather(*(lease.closed.wait() for lease in self._retired))

    async def _retire(self, leases: Iterable[_Lease]) -> None:
        retiring = tuple(leases)
        self._retired = {lease for lease in (*self._retired, *retiring) if not lease.closed.is_set()}
        for lease in retiring:
            await lease.retire()


class _Lease(AbstractAsyncContextManager[Adapter]):
    """One live adapter and how many calls on it are under way; each call is entered and left."""

    def __init__(self, channel: Channel, adapter: Adapter) -> None:
        self.channel = channel
        self.adapter = adapter
        self.closed = asyncio.Event()
        self._calls = 0
        self._retired = False

    async def __aenter__(self) -> Adapter:
        self._calls += 1
        return self.adapter

    async def __aexit__(self, *_raised: object) -> None:
        self._calls -= 1
        if self._retired:
            await self._close_unused()

    async def retire(self) -> None:
        """Close the adapter once nobody uses it."""
        self._retired = True
        await self._close_unused()

    async def _close_unused(self) -> None:
        if self._calls or self.closed.is_set():
            return
        try:
            await self.adapter.close()
        finally:
            self.closed.set()


def _refused(channel: Channel, error: Exception) -> Fault:
    said = type(error).__name__
    return Fault(channel.source, 0, "adapter", f"cannot be started ({said})", "see the adapter's own documentation")
