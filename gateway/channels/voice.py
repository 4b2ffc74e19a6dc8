"""The contract between Teamline and a channel that connects two phones: an agent's first, then a customer's.

It owns the values that pass between the gateway and a voice adapter. The adapter keeps no call: which calls there are,
and what is known of each, stands in the database, and the adapter asks for it by `reference`. Nothing here leads words
to a customer's ear; the one announcement is for the agent, before anybody else is on the line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from gateway.channels.config import Destination
from gateway.channels.contract import (
    Adapter,
    Capabilities,
    Outbound,
    Reply,
    SendError,
    SendResult,
    Webhook,
    WebhookRefused,
    WebhookRequest,
)
from gateway.domain import call

Leg = call.Leg
CallState = call.LegState
Asked = Literal["answer", "connect"]
"""What the provider wants to know of the agent's leg: they have picked up; they have pressed a key."""


@dataclass(frozen=True, slots=True, repr=False)
class Announcement:
    """Facts that the agent hears on picking up, in the adapter's fixed words."""

    customer: str | None = None
    """The name, as staff know it; None where there is none."""


@dataclass(frozen=True, slots=True, repr=False)  # a number does not belong into a log
class Ring:
    """One attempt to connect an agent with a customer."""

    reference: str
    """Opaque, URL-safe, at most 64 characters, another for each attempt: it comes back with everything about it."""
    agent_number: str
    """E.164, as the next."""
    customer_number: str
    announce: Announcement
    first_tried: datetime
    """When `ring` was first called for it; bounds `find`."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """What became of one leg. It may come late, twice and out of order: `key` tells a repeated one."""

    reference: str
    leg: Leg
    call_id: str
    """The provider's id of this leg; where a customer's leg never came to be, of the agent's."""
    state: CallState
    digits: str = ""
    """What the agent pressed, once `answered`: from then on the customer is called."""
    duration: timedelta | None = None
    """How long the leg lasted once it was answered; only of one that is `completed`."""
    code: str | None = None
    detail: str | None = None
    """Why it `failed`, in words an agent can read, without a number."""

    @property
    def key(self) -> tuple[str, Leg, CallState, str]:
        return self.call_id, self.leg, self.state, self.digits


@dataclass(frozen=True, slots=True)
class CallHook:
    """What a webhook request means. With `asks` it is answered by `Voice.script`, otherwise by `reply`."""

    reference: str
    reports: tuple[CallReport, ...] = ()
    asks: Asked | None = None
    reply: Reply = field(default_factory=Reply)


CallVerdict = Literal["permanent", "transient", "ambiguous", "configuration"]


class CallError(Exception):
    """A call that could not be made, ended or asked about, with the decision.

    permanent      it will never go through as it is: a person decides
    transient      the provider said no for now, and surely rang nobody: may be tried again
    ambiguous      somebody's phone may be ringing: `find`, never ring blindly again
    configuration  our own set-up is wrong (a token, our number, a country not enabled): shown to admins
    """

    def __init__(
        self, verdict: CallVerdict, detail: str, *, code: str | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(detail)
        self.verdict: CallVerdict = verdict
        self.detail = detail
        """In words an agent can read, without anybody's number."""
        self.code = code
        self.retry_after = retry_after


@runtime_checkable
class Voice(Adapter, Protocol):
    """A channel that calls. Inherit from it; what it inherits in turn says that it carries no messages."""

    number: str
    """E.164: what both phones show."""
    countries: tuple[str, ...]
    """ISO 3166-1 alpha-2: the only ones that are called."""

    def allowed(self, number: str) -> str | None:
        """Why this number is never called, as a sentence without the number; None where it may be."""

    async def ring(self, ring: Ring) -> str:
        """Ring the agent's phone, once; the provider's id of that leg. Raises CallError, and ends within
        `SEND_TIMEOUT` seconds. Whatever else it raises, cancellation included, counts as ambiguous."""

    async def find(self, ring: Ring) -> tuple[str, ...]:
        """Ids of agent's legs at the provider that may be this ring's, oldest first. Another ring to the same phone a
        minute before may be among them: leave out ids that are known. An empty answer proves nothing. Raises CallError.
        """

    async def progress(self, reference: str, call_id: str) -> tuple[CallReport, ...]:
        """How both legs of a call stand now, by the agent's: what came while nobody listened. Raises CallError."""

    async def hang_up(self, call_id: str) -> None:
        """End both legs by the agent's; one that has ended already is no error. Raises CallError."""

    async def hook(self, request: WebhookRequest) -> CallHook:
        """Believe or refuse a request to a step that begins with "voice/". Raises WebhookRefused."""

    def script(self, asked: Asked, ring: Ring | None) -> Reply:
        """What the provider is to do with the agent's leg, as often as it asks; None: hang up."""

    capabilities: Capabilities = Capabilities()
    concurrency: int = 4

    def destination(self, endpoint: str) -> Destination | None:
        return None

    async def webhook(self, request: WebhookRequest) -> Webhook:
        raise WebhookRefused(404, "this channel has no messages")

    async def send(self, outbound: Outbound) -> SendResult:
        raise SendError("permanent", "This channel calls; it carries no messages")

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        return ()
