"""When something last came in, went out and went wrong on a channel, and what an admin should know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """Times in microseconds since 1970, None for never; the detail has nobody's number or text."""

    last_in: int | None = None
    last_out: int | None = None
    last_error: int | None = None
    error_code: str | None = None
    error_detail: str | None = None
