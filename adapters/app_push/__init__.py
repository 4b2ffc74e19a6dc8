"""Customers in a company's app. The entry point in pyproject.toml names `adapter`, and the registry calls `create`."""

from __future__ import annotations

from typing import Final

from adapters.app_push.adapter import AppPush
from adapters.app_push.config import AppPushConfig
from adapters.app_push.sender import Sender
from adapters.app_push.tokens import Tokens
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, Context
from gateway.errors import Misuse


class AppPushType:
    """What the registry makes channels from."""

    config: type[ChannelConfig] = AppPushConfig

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        if not isinstance(config, AppPushConfig):
            raise Misuse("the registry hands an adapter its own kind of config")
        return AppPush(config, Tokens(config, context.http), Sender(config, context.http))


adapter: Final = AppPushType()
