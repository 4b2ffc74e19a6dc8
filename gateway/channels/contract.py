"""The contract between Teamline and a channel. An adapter takes values and returns values: no store, no server.

An adapter package exposes one `AdapterType` through the entry-point group `teamline.adapters`. From a channel's config
file (`config/adapters/<channel>.toml`) the registry makes one `Adapter`. Everything that knows a provider (its
signatures, fields, codes, limits) lives in the adapter; nothing in an adapter can write a sentence to a customer,
since all it is ever given is an `Outbound` whose body a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    max_files: int = 0
    """Files that one outbound message may carry; 0: none."""
    max_file_bytes: int = 0
    """Bytes of all files of one outbound message."""
    file_types: frozenset[str] = frozenset()
    """Media types that may go out; empty: whatever the gateway stores."""
    first: bool = False
    """Whether a person may write to somebody who has not written yet (see `address`)."""
    catches_up: bool = False
    """Whether `missed` can list what came in while we were not there."""


Opt = Literal["out", "in", "help"]
"""What a customer's words mean to the carrier for this pair of addresses: write no more, write again, who are you."""


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
    opt: Opt | None = None
    answered: bool = False
    """Whether the provider has answered `opt` by itself, in words of its own. Recorded as theirs."""
    late: bool = False
    """Whether it came by `missed`: then `at` is when it was written."""


Verdict = Literal["permanent", "transient", "ambiguous", "configuration", "opted_out"]


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
    verdict: Verdict | None = None
    """Of a failure: "opted_out" closes the pair of addresses, "configuration" is shown to admins."""


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """A file of an outbound message. The provider fetches it from us; the URL is public, signed and lasts a day."""

    url: str
    content_type: str
    size: int
    """Bytes."""
    name: str


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
    files: tuple[OutboundFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SendResult:
    """The provider took the message."""

    provider_id: str


class SendError(Exception):
    """A send that did not succeed, with the decision.

    permanent      it will never go through as it is: `failed`, a person decides
    transient      the provider said no for now, and surely did not send it: tried again
    ambiguous      it may have been sent: looked up, never resent blindly
    configuration  our own set-up is wrong (a wrong token, an unknown number): `failed`, and shown to admins
    opted_out      this customer wants nothing from this address of ours: `failed`, and the pair is closed
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


class FetchError(Exception):
    """A provider's file that could not be fetched. `again`: whether it is worth another try."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        """In words an agent can read; it repeats neither the URL nor anything that was fetched."""
        self.again = again


@dataclass(frozen=True, slots=True)
class Visitors:
    """A channel whose customers read and write through our own customer API, as visitors of a web page."""

    team: str
    """A team's id, or "by-region"."""
    origins: frozenset[str] = frozenset()
    """Web pages elsewhere that may call the API, such as "https://www.example.com"; our own always may."""


class Adapter(Protocol):
    """One configured channel, alive. Inherit from it: what has a body here is optional."""

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

    @property
    def visitors(self) -> Visitors | None:
        """Set by a channel without webhooks, whose customers come through our own customer API."""
        return None

    def endpoints(self) -> Sequence[str]:
        """Our addresses that this channel's file names, those that are best written from first."""
        return ()

    def address(self, text: str) -> Address | None:
        """The address that a person typed, to write to first; None where it cannot be one (needs `first`)."""
        return None

    def sender(self, endpoint: str, to: Address) -> str | None:
        """Our address that a first message to `to` leaves from where `endpoint` is picked; None where it cannot."""
        return endpoint

    async def fetch(self, media: Media, most: int) -> bytes:
        """A file of an inbound message: at most `most` bytes. Raises FetchError; ends within `FETCH_TIMEOUT` seconds.
        The URL came over the wire: credentials go to the provider's own hosts only, each redirect is looked at anew,
        and no address of a private network is ever connected to.
        """
        raise FetchError("this channel has no files", again=False)

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        """What customers have sent us since, as the provider lists it, oldest first, each with `at` and `late`.
        Raises SendError. What is known already may be among it: the store takes each `provider_id` once."""
        return ()

    def error_page(self, code: str) -> str | None:
        """The provider's own page on one of its codes, for admins."""
        return None


SEND_TIMEOUT = 20.0
"""Seconds. The lease of a send is three times as long, so that a send always ends before its lease does."""
FETCH_TIMEOUT = 30.0
"""Seconds."""


class AdapterType(Protocol):
    """What the entry point names."""

    config: type[ChannelConfig]

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        """Make the channel. Opens nothing that can fail later than here."""
