"""Connections to places that somebody else has named: only to the public internet, whatever DNS says.

What a URL may look like is each adapter's own rule. Here is what all of them share: which addresses are public, and a
resolver whose checked answer is the very one that is connected to, so that a name that changes its mind in between
gains nothing. An HTTP client does not resolve a bare address: refuse those by their looks.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from socket import AF_UNSPEC, AddressFamily
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

_RELAYS: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
"""Protocol assignments and 6to4 relays, which versions of Python judge differently (RFC 6890, RFC 7526)."""
_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out. The mapped, NAT64 and local forms lie outside it."""

Admits = Callable[[str, int, str], bool]
"""Whether a connection to this name and port may go to this address."""


class Refused(Exception):
    """A URL that is not to be asked. It says nothing of the URL."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet and is no way around to an IPv4 address inside."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in _RELAYS)
    return ip in _UNICAST and ip.is_global and ip.sixtofour is None and ip.teredo is None


class CheckedResolver(AbstractResolver):
    """Another resolver's answers without those that may not be connected to. What is left is what is connected to."""

    def __init__(self, admits: Admits, inner: AbstractResolver) -> None:
        self._admits = admits
        self._inner = inner

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [each for each in found if self._admits(host, port, each["host"])]
        if not allowed:
            raise Refused
        return allowed

    async def close(self) -> None:
        await self._inner.close()
