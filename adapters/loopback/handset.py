"""The phones on the demo's screen: what was sent to each number, in memory, bounded, gone with the process."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from gateway.channels.contract import Outbound, OutboundFile
from gateway.domain.instant import rfc3339

MOST_MESSAGES: Final = 200
"""Per number; the oldest go first."""
MOST_NUMBERS: Final = 1_000
"""The number that has waited longest for a message goes first."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as a phone shows it."""

    n: int
    """Its place on the phone; grows across restarts, so that a screen can go on asking for what is newer."""
    id: str
    reference: str
    sender: str
    body: str
    files: tuple[OutboundFile, ...]

    def as_json(self) -> dict[str, Any]:
        files = [{"url": file.url, "type": file.content_type, "name": file.name} for file in self.files]
        shape = {"n": self.n, "id": self.id, "from": self.sender, "body": self.body, "at": rfc3339(self.n)}
        return {**shape, "files": files}


class Handsets:
    """Every phone that was ever written to, as far as the bounds go."""

    def __init__(self) -> None:
        self._by_number: dict[str, deque[Shown]] = {}
        self._last = 0

    def deliver(self, outbound: Outbound) -> Shown:
        number = outbound.to.value
        self._last = max(self._last + 1, time.time_ns() // 1_000)  # microseconds, and never the same twice
        shown = Shown(
            self._last, uuid4().hex, outbound.reference, outbound.endpoint, outbound.body, tuple(outbound.files)
        )
        handset = self._by_number.pop(number, None) or deque(maxlen=MOST_MESSAGES)
        handset.append(shown)
        self._by_number[number] = handset
        if len(self._by_number) > MOST_NUMBERS:
            del self._by_number[next(iter(self._by_number))]
        return shown

    def newer(self, number: str, after: int) -> list[Shown]:
        """What a phone got after its message `after`, oldest first."""
        return [shown for shown in self._by_number.get(number, ()) if shown.n > after]
