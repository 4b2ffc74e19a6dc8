"""What the log tells of refused writes: a line a second at most, since a flood of them is when they are refused."""

from __future__ import annotations

from time import monotonic
from typing import Final

import structlog

SPACING: Final = 1.0
"""Seconds."""

log = structlog.get_logger(__name__)


class Refusals:
    """Of one writer. `count` only ever grows."""

    def __init__(self) -> None:
        self.count = 0
        self._told = 0
        self._told_at = -SPACING

    def note(self, jobs: int, reason: str) -> None:
        """The line has how many there were since the one before, and the reason of the last."""
        self.count += jobs
        now = monotonic()
        if now - self._told_at >= SPACING:
            log.warning("writes refused", jobs=self.count - self._told, reason=reason)
            self._told, self._told_at = self.count, now
