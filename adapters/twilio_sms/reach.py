"""Where a media URL may lead, before and after DNS. The URL came over the wire, so nothing in it is trusted.

Allowed is https to a name in the public DNS whose addresses are public, and the origin that `api_base_url` names, which
an admin wrote. A bare address is refused in every notation (dotted, decimal, octal, hex, IPv6), because Twilio never
sends one. The check of the resolved address and the connection use one and the same answer of the resolver, so that a
name that changes its mind in between gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from socket import AF_UNSPEC, AddressFamily
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
"""A name of two labels or more whose last begins with a letter: `inet_aton` reads none of them as a number."""
_PRIVATE_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa", ".localdomain")
_TWILIO = re.compile(r"api(?:\.[a-z0-9-]+){0,2}\.twilio\.com", re.ASCII)
"""https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region: edges and regions."""
_RELAYS: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
"""Protocol assignments and 6to4 relays, which versions of Python judge differently (RFC 6890, RFC 7526)."""
_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out. The mapped, NAT64 and local forms lie outside it."""


class Refused(Exception):
    """A URL that is not to be fetched. It says nothing of the URL."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet and is no way around to an IPv4 address inside."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in _RELAYS)
    return ip in _UNICAST and ip.is_global and ip.sixtofour is None and ip.teredo is None


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


class CheckedResolver(AbstractResolver):
    """Another resolver's answers without those that may not be connected to. What is left is what is connected to."""

    def __init__(self, reach: Reach, inner: AbstractResolver) -> None:
        self._reach = reach
        self._inner = inner

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [each for each in found if self._reach.admits(host, port, each["host"])]
        if not allowed:
            raise Refused
        return allowed

    async def close(self) -> None:
        await self._inner.close()
