"""The app's channel: customers come through the customer API with the company's own tokens, and are woken by a push.

To send is to leave the message where the app will find it, so `send` only takes it; what was delivered and read is
known from what the app has fetched. A push is a doorbell that the gateway rings apart from that, one device at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.app_push.config import AppPushConfig
from adapters.app_push.sender import AT_ONCE, Sender
from adapters.app_push.tokens import Tokens
from gateway.channels.config import Destination
from gateway.channels.contract import (
    Capabilities,
    Outbound,
    SendError,
    SendResult,
    Webhook,
    WebhookRefused,
    WebhookRequest,
)
from gateway.channels.push import App, Claims, Notice
from gateway.domain.device import Device, Platform
from gateway.domain.message import BODY_LIMIT

KIND: Final = "app"
"""The kind of an app customer's address."""
MOST_FILES: Final = 10
MOST_FILE_BYTES: Final = 25 * 1024 * 1024


class AppPush(App):
    """One configured app."""

    capabilities = Capabilities(max_body=BODY_LIMIT, max_files=MOST_FILES, max_file_bytes=MOST_FILE_BYTES)
    concurrency = 3 * AT_ONCE
    """More than may be pushed at once, so that a platform's places are taken while others are claimed and recorded."""

    def __init__(self, config: AppPushConfig, tokens: Tokens, sender: Sender) -> None:
        self._destination = Destination(team=config.team)
        self._tokens = tokens
        self._sender = sender
        self.platforms = sender.platforms
        self.shows_text = config.notice == "text"
        """Whether a push carries the person's own words, in place of the fixed notice."""

    def destination(self, endpoint: str) -> Destination | None:
        return self._destination if not endpoint else None

    async def identify(self, token: str) -> Claims:
        """Who a token speaks for. Raises Unauthenticated; Unavailable while its keys cannot be had."""
        return await self._tokens.identify(token)

    def push_key(self) -> str | None:
        """What a browser subscribes with: the VAPID public key in base64url (RFC 8292, 3.2); None without Web Push."""
        return self._sender.push_key

    def device(self, platform: Platform, fields: Mapping[str, Any]) -> Device:
        """A registration, checked. Raises Invalid, also for a platform that the file does not set up."""
        return self._sender.check_device(platform, fields)

    async def push(self, device: Device, notice: Notice) -> None:
        """Ring one device, once. Raises PushError."""
        await self._sender.push(device, notice)

    async def webhook(self, request: WebhookRequest) -> Webhook:
        raise WebhookRefused(404, "this channel has no webhooks")

    async def send(self, outbound: Outbound) -> SendResult:
        if outbound.to.kind != KIND:
            raise SendError("permanent", "This channel leads to customers of the app only")
        return SendResult(outbound.reference)

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        return ()

    async def close(self) -> None:
        try:
            await self._sender.close()
        finally:
            await self._tokens.close()
