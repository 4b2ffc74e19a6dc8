"""The cursor a client holds: opaque to it, and to us the place in each log that it follows.

An agent follows several teams, so one number would not do. The text is URL-safe and sorted, so that equal places are
equal cursors.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from gateway.domain.message import TeamId
from gateway.errors import Malformed

LONGEST = 16_384


def encode(heads: Mapping[TeamId, int]) -> str:
    plain = ",".join(f"{team}:{seq}" for team, seq in sorted(heads.items()))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=") or "-"


def decode(text: str) -> dict[TeamId, int]:
    """Raises Malformed for anything that `encode` cannot have made."""
    if text == "-":
        return {}
    if len(text) > LONGEST:
        raise Malformed("that cursor is not one of ours")
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        pairs = [part.rsplit(":", 1) for part in plain.split(",")]
        return {TeamId(team): _seq(seq) for team, seq in pairs}
    except (ValueError, binascii.Error):
        raise Malformed("that cursor is not one of ours") from None


def _seq(text: str) -> int:
    if not (text.isdigit() and len(text) < 19):
        raise ValueError
    return int(text)
