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
from adapters.twilio_sms.pace import Memory
from gateway.channels.contract import (
    Context,
    DeliveryReport,
    Inbound,
    Opt,
    Outbound,
    OutboundFile,
    SendResult,
    WebhookRequest,
)
from gateway.channels.testing import Provider
from gateway.domain.address import Address
from gateway.domain.message import Media
from tests.standins.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.standins.twilio_api import Fault
from tests.standins.twilio_forms import status_form

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


def outbound(
    body: str = "on my way",
    *,
    to: Address | None = None,
    endpoint: str = OURS,
    n: int = 0,
    files: tuple[OutboundFile, ...] = (),
) -> Outbound:
    return Outbound(f"ref-{n}", to or Address("sms", THEIRS), endpoint, body, datetime.now(UTC), files)


@asynccontextmanager
async def channel(
    twilio: TwilioStandIn,
    *,
    patience: float = 10.0,
    public: str = PUBLIC,
    memory: Memory | None = None,
    **keys: Any,
) -> AsyncIterator[TwilioSms]:
    """The adapter on a session of its own, sending to the stand-in."""
    async with aiohttp.ClientSession() as http:
        told = config(**{"api_base_url": twilio.url, **keys})
        adapter = TwilioSms(told, Context("sms", public, http), memory, timeout=patience)
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
        stops = body == "STOP"
        meant = Inbound(form["MessageSid"], self.customer, OURS, body, opt="out" if stops else None, answered=stops)
        return request(self.twilio, form), meant

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
        callback = request(self.twilio, status_form(message, "delivered"), "status", query=f"?ref={reference}")
        assert message.status_callback == callback.url
        return callback, DeliveryReport("delivered", sent.provider_id, reference)

    def given(self) -> list[str]:
        return [url for message in self.twilio.accepted for url in message.media_urls]

    def media(self) -> tuple[Media, bytes]:
        content = bytes(range(256)) * 40
        form = self.twilio.text_form(THEIRS, OURS, "look", media=[(content, "image/png")])
        return Media(form["MediaUrl0"], "image/png"), content

    def opted(self) -> Mapping[Opt, WebhookRequest]:
        words: dict[Opt, str] = {"out": "Stop", "in": "START", "help": "help"}
        return {opt: request(self.twilio, self.twilio.text_form(THEIRS, OURS, word)) for opt, word in words.items()}

    def missed(self, body: str) -> Inbound:
        message = self.twilio.keep(THEIRS, OURS, body)
        at = datetime.fromisoformat(message.created).replace(microsecond=0)
        return Inbound(message.sid, self.customer, OURS, body, at=at, late=True)

    def faults(self) -> Mapping[str, Callable[[], None]]:
        names: tuple[Fault, ...] = ("429", "500", "401", "21610", "nonsense", "hang", "reset", "500 after", "failed")
        return {name: partial(self.twilio.fail_next, name) for name in names}


@asynccontextmanager
async def played() -> AsyncIterator[PlayedTwilio]:
    async with TwilioStandIn() as twilio, channel(twilio, patience=0.3) as adapter:
        yield PlayedTwilio(adapter, twilio)
