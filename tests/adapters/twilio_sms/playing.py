"""A Twilio channel beside its stand-in, and webhook requests as the gateway would hand them on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from multidict import CIMultiDict
from pydantic import SecretStr

from adapters.twilio_sms.adapter import TwilioSms
from adapters.twilio_sms.config import TwilioConfig
from gateway.channels.contract import Context, DeliveryReport, Inbound, Outbound, SendResult, WebhookRequest
from gateway.channels.testing import Provider
from gateway.domain.address import Address
from tests.standins.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.standins.twilio_api import Fault

PUBLIC = "https://care.example.com/teamline"
OURS = "+13035550100"
THEIRS = "+17205550111"
SERVICE = "MG" + "2" * 32


def config(**keys: Any) -> TwilioConfig:
    told = {"adapter": "twilio_sms", "account_sid": ACCOUNT, "auth_token": SecretStr(TOKEN), "numbers": {OURS: "team"}}
    return TwilioConfig.model_validate(told | keys)


def request(
    twilio: TwilioStandIn,
    form: Mapping[str, str],
    step: str = "messages",
    *,
    query: str = "",
    public: str = PUBLIC,
    signed_url: str | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> WebhookRequest:
    """A request signed by the stand-in over `form`; `body`, `headers` and `signed_url` say what differs from it."""
    url = f"{public}/hooks/sms/{step}{query}"
    signature = twilio.sign(signed_url or url, dict(form))
    told = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": signature}
    return WebhookRequest(
        method="POST",
        step=step,
        url=url,
        query=dict(parse_qsl(urlsplit(url).query)),
        headers=CIMultiDict(told if headers is None else headers),
        body=urlencode(form).encode() if body is None else body,
    )


def outbound(body: str = "on my way", *, to: Address | None = None, endpoint: str = OURS, n: int = 0) -> Outbound:
    return Outbound(f"ref-{n}", to or Address("sms", THEIRS), endpoint, body, datetime.now(UTC))


@asynccontextmanager
async def channel(
    twilio: TwilioStandIn, *, patience: float = 10.0, public: str = PUBLIC, **keys: Any
) -> AsyncIterator[TwilioSms]:
    """The adapter on a session of its own, sending to the stand-in."""
    async with aiohttp.ClientSession() as http:
        told = config(**{"api_base_url": twilio.url, **keys})
        adapter = TwilioSms(told, Context("sms", public, http), timeout=patience)
        yield adapter
        await adapter.close()


class PlayedTwilio(Provider):
    """Twilio, for the contract's checks."""

    endpoint = OURS
    customer = Address("sms", THEIRS)

    def __init__(self, adapter: TwilioSms, twilio: TwilioStandIn) -> None:
        self.adapter = adapter
        self.twilio = twilio

    def text(self, body: str) -> tuple[WebhookRequest, Inbound]:
        form = self.twilio.text_form(THEIRS, OURS, body)
        return request(self.twilio, form), Inbound(form["MessageSid"], self.customer, OURS, body)

    def tampered(self, body: str) -> Mapping[str, WebhookRequest]:
        form = self.twilio.text_form(THEIRS, OURS, body)
        good = request(self.twilio, form)
        unsigned = {"Content-Type": good.headers["Content-Type"]}
        return {
            "unsigned": request(self.twilio, form, headers=unsigned),
            "forged": request(self.twilio, form, headers={**unsigned, "X-Twilio-Signature": "c2lnbmVkIQ=="}),
            "another text": request(self.twilio, form, body=urlencode(form | {"Body": body + "1"}).encode()),
            "a field more": request(self.twilio, form, body=good.body + b"&Tip=1"),
            "another webhook": request(self.twilio, form, "messages", signed_url=f"{PUBLIC}/hooks/sms/status"),
            "another account": request(self.twilio, form | {"AccountSid": "AC" + "9" * 32}),
            "no SID": request(self.twilio, form | {"MessageSid": "SM1234567"}),
            "no sender": request(self.twilio, form | {"From": "+0005550199"}),
            "no body": request(self.twilio, {name: value for name, value in form.items() if name != "Body"}),
            "NUL": request(self.twilio, form | {"Body": body + "\x00"}),
            "too long": request(self.twilio, form | {"Body": body * 1_000}),
            "JSON": request(self.twilio, form, headers={**good.headers, "Content-Type": "application/json"}),
        }

    def taken(self) -> list[str]:
        return [message.body for message in self.twilio.accepted]

    def report(self, sent: SendResult, reference: str) -> tuple[WebhookRequest, DeliveryReport]:
        message = next(message for message in self.twilio.accepted if message.sid == sent.provider_id)
        callback = request(
            self.twilio, self.twilio.report_form(message, "delivered"), "status", query=f"?ref={reference}"
        )
        assert message.status_callback == callback.url
        return callback, DeliveryReport("delivered", sent.provider_id, reference)

    def faults(self) -> Mapping[str, Callable[[], None]]:
        names: tuple[Fault, ...] = ("429", "500", "401", "21610", "nonsense", "hang", "reset", "500 after", "failed")
        return {name: partial(self.twilio.fail_next, name) for name in names}


@asynccontextmanager
async def played() -> AsyncIterator[PlayedTwilio]:
    async with TwilioStandIn() as twilio, channel(twilio, patience=0.3) as adapter:
        yield PlayedTwilio(adapter, twilio)
