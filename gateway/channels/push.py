"""What a channel with an app knows beside messages: who a signed token speaks for, and how a device is woken.

A push is a doorbell. Its words are fixed (`Notice`). A customer's is only ever caused by a person's reply or by an
agent who opened a booked chat, an agent's by a customer who wrote or booked; what was written waits in the thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeGuard, runtime_checkable

from gateway.channels.contract import Adapter
from gateway.domain.device import Device, Platform


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of a customer, once its signature, audience and times were found good."""

    subject: str
    """The company's own id of the customer: with the channel it is their address."""
    expires_at: datetime
    name: str | None = None
    phone: str | None = None
    """E.164."""
    phone_verified: bool = False
    """Only a verified phone links to the same customer's texts."""
    postal_code: str | None = None
    region: str | None = None
    customer_class: str | None = None
    account: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """What a push says. A device shows the last of those that have the same `tag`."""

    title: str
    body: str
    thread: str
    message: str
    """Empty where it is about a booking."""
    badge: int
    """A customer's messages that are not read, or an agent's threads that wait."""
    lasts: timedelta = timedelta(days=1)
    """For how long the platform keeps it for a device that is off."""
    booking: str | None = None
    for_agent: bool = False
    """It has places of its own at the platform, so that no customer's push waits for an agent's."""

    @property
    def tag(self) -> str:
        """The thread, or the booking of it that it is about."""
        return self.thread if self.booking is None else f"{self.thread}-{self.booking}"

    @property
    def leads_to(self) -> dict[str, str]:
        """What a tap needs to know: thread, message, and the booking where there is one."""
        told = {"thread": self.thread, "message": self.message}
        return told if self.booking is None else told | {"booking": self.booking}


PushVerdict = Literal["gone", "again", "refused", "configuration"]


class PushError(Exception):
    """A push that was not taken, with the decision.

    gone           the platform says that this device is no more: it is removed
    again          not now: tried again, not before `retry_after`
    refused        this push will never go through as it is
    configuration  our own set-up is wrong (a key, a topic, a project): shown to admins
    """

    def __init__(
        self, verdict: PushVerdict, detail: str, *, code: str | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(detail)
        self.verdict: PushVerdict = verdict
        self.detail = detail
        """In words an agent can read, without the device's address."""
        self.code = code
        self.retry_after = retry_after


@runtime_checkable
class App(Adapter, Protocol):
    """A channel whose customers come with tokens that the company signed, and whose devices are woken by a push."""

    platforms: frozenset[Platform]
    """Those that its file sets up."""
    shows_text: bool
    """Whether a notice has the person's own words in place of the fixed ones."""

    async def identify(self, token: str) -> Claims:
        """Whom a signed token speaks for. Raises Unauthenticated with nothing that would help a forger, and Unavailable
        while the keys cannot be had."""

    def push_key(self) -> str | None:
        """The public key that a browser subscribes with (RFC 8292), in base64url; None without Web Push."""

    def device(self, platform: Platform, fields: Mapping[str, Any]) -> Device:
        """A device as a client registers it. Raises Invalid."""

    async def push(self, device: Device, notice: Notice) -> None:
        """Wake it, once. Raises PushError; ends within `SEND_TIMEOUT` seconds."""


def is_app(adapter: Adapter) -> TypeGuard[App]:
    """By inheritance alone: to ask an adapter for all members of a protocol takes about as long as a push."""
    return App in type(adapter).__mro__
