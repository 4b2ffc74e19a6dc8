"""Where a media URL may lead, before and after DNS. The URL came over the wire, so nothing in it is trusted.

Allowed is https to a name in the public DNS whose addresses are public, and the origin that `api_base_url` names, which
an admin wrote. A bare address is refused in every notation (dotted, decimal, octal, hex, IPv6), because Twilio never
sends one. What a name resolves to is checked by `gateway.channels.reach`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from yarl import URL

from gateway.channels.reach import Refused, is_public

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
"""A name of two labels or more whose last begins with a letter: `inet_aton` reads none of them as a number."""
_PRIVATE_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa", ".localdomain")
_TWILIO = re.compile(r"api(?:\.[a-z0-9-]+){0,2}\.twilio\.com", re.ASCII)
"""https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region: edges and regions."""


class Reach:
    """The decisions about one channel's media. `origin` is its `api_base_url`."""

    def __init__(self, origin: str, public: Callable[[str], bool] = is_public) -> None:
        self._own = URL(origin).origin()
        self._public = public

    def checked(self, url: str, base: URL | None = None) -> URL:
        """The URL, taken as it is written (a signed one breaks when it is rewritten), or Refused."""
        if not (url.isascii() and url.isprintable()) or set(url) & set(' \\"<>^`{|}'):
            raise Refused
        try:
            parsed = URL(url, encoded=True)
            target = base.join(parsed) if base is not None else parsed
            if target.raw_user is not None or target.raw_password is not None or target.raw_host is None:
                raise Refused
            own = target.origin() == self._own
        except ValueError:
            raise Refused from None
        if not own and (target.scheme != "https" or not self._is_name(target.raw_host)):
            raise Refused
        return target.with_fragment(None) if target.raw_fragment else target

    def gets_credentials(self, url: URL) -> bool:
        """Whether it is Twilio itself that asks: its API, or the origin that stands for it. Never a CDN."""
        own = url.origin() == self._own
        return own or (url.scheme == "https" and url.port == 443 and bool(_TWILIO.fullmatch(url.raw_host or "")))

    def admits(self, host: str, port: int, address: str) -> bool:
        """Whether a connection to this name may go to this address."""
        return (host, port) == (self._own.raw_host, self._own.port) or self._public(address)

    def _is_name(self, host: str) -> bool:
        return _NAME.fullmatch(host) is not None and not host.endswith(_PRIVATE_NAMES) and len(host) <= 253
