"""The contract between Teamline and a channel. An adapter takes values and returns values: no store, no server.

An adapter package exposes one `AdapterType` through the entry-point group `teamline.adapters`. From a channel's config
file (`config/adapters/<channel>.toml`) the registry makes one `Adapter`. Everything that knows a provider (its
signatures, fields, codes, limits) lives in the adapter; nothing in an adapter can write a sentence to a customer,
since all it is ever given is an `Outbound` whose body a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

import aiohttp

from gateway.channels.config import ChannelConfig, Destination
from gateway.domain.address import Address
from gateway.domain.delivery import Reported
from gateway.domain.message import Media


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do; the console shows it, and the gateway refuses a reply that does not fit."""

    max_body: int = 1_600
    """Characters of one outbound body."""
    reports: bool = False
    """Whether delivery reports come after a send."""
    lookup: bool = False
    """Whether `look_up` can find a message whose fate is not known."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from a customer, as the provider vouched for it."""

    provider_id: str
    """The provider's own id of this message, covered by its signature: the key of deduplication."""
    sender: Address
    endpoint: str
    """Our address that it was sent to: an E.164 number, or "" where a channel has only one door."""
    body: str
    media: tuple[Media, ...] = ()
    at: datetime | None = None
    """When the provider says it was written; None means now."""
    sender_name: str | None = None
    """A name the provider vouches for (a WhatsApp profile, say), or None."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a provider says became of an outbound message.

    `reference` is what `Outbound.reference` was when the message was sent, if the provider's callback carries it back:
    it finds the message even before the send call has answered.
    """

    state: Reported
    provider_id: str
    reference: str | None = None
    code: str | None = None
    detail: str | None = None
    """In words an agent can read, without the customer's number or text."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message for a provider to send. The body was written by a person; an adapter passes it on as it is."""

    reference: str
    """Opaque, URL-safe, at most 64 characters: put it into the callback URL so that reports find their way home."""
    to: Address
    endpoint: str
    """Our address that it is sent from; "" where a channel has only one door."""
    body: str
    first_tried: datetime
    """When the first attempt began; bounds a look-up."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """The provider took the message."""

    provider_id: str


Verdict = Literal["permanent", "transient", "ambiguous", "configuration"]


class SendError(Exception):
    """A send that did not succeed, with the decision.

    permanent      it will never go through as it is: `failed`, a person decides
    transient      the provider said no for now, and surely did not send it: tried again
    ambiguous      it may have been sent: looked up, never resent blindly
    configuration  our own set-up is wrong (a wrong token, an unknown number): `failed`, and shown to admins
    """

    def __init__(
        self, verdict: Verdict, detail: str, *, code: str | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(detail)
        self.verdict: Verdict = verdict
        self.detail = detail
        """In words an agent can read, without the customer's number or text."""
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request to `/hooks/{channel}/{step}`, whatever proxy it came through."""

    method: str
    step: str
    """"messages", "status", or a longer path an adapter defines."""
    url: str
    """The public URL of this request (from `public_url`, never from Host), with its query string exactly as sent."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes
    """At most 64 KiB."""
    loopback: bool = False
    """Whether the request came straight from this machine."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider gets back once everything in the `Webhook` is committed."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Webhook:
    """What a webhook request means."""

    inbound: tuple[Inbound, ...] = ()
    reports: tuple[DeliveryReport, ...] = ()
    reply: Reply = field(default_factory=Reply)


class WebhookRefused(Exception):
    """A webhook request that is not to be believed (403), not understood (400, 415), or for nobody here (404, 405).

    `reason` is logged and answered: it never repeats what the request contained.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Context:
    """What the gateway lends an adapter."""

    channel: str
    """The channel's name: the stem of its config file."""
    public_url: str
    """Scheme, host and optional path prefix, without a trailing slash."""
    http: aiohttp.ClientSession
    """The shared client session; an adapter bounds its own requests in time."""

    def hook_url(self, step: str) -> str:
        return f"{self.public_url}/hooks/{self.channel}/{step}"


class Adapter(Protocol):
    """One configured channel, alive."""

    capabilities: Capabilities
    concurrency: int
    """How many sends may be under way at once."""

    def destination(self, endpoint: str) -> Destination | None:
        """Which team a new customer who wrote to `endpoint` belongs to; None when the endpoint is not ours."""

    async def webhook(self, request: WebhookRequest) -> Webhook:
        """Believe or refuse a request. Raises WebhookRefused."""

    async def send(self, outbound: Outbound) -> SendResult:
        """Hand one message to the provider, once. Raises SendError; ends within `SEND_TIMEOUT` seconds.

        Whatever else it raises, cancellation included, counts as ambiguous.
        """

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        """Messages at the provider that may be this one. An empty answer proves nothing. Raises SendError."""

    async def close(self) -> None:
        """Let go of what `create` opened; called once, when no call is under way."""


SEND_TIMEOUT = 20.0
"""Seconds. The lease of a send is three times as long, so that a send always ends before its lease does."""


class AdapterType(Protocol):
    """What the entry point names."""

    config: type[ChannelConfig]

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        """Make the channel. Opens nothing that can fail later than here."""
