"""Where a customer can be met: a kind of channel and an address in it.

`sms` and `whatsapp` with one number are two identities of one customer, because both prove control of the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PHONE_KINDS: Final = frozenset({"sms", "whatsapp", "rcs"})
"""Kinds whose address is an E.164 number, so that the same number is the same person."""

NUMBER_KINDS: Final = PHONE_KINDS | {"phone"}
"""Kinds whose address is a number, whether or not a carrier vouches for it: it tells a region, not a person."""

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def is_e164(number: str) -> bool:
    """True for ITU-T E.164: a plus sign and 7 to 15 digits, the first not zero."""
    return _E164.fullmatch(number) is not None


@dataclass(frozen=True, slots=True)
class Address:
    """`kind` such as "sms", "whatsapp", "web", "app"; `value` at most 255 characters, E.164 for phone kinds."""

    kind: str
    value: str

    def __post_init__(self) -> None:
        if _KIND.fullmatch(self.kind) is None:
            raise ValueError("an address kind is a lower-case word")
        if not 0 < len(self.value) <= 255:
            raise ValueError("an address has 1 to 255 characters")
