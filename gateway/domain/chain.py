"""The chain of a team's outbound messages: each link holds the hash of the one before, so that none can be changed,
moved or taken out unseen. This file owns the bytes that are hashed, for the writer and for `teamline verify` alike.
"""

from __future__ import annotations

import hashlib
from typing import Final

START: Final = b""
"""What stands for the hash before a team's first link."""


def link_hash(prev: bytes, team: str, seq: int, message: int, agent: int, credential: int, digest: bytes) -> bytes:
    """SHA-256 (32 bytes) of one link; `seq` counts from 1, `digest` is that of the message's words.

    Every field goes in after its length (8 bytes, big-endian), so that no two links share an encoding.
    """
    whole = hashlib.sha256()
    for number in (seq, message, agent, credential):
        _feed(whole, str(number).encode())
    for text in (prev, team.encode(), digest):
        _feed(whole, text)
    return whole.digest()


def _feed(whole: hashlib._Hash, field: bytes) -> None:
    whole.update(len(field).to_bytes(8, "big"))
    whole.update(field)
