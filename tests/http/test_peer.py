"""Whose request it is: forwarding headers are believed from trusted proxies only."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.http.peer import client

TRUSTED = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))


class _Transport:
    def __init__(self, peer: str) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._peer, 1) if name == "peername" else default


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "198.51.100.7:5678", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7:1, 10.1.2.3:2", "198.51.100.7"),
        ("127.0.0.1", "[2001:db8:1:2::4]:123", "2001:db8:1:2::/64"),
        ("127.0.0.1", "[2001:db8:1:2::4]", "2001:db8:1:2::/64"),
        ("127.0.0.1", "2001:db8:1:2::4", "2001:db8:1:2::/64"),
        ("127.0.0.1", "[::1", "::/64"),
        ("127.0.0.1", "nonsense", "unknown"),
        ("2001:db8:1:2:3::4", None, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
    ],
)
def test_client(peer: str, forwarded: str | None, expected: str) -> None:
    """The client is the rightmost hop that is no trusted proxy, whatever a client writes to the left of it."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers, transport=_Transport(peer))
    assert expected == client(request, TRUSTED)
