"""Customers on a web page. The entry point in pyproject.toml names `adapter`, and the registry calls `create`."""

from __future__ import annotations

from typing import Final

from adapters.web_chat.adapter import WebChat
from adapters.web_chat.config import WebChatConfig
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, Context
from gateway.errors import Misuse


class WebChatType:
    """What the registry makes channels from."""

    config: type[ChannelConfig] = WebChatConfig

    def create(self, config: ChannelConfig, _context: Context) -> Adapter:
        if not isinstance(config, WebChatConfig):
            raise Misuse("the registry hands an adapter its own kind of config")
        return WebChat(config)


adapter: Final = WebChatType()
