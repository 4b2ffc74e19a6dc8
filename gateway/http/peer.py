"""Who is at the other end of a connection. Forwarding headers are believed from trusted proxies only."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway.settings.addresses import Network, is_loopback

_FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via")


def is_direct(request: web.Request) -> bool:
    """Whether the request was made on this machine and came through no proxy that says so."""
    peer = request.remote
    if peer is None or not (peer.startswith("127.") or peer == "::1"):
        return False
    headers = request.headers
    return not any(name in headers for name in _FORWARDED)


def is_private(request: web.Request) -> bool:
    """A direct request made to this machine's own name: a proxy that adds no header would pass on the public one, and
    so would a page elsewhere whose name was made to point here."""
    return is_direct(request) and is_loopback(urlsplit(f"//{request.host}").hostname or "")


def client(request: web.Request, trusted: Sequence[Network]) -> str:
    """The client's address: the peer, or the rightmost hop of X-Forwarded-For that is no trusted proxy.

    An IPv6 address counts as its /64, since a client has all of that.
    """
    address = request.remote or ""
    hops = [_without_port(hop.strip()) for hop in ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")]
    while hops and _is_trusted(address, trusted):
        address = hops.pop() or address
    return _whole(address)


def _without_port(hop: str) -> str:
    """Some proxies write "192.0.2.1:5678" or "[2001:db8::1]:5678" (RFC 7239, 6)."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in trusted)
    except ValueError:
        return False


def _whole(address: str) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)
