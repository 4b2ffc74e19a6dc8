"""One Twilio account's channel: believes signed webhooks, hands replies to Twilio, looks for lost ones in its list.

Its media are fetched by `media.py`, what an outage has kept from us by `backlog.py`.

It composes nothing: the answer to a webhook is an empty TwiML document, and a body goes out as it came in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from adapters.twilio import errors, hooks
from adapters.twilio_sms import address, backlog, files, forms
from adapters.twilio_sms.config import TwilioConfig
from adapters.twilio_sms.media import Fetcher
from adapters.twilio_sms.pace import Memory
from adapters.twilio_sms.reach import Reach
from gateway.channels.config import BY_REGION, Destination
from gateway.channels.contract import (
    Adapter,
    Capabilities,
    Context,
    Inbound,
    Outbound,
    Reply,
    SendError,
    SendResult,
    Webhook,
    WebhookRefused,
    WebhookRequest,
)
from gateway.domain.address import Address
from gateway.domain.message import Media

TIMEOUT: Final = 10.0
"""Seconds for Twilio to answer; with the seven that a number's pace may take, within SEND_TIMEOUT."""
SKEW: Final = timedelta(minutes=1)
"""How far Twilio's clock may be behind ours."""

_TAKEN = Reply(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
_UNDELIVERED: Final = ("failed", "undelivered", "canceled")


class TwilioSms(Adapter):
    """An Adapter (see the contract)."""

    capabilities = Capabilities(
        max_body=1_600,
        reports=True,
        lookup=True,
        max_files=files.MOST,
        max_file_bytes=files.MOST_BYTES,
        file_types=files.TYPES,
        first=True,
        catches_up=True,
    )
    concurrency = 8

    def __init__(
        self, config: TwilioConfig, context: Context, memory: Memory | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._config = config
        self._context = context
        self._timeout = timeout
        self._tokens = config.tokens()
        self.memory = memory or Memory()
        """Pace and pool, which outlive this channel when its file changes."""
        self._api: Any = None
        self._fetcher: Fetcher | None = None
        self._loading = asyncio.Lock()

    def destination(self, endpoint: str) -> Destination | None:
        if listed := self._config.destination(endpoint):
            return listed
        return Destination(team=BY_REGION) if endpoint in self.memory.pool else None

    def endpoints(self) -> Sequence[str]:
        return self._config.endpoints()

    def address(self, text: str) -> Address | None:
        return address.typed(text)

    def sender(self, endpoint: str, to: Address) -> str | None:
        """On the customer's own service. WhatsApp takes a plain number's account there, if the file names no other."""
        if address.service(endpoint) == to.kind:
            return endpoint
        lent = to.kind == "whatsapp" and address.is_long_code(endpoint) and not self._config.has_whatsapp
        return address.WHATSAPP + endpoint if lent else None

    def error_page(self, code: str) -> str | None:
        return errors.page(code)

    async def webhook(self, request: WebhookRequest) -> Webhook:
        if request.step not in ("messages", "status"):
            raise WebhookRefused(404, "Twilio has no such webhook")
        known = hooks.believed(request, self._tokens, self._config.account_sid)
        if request.step == "status":
            report = forms.report(known, request.query)
            return Webhook(reports=(report,) if report else ())
        inbound = forms.inbound(known)
        self._vouched(known.get("MessagingServiceSid"), inbound.endpoint)
        return Webhook(inbound=(inbound,), reply=_TAKEN)

    async def send(self, outbound: Outbound) -> SendResult:
        ends = self._ends(outbound)
        content = files.content(outbound)
        api = await self._sdk()
        await self.memory.pace.turn(outbound.endpoint, self._config.destination(outbound.endpoint))
        callback = f"{self._context.hook_url('status')}?ref={outbound.reference}"
        return SendResult(await api.create(**ends, **content, status_callback=callback))

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        """What Twilio lists to this customer since the first attempt, with this very text, and has not given up on;
        oldest first."""
        ends = self._ends(outbound)
        service = ends.pop("messaging_service_sid", None)
        found = await (await self._sdk()).sent_since(outbound.first_tried - SKEW, **ends)
        return tuple(
            SendResult(str(message.sid))
            for message in reversed(found)
            if message.body == outbound.body
            and str(message.to).removeprefix(address.RCS) == ends["to"]
            and (str(message.num_media or 0) != "0") == bool(outbound.files)
            and message.direction == "outbound-api"
            and message.status not in _UNDELIVERED
            and (service is None or message.messaging_service_sid == service)
        )

    async def fetch(self, media: Media, most: int) -> bytes:
        if self._fetcher is None:
            self._fetcher = Fetcher(Reach(self._config.api_base_url), self._config.account_sid, self._tokens)
        return await self._fetcher.fetch(media, most)

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        numbers = () if self._config.messaging_service_sid else self._config.endpoints()
        return await backlog.missed(await self._sdk(), numbers, self._is_ours, since)

    async def close(self) -> None:
        self._api = None
        if self._fetcher is not None:
            await self._fetcher.close()

    def _is_ours(self, message: Any) -> bool:
        """Whether a listed message came to a number of this channel."""
        self._vouched(message.messaging_service_sid, str(message.to))
        return self.destination(str(message.to)) is not None

    def _vouched(self, service: str | None, endpoint: str) -> None:
        if service is not None and service == self._config.messaging_service_sid:
            self.memory.pool.add(endpoint)

    def _ends(self, outbound: Outbound) -> dict[str, str]:
        """Twilio's names for whom it goes to and what it comes from.

        A number of the Messaging Service that is not listed is named beside the service, so that a customer goes on
        hearing from the number they know. RCS leaves the sender to the service, which falls back to a text by itself.
        """
        to = address.recipient(outbound.to)
        if to is None:
            raise SendError("permanent", "Twilio does not lead to this kind of address")
        service = self._config.messaging_service_sid
        if service and (outbound.to.kind == "rcs" or outbound.endpoint.startswith(address.RCS)):
            return {"to": to, "messaging_service_sid": service}
        from_ = address.sender(outbound.endpoint, outbound.to)
        if self._config.destination(outbound.endpoint):
            return {"to": to, "from_": from_}
        if service:
            return {"to": to, "messaging_service_sid": service, "from_": from_}
        raise SendError("configuration", "The number that the customer wrote to is no longer in this channel's file")

    async def _sdk(self) -> Any:
        async with self._loading:
            if self._api is None:
                sdk = await asyncio.to_thread(import_module, "adapters.twilio_sms.sdk")
                self._api = sdk.Api(
                    self._context.http,
                    self._config.api_base_url,
                    self._config.account_sid,
                    self._tokens,
                    self._timeout,
                )
            return self._api
