"""The other side of a channel, as an adapter's author plays it for the checks in testing.py; it checks nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Final

from gateway.channels.contract import Adapter, DeliveryReport, Inbound, Opt, SendResult, WebhookRequest
from gateway.domain.address import Address
from gateway.domain.message import Media

INSIDE: Final = (
    "http://169.254.169.254/latest/meta-data/",
    "https://127.0.0.1:1/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://[::ffff:10.0.0.1]/x",
    "https://localhost/x",
    "file:///etc/passwd",
    "",
)
"""URLs of files that must never be fetched, whoever tells of them."""


class Provider(ABC):
    """The other side of a channel, as the adapter's author plays it in a test. All of it belongs to one channel."""

    adapter: Adapter
    endpoint: str
    """An address of ours that the adapter's config names."""
    customer: Address
    """Someone whom the adapter can write to."""

    @abstractmethod
    def text(self, body: str) -> tuple[WebhookRequest, Inbound]:
        """The request by which `customer` sends `body` to `endpoint`, and what the adapter must make of it."""

    @abstractmethod
    def tampered(self, body: str) -> Mapping[str, WebhookRequest]:
        """What went wrong -> a request with that body which must be refused: forged, unsigned, for someone else ..."""

    @abstractmethod
    def taken(self) -> list[str]:
        """The bodies that the provider has taken from the adapter so far, in the order they came."""

    def report(self, sent: SendResult, reference: str) -> tuple[WebhookRequest, DeliveryReport] | None:
        """The request that reports a sent message delivered, and what the adapter must make of it; None: no reports."""
        return None

    def faults(self) -> Mapping[str, Callable[[], None]]:
        """What goes wrong -> how to make the next send go wrong so. "hang" must never answer."""
        return {}

    def given(self) -> list[str] | None:
        """The URLs of the files that came with what it took, in order; None: no files go out."""
        return None

    def media(self) -> tuple[Media, bytes] | None:
        """A file of an inbound message as a webhook tells of it, and its bytes; None: no files come in."""
        return None

    def opted(self) -> Mapping[Opt, WebhookRequest]:
        """What a message means to the carrier -> a request with such a message."""
        return {}

    def missed(self, body: str) -> Inbound | None:
        """Keep a message that no webhook tells of; what `missed` must make of it. None: nothing can be caught up."""
        return None
