"""Addresses as they are written in `gateway.toml`: what is listened on, who is trusted, what is reached by a URL.

Nothing here asks a name server or opens a connection. What is refused is not repeated.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network

_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})", re.ASCII)


class Listen(NamedTuple):
    """An address to listen on; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses, without asking a name server."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def listen_address(value: Any) -> Listen:
    """From "HOST:PORT". Raises ValueError."""
    match = _LISTEN.fullmatch(text(value))
    if match is None or int(match[3]) > 65535:
        raise ValueError('is not HOST:PORT; write such as "127.0.0.1:8080", "[::1]:8080" or, for all, "0.0.0.0:8080"')
    return Listen(match[1] or match[2], int(match[3]))


def network(value: Any) -> Network:
    """From an address or "ADDRESS/BITS". Raises ValueError."""
    try:
        return ip_network(text(value))
    except ValueError:
        raise ValueError('is not an address or a network; write such as "127.0.0.1" or "10.0.0.0/8"') from None


def web_address(value: str, example: str = "https://care.example.com") -> str:
    """Scheme, host and optional path prefix, without a slash at the end. Raises ValueError."""
    example = f'write such as "{example}"'
    try:
        url = urlsplit(value)
        _ = url.port  # looked at, so that a bad one is found here
    except ValueError:
        raise ValueError(f"is not a URL; {example}") from None
    if url.scheme not in {"http", "https"} or not url.hostname or re.search(r"[^!-~]", value):
        raise ValueError(f"is not a web address; {example}")
    if "?" in value or "#" in value or "@" in url.netloc:
        raise ValueError(f"has more than scheme, host and path; {example}")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("is not encrypted; write https://, as http:// is for this machine alone")
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"


def text(value: Any) -> str:
    """For values that a plain validator reads. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("is not text; write it in quotes")  # noqa: TRY004  pydantic collects ValueErrors
    return value
