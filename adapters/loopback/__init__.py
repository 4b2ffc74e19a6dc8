"""A channel without a provider. The entry point in pyproject.toml names `adapter`, and the registry calls `create`."""

from __future__ import annotations

from typing import Final

from adapters.loopback.adapter import Loopback
from adapters.loopback.config import LoopbackConfig
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, Context
from gateway.errors import Misuse


class LoopbackType:
    """What the registry makes channels from: the shape of the config file, and a way to make one channel of it."""

    config: type[ChannelConfig] = LoopbackConfig

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        if not isinstance(config, LoopbackConfig):
            raise Misuse("the registry hands an adapter its own kind of config")
        return Loopback(config, context)


adapter: Final = LoopbackType()
