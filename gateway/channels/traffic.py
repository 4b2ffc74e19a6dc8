"""When something last came in, went out and went wrong on each channel, as this process has seen it.

Kept in memory, since it is noted for every message; written down now and then, so that a restart does not forget it.
"""

from __future__ import annotations

from gateway.domain.traffic import Seen


class Traffic:
    """All channels of this process."""

    def __init__(self) -> None:
        self._last_in: dict[str, int] = {}
        self._last_out: dict[str, int] = {}
        self._errors: dict[str, tuple[int, str | None, str]] = {}

    def came_in(self, channel: str, now: int) -> None:
        self._last_in[channel] = now

    def went_out(self, channel: str, now: int) -> None:
        self._last_out[channel] = now

    def went_wrong(self, channel: str, code: str | None, detail: str, now: int) -> None:
        """`detail` in words for an admin, without anyone's number or text."""
        self._errors[channel] = (now, code, detail)

    def seen(self) -> dict[str, Seen]:
        return {
            channel: Seen(
                self._last_in.get(channel),
                self._last_out.get(channel),
                *self._errors.get(channel, (None, None, None)),
            )
            for channel in self._last_in.keys() | self._last_out.keys() | self._errors.keys()
        }
