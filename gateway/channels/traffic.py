"""When something last came in, went out and went wrong on each channel, as this process has seen it.

Kept in memory, since it is noted for every message; written down now and then, so that a restart does not forget it.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.traffic import Seen

_NEVER = Seen()


class Traffic:
    """All channels of this process."""

    def __init__(self) -> None:
        self._channels: dict[str, Seen] = {}

    def came_in(self, channel: str, now: int) -> None:
        self._channels[channel] = replace(self._of(channel), last_in=now)

    def went_out(self, channel: str, now: int) -> None:
        self._channels[channel] = replace(self._of(channel), last_out=now)

    def went_wrong(self, channel: str, code: str | None, detail: str, now: int) -> None:
        """`detail` in words for an admin, without anyone's number or text."""
        seen = self._of(channel)
        self._channels[channel] = replace(seen, last_error=now, error_code=code, error_detail=detail)

    def seen(self) -> dict[str, Seen]:
        return dict(self._channels)

    def _of(self, channel: str) -> Seen:
        return self._channels.get(channel, _NEVER)
