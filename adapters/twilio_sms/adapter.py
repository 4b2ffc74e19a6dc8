"""One Twilio account's channel: believes signed webhooks, hands replies to Twilio, looks for lost ones in its list.

It composes nothing: the answer to a webhook is an empty TwiML document, and a body goes out as it came in.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

from adapters.twilio_sms import address, forms, signature
from adapters.twilio_sms.config import TwilioConfig
from adapters.twilio_sms.pace import Pace
from gateway.channels.config import BY_REGION, Destination
from gateway.channels.contract import (
    Adapter,
    Capabilities,
    Context,
    Outbound,
    Reply,
    SendError,
    SendResult,
    Webhook,
    WebhookRefused,
    WebhookRequest,
)

TIMEOUT: Final = 10.0
"""Seconds for Twilio to answer; with the seven that a number's pace may take, within SEND_TIMEOUT."""
SKEW: Final = timedelta(minutes=1)
"""How far Twilio's clock may be behind ours."""

_TAKEN = Reply(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
_FORM: Final = "application/x-www-form-urlencoded"
_UNDELIVERED: Final = ("failed", "undelivered", "canceled")


class TwilioSms(Adapter):
    """An Adapter (see the contract)."""

    capabilities = Capabilities(max_body=1_600, reports=True, lookup=True)
    concurrency = 8

    def __init__(self, config: TwilioConfig, context: Context, timeout: float = TIMEOUT) -> None:
        self._config = config
        self._context = context
        self._timeout = timeout
        self._tokens = config.tokens()
        self._pool: set[str] = set()  # numbers that our Messaging Service has vouched for
        self._pace = Pace(time.monotonic)
        self._api: Any = None
        self._loading = asyncio.Lock()

    def destination(self, endpoint: str) -> Destination | None:
        if listed := self._config.destination(endpoint):
            return listed
        return Destination(team=BY_REGION) if endpoint in self._pool else None

    async def webhook(self, request: WebhookRequest) -> Webhook:
        if request.step not in ("messages", "status"):
            raise WebhookRefused(404, "Twilio has no such webhook")
        known = self._believed(request)
        if request.step == "status":
            report = forms.report(known, request.query)
            return Webhook(reports=(report,) if report else ())
        inbound = forms.inbound(known)
        if (
            self._config.messaging_service_sid
            and known.get("MessagingServiceSid") == self._config.messaging_service_sid
        ):
            self._pool.add(inbound.endpoint)
        return Webhook(inbound=(inbound,), reply=_TAKEN)

    def _believed(self, request: WebhookRequest) -> dict[str, str]:
        if request.method != "POST":
            raise WebhookRefused(405, "Twilio's webhooks are set to POST")
        signed = request.headers.get("X-Twilio-Signature")
        if not signed:
            raise WebhookRefused(403, "the signature is missing")
        if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _FORM:
            raise WebhookRefused(415, "the body is not a form")
        form = forms.pairs(request.body)
        if not signature.is_valid(self._tokens, request.url, form, signed):
            raise WebhookRefused(403, "the signature does not fit")
        return forms.fields(form, self._config.account_sid)

    async def send(self, outbound: Outbound) -> SendResult:
        ends = self._ends(outbound)
        api = await self._sdk()
        await self._pace.turn(outbound.endpoint, self._config.destination(outbound.endpoint))
        callback = f"{self._context.hook_url('status')}?ref={outbound.reference}"
        return SendResult(await api.create(**ends, body=outbound.body, status_callback=callback))

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
            and message.to == ends["to"]
            and message.direction == "outbound-api"
            and message.status not in _UNDELIVERED
            and (service is None or message.messaging_service_sid == service)
        )

    async def close(self) -> None:
        self._api = None

    def _ends(self, outbound: Outbound) -> dict[str, str]:
        """Twilio's names for whom it goes to and what it comes from."""
        to = address.recipient(outbound.to)
        if to is None:
            raise SendError("permanent", "Twilio does not lead to this kind of address")
        if self._config.destination(outbound.endpoint):
            return {"to": to, "from_": address.sender(outbound.endpoint, outbound.to)}
        if self._config.messaging_service_sid:
            return {"to": to, "messaging_service_sid": self._config.messaging_service_sid}
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
