"""What a token's claims mean. A claim of the wrong type or size refuses the token; null is a claim that is not there.

A phone that is no E.164 number of any country's plan is passed over, and counts for nothing. A name comes without what
could move or hide the text around it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import phonenumbers

from gateway.channels.push import Claims
from gateway.domain.address import is_e164
from gateway.errors import Unauthenticated

LONGEST: Final[Mapping[str, int]] = {
    "sub": 255,
    "name": 200,
    "phone": 32,
    "postal_code": 20,
    "region": 64,
    "class": 64,
    "account": 255,
    "locale": 35,
}
"""Characters of each claim that is text."""

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's bidirectional controls (UAX #9)."""


def claims_of(told: Mapping[str, Any]) -> Claims:
    """From the payload of a token whose signature, audience and times are good. Raises Unauthenticated."""
    subject = _text(told, "sub")
    if not subject:
        raise Unauthenticated
    verified = told.get("phone_number_verified")
    if not (verified is None or isinstance(verified, bool)):
        raise Unauthenticated
    phone = _phone(told)
    return Claims(
        subject=subject,
        expires_at=datetime.fromtimestamp(told["exp"], UTC),
        name=_name(told),
        phone=phone,
        phone_verified=phone is not None and verified is True,
        postal_code=_text(told, "postal_code"),
        region=_text(told, "region"),
        customer_class=_text(told, "class"),
        account=_text(told, "account"),
        locale=_text(told, "locale"),
    )


def _sized(told: Mapping[str, Any], name: str) -> str | None:
    value = told.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST[name]:
        raise Unauthenticated
    return value


def _text(told: Mapping[str, Any], name: str) -> str | None:
    """Printable text; None for none at all."""
    value = _sized(told, name) or None
    if value is not None and not value.isprintable():
        raise Unauthenticated
    return value


def _phone(told: Mapping[str, Any]) -> str | None:
    number = _sized(told, "phone")
    if number is None or not is_e164(number):
        return None
    try:
        return number if phonenumbers.is_valid_number(phonenumbers.parse(number)) else None
    except phonenumbers.NumberParseException:
        return None


def _name(told: Mapping[str, Any]) -> str | None:
    """People's names hold joiners, which count as unprintable: only what could do harm is left out."""
    words = " ".join((_sized(told, "name") or "").split())
    return "".join(c for c in words if _is_harmless(c)).strip() or None


def _is_harmless(character: str) -> bool:
    return character not in _DIRECTIONS and unicodedata.category(character) not in {"Cc", "Cs", "Co"}
