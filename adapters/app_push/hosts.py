"""Where a browser's push endpoint may lie. The URL came over the wire, so it is a door to every host that we can reach.

Allowed are the browsers' own push services, over https and on the usual port, and what `push_hosts` adds: a name, for
which the same holds, or for a test an origin on this machine. What a name resolves to must be public (see
`gateway.channels.reach`), and a redirect is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from yarl import URL

from gateway.channels.reach import Refused, is_public

KNOWN: Final = (
    "fcm.googleapis.com",  # Chrome, Brave, Opera, Samsung Internet
    "*.push.services.mozilla.com",  # Firefox
    "*.notify.windows.com",  # Edge
    "*.push.apple.com",  # Safari: "any subdomain", https://webkit.org/blog/12945/meet-web-push/
)
LONGEST: Final = 2048
_NAME = re.compile(r"(?:[a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]*", re.ASCII)


class PushHosts:
    """The push services of one channel, each by its rule: a name, "*." and what its name ends in, or an origin."""

    def __init__(self, added: Iterable[str] = (), public: Callable[[str], bool] = is_public) -> None:
        rules = (*KNOWN, *added)
        self._origins = {URL(rule).origin() for rule in rules if "://" in rule}
        self._names = {rule for rule in rules if "://" not in rule and not rule.startswith("*.")}
        self._endings = tuple(rule.removeprefix("*") for rule in rules if rule.startswith("*."))
        self._public = public

    def checked(self, endpoint: str) -> URL:
        """The endpoint as a browser wrote it, or Refused."""
        if not (endpoint.isascii() and endpoint.isprintable() and len(endpoint) <= LONGEST):
            raise Refused
        if set(endpoint) & set(' \\"<>^`{|}#'):
            raise Refused
        try:
            url = URL(endpoint, encoded=True)
            if url.raw_user is not None or url.raw_password is not None:
                raise Refused
            self.rule(url)
        except ValueError:
            raise Refused from None
        return url

    def rule(self, url: URL) -> str:
        """The rule that lets it in, or Refused."""
        if (origin := url.origin()) in self._origins:
            return str(origin)
        host = url.raw_host or ""
        if url.scheme != "https" or url.port != 443 or _NAME.fullmatch(host) is None:
            raise Refused
        if host in self._names:
            return host
        for ending in self._endings:
            if host.endswith(ending):
                return ending
        raise Refused

    def admits(self, host: str, port: int, address: str) -> bool:
        """Whether a connection to this name may go to this address."""
        return self._public(address) or (host, port) in {(each.raw_host, each.port) for each in self._origins}
