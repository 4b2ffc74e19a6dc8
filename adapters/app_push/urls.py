"""Where this channel may be told to go: encrypted addresses, and this machine for a test."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether this name or number is this machine, whatever a resolver says."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def checked(url: str, example: str) -> str:
    """Without a trailing slash. Raises ValueError("wrong; right")."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port  # a port that is none raises
    except ValueError:
        raise ValueError(f'is not a web address; write such as "{example}"') from None
    if not host or re.search(r"[^!-~]", url) or parts.scheme not in {"https", "http"}:
        raise ValueError(f'is not a web address; write such as "{example}"')
    if "@" in parts.netloc or parts.fragment:
        raise ValueError(f'has a login or a fragment; write such as "{example}"')
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("is not encrypted; write https://, as http:// is for this machine alone")
    return url.rstrip("/")
