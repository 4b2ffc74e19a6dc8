"""Twilio's own words on its codes."""

from __future__ import annotations

from typing import Final

_PAGE: Final = "https://www.twilio.com/docs/api/errors/{}"


def page(code: str) -> str | None:
    """Twilio's own page on a code; None for what is none of its codes."""
    return _PAGE.format(int(code)) if code.isascii() and code.isdigit() and 5 <= len(code) <= 6 else None
