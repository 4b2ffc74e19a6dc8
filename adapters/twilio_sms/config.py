"""The keys of a Twilio channel's file. Refuses an empty token, a SID that is none, a number that nobody can text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from adapters.twilio.account import AccountConfig, sid
from adapters.twilio_sms.address import OURS, RCS, WHATSAPP
from gateway.channels.config import Destination, Place


def _unhurried(destination: Destination) -> Destination:
    # With eight sends at once, the last of them waits seven seconds at one a second: still well within a lease.
    if destination.per_second is not None and destination.per_second < 1:
        raise ValueError("per_second is below 1; Twilio's slowest numbers send 1 a second")
    return destination


def _is_ours(endpoint: str, told: ValidationInfo) -> str:
    if OURS.fullmatch(endpoint) is None:
        raise ValueError(
            'not a number of ours; write "+13035550100", "whatsapp:+13035550100", "rcs:brand_agent" or a short code'
        )
    if endpoint.startswith(RCS) and told.data.get("messaging_service_sid", "") is None:
        raise ValueError("an RCS agent sends through its Messaging Service; set messaging_service_sid")
    return endpoint


def _reachable(numbers: dict[str, Destination], told: ValidationInfo) -> dict[str, Destination]:
    # A service that is there but has a fault of its own is not among what was told.
    if not numbers and told.data.get("messaging_service_sid", "") is None:
        raise ValueError("no number leads here; list one under [numbers], or set messaging_service_sid")
    return numbers


Number = Annotated[Place, AfterValidator(_unhurried)]
Endpoint = Annotated[str, AfterValidator(_is_ours)]


class TwilioConfig(AccountConfig):
    """`adapters/<channel>.toml` with `adapter = "twilio_sms"`."""

    messaging_service_sid: Annotated[str, AfterValidator(sid("MG", "a Messaging Service"))] | None = None
    """Traffic of this service is ours even when its number is not listed; it also sends for such numbers."""
    numbers: Annotated[dict[Endpoint, Number], AfterValidator(_reachable), Field(validate_default=True)] = {}

    def teams(self) -> Iterable[tuple[tuple[str, ...], str]]:
        return [(("numbers", number), destination.team) for number, destination in self.numbers.items()]

    def claims(self) -> Iterable[tuple[tuple[str, ...], str]]:
        yield from ((("numbers", number), f"{self.account_sid} {number}") for number in self.numbers)
        if self.messaging_service_sid is not None:
            yield ("messaging_service_sid",), self.messaging_service_sid

    def destination(self, endpoint: str) -> Destination | None:
        """By the number as listed; a WhatsApp number is found under its plain one as well."""
        return self.numbers.get(endpoint) or self.numbers.get(endpoint.removeprefix(WHATSAPP))

    @property
    def has_whatsapp(self) -> bool:
        """Whether a WhatsApp number is listed as one."""
        return any(number.startswith(WHATSAPP) for number in self.numbers)

    def endpoints(self) -> tuple[str, ...]:
        """The numbers as listed; those that write to anybody first: plain ones, then short codes, WhatsApp and RCS."""
        return tuple(sorted(self.numbers, key=lambda number: (":" in number, not number.startswith("+"))))
