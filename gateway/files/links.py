"""Links to files: signed, short-lived, and the same for a while, so that browsers keep what they have.

Whoever has a link may have the file until it ends; nobody can make one or change what it leads to. This file owns the
bytes of the token. It signs whatever file a shape names: who may see the shape was decided where it was read.
"""

from __future__ import annotations

import base64
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

HOUR: Final = 3_600
PAGE_SECONDS: Final = 2 * HOUR
"""How long a link in an answer lasts at most; at least an hour less, since ends are on the hour."""
PROVIDER_SECONDS: Final = 25 * HOUR
"""Of a link for a provider: a day at least."""
SECRET_BYTES: Final = 32
_FACTS: Final = struct.Struct(">QI?")
"""Attachment, end in seconds since 1970, whether its thumbnail."""
_MAC: Final = 32
_INNER: Final = ("items", "messages", "message", "last_message", "thread", "row")
"""Where shapes hold others that may have attachments."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a link leads to; `ends` in seconds since 1970."""

    attachment: int
    thumb: bool
    ends: int


class Links:
    """Makes and reads links. `clock` gives microseconds since 1970, `public_url` our address outside."""

    def __init__(self, secret: bytes, clock: Callable[[], int], public_url: Callable[[], str]) -> None:
        self._secret, self._clock, self._public_url = secret, clock, public_url

    def sign(self, shape: Any) -> Any:
        """Put `url` and, for a picture, `thumb_url` into every attachment of a message, an inbox row, or a list of
        such, in place."""
        if type(shape) is list:
            for item in shape:
                self.sign(item)
        elif type(shape) is dict:
            for file in shape.get("attachments") or ():
                self.sign_file(file)
            for key in _INNER:
                if type(inner := shape.get(key)) in (dict, list):
                    self.sign(inner)
        return shape

    def sign_file(self, file: dict[str, Any]) -> dict[str, Any]:
        """The same for one attachment."""
        if file["state"] == "ready":
            file["url"] = self._path(int(file["id"]), file["name"], PAGE_SECONDS)
            if "width" in file:
                file["thumb_url"] = self._path(int(file["id"]), file["name"], PAGE_SECONDS, thumb=True)
        return file

    def public(self, attachment: int, name: str) -> str:
        """For a provider, who fetches it from outside within a day."""
        return self._public_url() + self._path(attachment, name, PROVIDER_SECONDS)

    def read(self, token: str) -> Target | None:
        """What a token leads to, ended or not; None for what we never made."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        facts, mac = raw[: _FACTS.size], raw[_FACTS.size :]
        if len(mac) != _MAC or not hmac.compare_digest(mac, self._mac(facts)):
            return None
        attachment, ends, thumb = _FACTS.unpack(facts)
        return Target(attachment, thumb, ends)

    def key(self, label: str) -> bytes:
        """What links of another kind are signed with: none of them can be taken for a file's, or the other way."""
        return hmac.digest(self._secret, label.encode(), "sha256")

    def seconds_left(self, target: Target) -> int:
        return target.ends - self._clock() // 1_000_000

    def _path(self, attachment: int, name: str, seconds: int, *, thumb: bool = False) -> str:
        hour = self._clock() // 1_000_000 // HOUR * HOUR
        facts = _FACTS.pack(attachment, hour + seconds, thumb)
        token = base64.urlsafe_b64encode(facts + self._mac(facts)).decode().rstrip("=")
        return f"/files/{token}/{quote(name, safe='')}"

    def _mac(self, facts: bytes) -> bytes:
        return hmac.digest(self._secret, facts, "sha256")
