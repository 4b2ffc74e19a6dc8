"""The keys of a web channel's file. There is no provider, so no secret: visitors' tokens are rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

from gateway.channels.config import BY_REGION, ChannelConfig

_EXAMPLE: Final = 'write such as "https://www.example.com"'
_PORTS: Final = {"https": 443, "http": 80}


def _origin(value: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.2): scheme, host in lower case, a port only where it is unusual."""
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise ValueError(f"is not a web address; {_EXAMPLE}") from None
    if url.scheme not in _PORTS or not url.hostname or re.search(r"[^!-~]", value) or "*" in value:
        raise ValueError(f"is not a web address; {_EXAMPLE}, without wildcards and in ASCII")
    if url.path not in {"", "/"} or "?" in value or "#" in value or "@" in url.netloc:
        raise ValueError(f"has more than scheme, host and port; {_EXAMPLE}")
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError("is not encrypted; write https://, as http:// is for this machine alone")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}" + ("" if port in {None, _PORTS[url.scheme]} else f":{port}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class WebChatConfig(ChannelConfig):
    """`adapters/<channel>.toml` with `adapter = "web_chat"`."""

    team: str = BY_REGION
    """Whose customers new visitors are: a team's id, or "by-region", which for a visitor without a place is the default
    team, or the only one."""
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Pages elsewhere that may call the customer API with a visitor's token. Our own always may."""

    def teams(self) -> Iterable[tuple[tuple[str, ...], str]]:
        return [(("team",), self.team)]
