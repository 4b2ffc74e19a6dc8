"""A phone or a browser that a push wakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Platform = Literal["fcm", "apns", "webpush"]

FETCHED: Final = frozenset({"app", "web"})
"""Kinds of address whose customers fetch what was written to them through our own API: a push only wakes them."""


@dataclass(frozen=True, slots=True, repr=False)  # an address is as good as a secret
class Device:
    """Where a push goes: a phone's registration token, or a browser's endpoint with its keys."""

    platform: Platform
    address: str
    """FCM's registration token, APNs' device token in hexadecimal, or a Web Push endpoint."""
    keys: Mapping[str, str]
    """Web Push: `p256dh` and `auth` in base64url (RFC 8291); else empty."""
