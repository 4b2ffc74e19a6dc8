"""How Twilio writes addresses: "+13035550100", "whatsapp:+13035550100", a short code, a sender's name.

Ours keeps Twilio's writing as the endpoint, so that one number on two services stays two doors; a customer's becomes an
`Address`. Facebook Messenger and RCS addresses are refused: they are not set up here.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.domain.address import Address

WHATSAPP: Final = "whatsapp:"

OURS: Final = re.compile(r"(?:whatsapp:)?\+[1-9]\d{6,14}|\d{3,8}", re.ASCII)
"""A number, a WhatsApp number, or a short code (3 to 8 digits)."""

_CUSTOMER = re.compile(r"(whatsapp:)?(\+[1-9]\d{6,14})", re.ASCII)
_SENDER = re.compile(r"\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}", re.ASCII)
"""What texts but can seldom be answered: a short code, or an alphanumeric sender of up to 11 characters."""


def customer(value: str) -> Address | None:
    """The sender of an inbound message, or None where the value has no form that Twilio sends."""
    if found := _CUSTOMER.fullmatch(value):
        return Address("whatsapp" if found[1] else "sms", found[2])
    return Address("sms", value) if _SENDER.fullmatch(value) else None


def recipient(to: Address) -> str | None:
    """Twilio's `To` for an address of ours, or None where Twilio does not lead to its kind."""
    return {"sms": to.value, "whatsapp": WHATSAPP + to.value}.get(to.kind)


def sender(endpoint: str, to: Address) -> str:
    """Twilio's `From`: the two ends of a message are on the same service."""
    number = endpoint.removeprefix(WHATSAPP)
    return WHATSAPP + number if to.kind == "whatsapp" else number
