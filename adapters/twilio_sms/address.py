"""How Twilio writes addresses: "+13035550100", "whatsapp:+13035550100", "rcs:brand_agent", a short code, a name.

Ours keeps Twilio's writing as the endpoint, so that one number on two services stays two doors; a customer's becomes an
`Address`. An RCS agent has a name of its own (https://www.twilio.com/docs/rcs/send-an-rcs-message); its customers have
numbers. Facebook Messenger addresses are refused: they are not set up here.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.domain.address import Address

WHATSAPP: Final = "whatsapp:"
RCS: Final = "rcs:"

OURS: Final = re.compile(r"(?:whatsapp:)?\+[1-9]\d{6,14}|\d{3,8}|rcs:[A-Za-z0-9_.-]{1,64}", re.ASCII)
"""A number, a WhatsApp number, a short code (3 to 8 digits), or an RCS agent."""

_CUSTOMER = re.compile(r"(?:(whatsapp|rcs):)?(\+[1-9]\d{6,14})", re.ASCII)
_SENDER = re.compile(r"\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}", re.ASCII)
"""What texts but can seldom be answered: a short code, or an alphanumeric sender of up to 11 characters."""
_TYPED = re.compile(r"(?:(whatsapp|rcs):)?(\+[1-9]\d{6,14})", re.ASCII)
_PUNCTUATION = str.maketrans("", "", " \u00a0().-/")


def customer(value: str) -> Address | None:
    """The sender of an inbound message, or None where the value has no form that Twilio sends."""
    if found := _CUSTOMER.fullmatch(value):
        return Address(found[1] or "sms", found[2])
    return Address("sms", value) if _SENDER.fullmatch(value) else None


def typed(text: str) -> Address | None:
    """A number that a person typed, with its country's code: "+1 (303) 555-0100", "whatsapp:+13035550100"."""
    found = _TYPED.fullmatch(text.translate(_PUNCTUATION))
    return Address(found[1] or "sms", found[2]) if found else None


def recipient(to: Address) -> str | None:
    """Twilio's `To` for an address of ours, or None where Twilio does not lead to its kind.

    For RCS it is the plain number: sent through a Messaging Service it goes by RCS where the phone can, else as a text.
    """
    return {"sms": to.value, "rcs": to.value, "whatsapp": WHATSAPP + to.value}.get(to.kind)


def sender(endpoint: str, to: Address) -> str:
    """Twilio's `From`: the two ends of a message are on the same service."""
    number = endpoint.removeprefix(WHATSAPP)
    return WHATSAPP + number if to.kind == "whatsapp" else number


def service(endpoint: str) -> str:
    """The kind of address that one of ours can write to first."""
    return endpoint.partition(":")[0] if ":" in endpoint else "sms"


def is_long_code(endpoint: str) -> bool:
    """Whether it is a plain number, long or toll-free: no short code, no WhatsApp number, no RCS agent."""
    return endpoint.startswith("+")
