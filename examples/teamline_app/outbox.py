"""What was written and is not known to have arrived, in order, in a file: it outlives tunnels and the app itself.

Each message gets its idempotency key when it is written, and keeps it for every try, so it exists once however often it
is sent. Only the first in the line is ever under way, so that they arrive in the order in which they were written.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from .client import Away, Client, Refused

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries while there is no network."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message on its way. `refused` says why it will not go through: show it, and let the customer decide."""

    body: str
    attachments: list[str] = field(default_factory=list)
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    refused: str | None = None


class Outbox:
    """One customer's, kept in `path`. Give each customer of the phone a file of their own."""

    def __init__(self, client: Client, path: Path, first_pause: float = FIRST_PAUSE) -> None:
        self._client = client
        self._path = path
        self._first_pause = first_pause
        self._line = [Waiting(**each) for each in json.loads(path.read_text())] if path.exists() else []
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        return tuple(self._line)

    def put(self, body: str, attachments: list[str] | None = None) -> Waiting:
        """Write a message. It is on disk when this returns."""
        waiting = Waiting(body, attachments or [])
        self._keep([*self._line, waiting])
        return waiting

    def drop(self, key: str) -> None:
        """Give up one that was refused, or write it anew."""
        self._keep([each for each in self._line if each.key != key])

    async def run(self) -> None:
        """Sends for as long as the app runs."""
        while True:
            self._changed.clear()
            await self.flush()
            await self._changed.wait()

    async def flush(self) -> None:
        """Send what waits, and return when nothing is left but what was refused."""
        pause = self._first_pause
        while first := next((each for each in self._line if each.refused is None), None):
            try:
                await self._client.write(first.key, first.body, first.attachments)
            except Away as away:
                await asyncio.sleep(max(pause, away.wait or 0))
                pause = min(2 * pause, LONGEST_PAUSE)
            except Refused as problem:
                self._replace(first, Waiting(first.body, first.attachments, first.key, str(problem)))
            else:
                self.drop(first.key)
                pause = self._first_pause

    def _replace(self, old: Waiting, new: Waiting) -> None:
        self._keep([new if each.key == old.key else each for each in self._line])

    def _keep(self, line: list[Waiting]) -> None:
        """In one step, so that a phone that dies in the middle has the old file or the new one."""
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps([asdict(each) for each in line]), encoding="utf-8")
        draft.replace(self._path)
        self._line = line
        self._changed.set()
