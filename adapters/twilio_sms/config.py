"""The keys of a Twilio channel's file. Refuses an empty token, a SID that is none, a number that nobody can text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo

from adapters.twilio_sms.address import OURS, RCS, WHATSAPP
from gateway.channels.config import ChannelConfig, Destination, Place, Secret

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _not_empty(token: SecretStr) -> SecretStr:
    # Twilio's signature under an empty key is one that anybody can make.
    if not token.get_secret_value().strip():
        raise ValueError("the token is empty; put the account's auth token there")
    return token


def _one_or_two(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else (value,)


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


def _sid(prefix: str, whose: str) -> Callable[[str], str]:
    form = re.compile(prefix + "[0-9a-f]{32}")

    def is_one(sid: str) -> str:
        if form.fullmatch(sid) is None:
            raise ValueError(f"is not the SID of {whose}; write {prefix} and 32 digits of 0-9 a-f")
        return sid

    return is_one


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError('not a base URL; write "https://api.twilio.com"')
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("the token would travel in the clear; use https, or http on this machine only")
    return url.rstrip("/")


Number = Annotated[Place, AfterValidator(_unhurried)]
Endpoint = Annotated[str, AfterValidator(_is_ours)]
Token = Annotated[Secret, AfterValidator(_not_empty)]


class TwilioConfig(ChannelConfig):
    """`adapters/<channel>.toml` with `adapter = "twilio_sms"`."""

    account_sid: Annotated[str, AfterValidator(_sid("AC", "an account"))]
    auth_token: Annotated[tuple[Token, ...], BeforeValidator(_one_or_two), Field(min_length=1, max_length=2)]
    """One, or two during a rotation: webhooks signed with either are believed, and sending tries both."""
    messaging_service_sid: Annotated[str, AfterValidator(_sid("MG", "a Messaging Service"))] | None = None
    """Traffic of this service is ours even when its number is not listed; it also sends for such numbers."""
    api_base_url: Annotated[str, AfterValidator(_base_url)] = "https://api.twilio.com"
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

    def tokens(self) -> tuple[str, ...]:
        return tuple(token.get_secret_value() for token in self.auth_token)
