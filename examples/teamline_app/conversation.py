"""What was said, as the phone has it: each message once, in order, however often the connection breaks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from . import events
from .client import Away, Client


class Conversation:
    """`messages` are oldest first. What the customer has written is there when it has come back from the gateway; until
    then it is in the outbox."""

    def __init__(self, client: Client, first_pause: float = events.FIRST_PAUSE) -> None:
        self._client = client
        self._first_pause = first_pause
        self._known: dict[str, dict[str, Any]] = {}
        self._earlier: str | None = None
        self.cursor = ""
        """Where the stream goes on."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self._known.values())

    async def open(self) -> None:
        """The newest page, and what the stream goes on from."""
        page = await self._client.messages()
        self._known = {each["id"]: each for each in page["items"]}
        self._earlier, self.cursor = page.get("next"), page["feed"]

    async def earlier(self) -> bool:
        """The page before, for who scrolls up; False where there is none."""
        if self._earlier is None:
            return False
        page = await self._client.messages(before=self._earlier)
        self._known = {each["id"]: each for each in page["items"]} | self._known
        self._earlier = page.get("next")
        return True

    async def follow(self, changed: Callable[[], None] = lambda: None) -> None:
        """Keeps up with what is said, for ever, and calls `changed` for each change. Call `open` first."""
        while True:
            with suppress(Away):  # "resync" came again: it goes on from the same place
                await self._follow(changed)

    async def _follow(self, changed: Callable[[], None]) -> None:
        async for event in events.follow(self._client, self.cursor, self._first_pause):
            if event.kind == "resync":  # too much for a stream: begin anew, and scroll up for the rest
                await self.open()
            elif event.kind in {"message", "messages.changed"}:
                self._known[event.message["id"]] = event.message
                self.cursor = event.cursor
                if event.message["direction"] == "out":
                    await self._client.mark_received(event.message["id"])
            else:  # of a booking, or of what is yet to come
                self.cursor = event.cursor
            changed()

    async def read(self) -> int:
        """Everything here was seen by the customer: how many are unread now."""
        newest = next(reversed(self._known), None)
        return 0 if newest is None else await self._client.mark_read(newest)
