"""A channel whose customers read and write through the customer API: there is no provider, and nothing comes by a hook.

To send is to leave the message where the customer will find it, so `send` only takes it. What was delivered and read is
known from what the customer's own page has fetched, and is never claimed here.
"""

from __future__ import annotations

from typing import Final

from adapters.web_chat.config import WebChatConfig
from gateway.channels.config import Destination
from gateway.channels.contract import (
    Adapter,
    Capabilities,
    Outbound,
    SendError,
    SendResult,
    Visitors,
    Webhook,
    WebhookRefused,
    WebhookRequest,
)
from gateway.domain.message import BODY_LIMIT

KIND: Final = "web"
"""The kind of a visitor's address."""
MOST_FILES: Final = 10
MOST_FILE_BYTES: Final = 25 * 1024 * 1024


class WebChat(Adapter):
    """One configured web channel."""

    capabilities = Capabilities(max_body=BODY_LIMIT, max_files=MOST_FILES, max_file_bytes=MOST_FILE_BYTES)
    concurrency = 32

    def __init__(self, config: WebChatConfig) -> None:
        self._destination = Destination(team=config.team)
        self._visitors = Visitors(config.team, frozenset(config.origins))

    @property
    def visitors(self) -> Visitors:
        return self._visitors

    def destination(self, endpoint: str) -> Destination | None:
        return self._destination if not endpoint else None

    async def webhook(self, request: WebhookRequest) -> Webhook:
        raise WebhookRefused(404, "this channel has no webhooks")

    async def send(self, outbound: Outbound) -> SendResult:
        if outbound.to.kind != KIND:
            raise SendError("permanent", "This channel leads to visitors of the web page only")
        return SendResult(outbound.reference)

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        return ()

    async def close(self) -> None:
        """Nothing is held open."""
