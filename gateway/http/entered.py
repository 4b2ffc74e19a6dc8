"""Which app customers' tokens this node has told the database of, so that only the first request under one writes.

A token that is not remembered is told again, which changes nothing.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 50_000
"""About ten megabytes."""


class Entered:
    """Hashes of tokens. Those not seen for longest are forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: dict[bytes, None] = {}

    def __contains__(self, secret: bytes) -> bool:
        if secret not in self._seen:
            return False
        del self._seen[secret]
        self._seen[secret] = None
        return True

    def add(self, secret: bytes) -> None:
        self._seen[secret] = None
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
