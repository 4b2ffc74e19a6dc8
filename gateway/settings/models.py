"""The shape of `gateway.toml` and `teams.toml`: every key, its type and its default. A key without effect has no place.

An adapter's keys are declared by the adapter. A validator says "what is wrong; what would be right" and never repeats
what it was given, unless it can be no secret.
"""

from __future__ import annotations

import difflib
import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainValidator

from gateway.channels.config import BY_REGION, Strict
from gateway.files.intake import MEGABYTE, Limits
from gateway.files.kinds import KINDS, USUAL

NAME: Final = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
"""A team's id or a channel's name."""

_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})", re.ASCII)
_REGION = re.compile(r"\+[1-9]\d{0,14}|[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_SQLITE = "sqlite:///"
_FILE = "file://"
_KERNELS = ("dev", "proc", "sys")
_ELSEWHERE = 'choose another folder, such as "file:///var/lib/teamline"'

Network = IPv4Network | IPv6Network


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
    match = _LISTEN.fullmatch(_text(value))
    if match is None or int(match[3]) > 65535:
        raise ValueError('is not HOST:PORT; write such as "127.0.0.1:8080", "[::1]:8080" or, for all, "0.0.0.0:8080"')
    return Listen(match[1] or match[2], int(match[3]))


def _web_address(value: str) -> str:
    """Scheme, host and optional path prefix, without a slash at the end. Raises ValueError."""
    example = 'write such as "https://care.example.com"'
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


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is not text; write it in quotes")  # noqa: TRY004  pydantic collects ValueErrors
    return value


def _network(value: Any) -> Network:
    try:
        return ip_network(_text(value))
    except ValueError:
        raise ValueError('is not an address or a network; write such as "127.0.0.1" or "10.0.0.0/8"') from None


def _sqlite(value: str) -> str:
    path = value.removeprefix(_SQLITE)
    if path == value or not path or path.endswith("/") or re.search(r"[?#\x00]|:memory:", path):
        raise ValueError('is not a database file; write "sqlite:///var/teamline.db", with four slashes for a full path')
    return value


def _file_url(value: str) -> str:
    if not value.startswith(f"{_FILE}/") or re.search(r"[?#%\x00]", value):
        raise ValueError('is not a folder\'s URL; write such as "file:///var/lib/teamline", with a full path')
    path = Path(value.removeprefix(_FILE))
    if path.parts[1:2] and path.parts[1] in _KERNELS:
        raise ValueError(f"is where only the system makes folders; {_ELSEWHERE}")
    if _is_blocked(path):
        raise ValueError(f"cannot be made, as a file is in its way; {_ELSEWHERE}")
    return value


def _is_blocked(folder: Path) -> bool:
    """Whether a file stands where this folder, or one above it, would have to be."""
    try:
        return any(above.exists() and not above.is_dir() for above in (folder, *folder.parents))
    except OSError:  # not for us to look at: whoever serves may
        return False


def _media_type(value: str) -> str:
    if value not in KINDS:
        near = difflib.get_close_matches(value, KINDS, 1, 0.8)  # all pictures are alike in `image/` already
        known = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(sorted(KINDS))}"
        raise ValueError(f"is no type that can be taken; {known}")
    return value


def _zone(value: Any) -> ZoneInfo:
    name = _text(value)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the database
        near = difflib.get_close_matches(name, available_timezones(), 1, 0.8)
        raise ValueError(f'is no time zone; write such as "{near[0] if near else "America/Denver"}"') from None


def _team_id(value: str) -> str:
    if value.startswith("_") or value == BY_REGION:
        raise ValueError("is a reserved word; choose another id")
    if NAME.fullmatch(value) is None:
        raise ValueError('is not a team\'s id; write 1 to 40 of a-z, 0-9 and "-", such as "front-range"')
    return value


def _name(value: str) -> str:
    if not 0 < len(value.strip()) <= 80 or not value.isprintable():
        raise ValueError("is no name that can be shown; write 1 to 80 characters")
    return value


def _region(value: str) -> str:
    if _REGION.fullmatch(value) is None:
        raise ValueError('is no region; write a number prefix such as "+1303" or a place such as "US-CO" or "US"')
    return value


ListenAddress = Annotated[Listen, PlainValidator(listen_address)]


class Server(Strict):
    """`[server]` of gateway.toml."""

    listen: ListenAddress = Listen("127.0.0.1", 8080)
    public_url: Annotated[str, AfterValidator(_web_address)] | None = None
    trusted_proxies: tuple[Annotated[Network, PlainValidator(_network)], ...] = ()
    operator_listen: ListenAddress | None = None


class Database(Strict):
    """`[database]` of gateway.toml."""

    url: Annotated[str, AfterValidator(_sqlite)] = "sqlite:///var/teamline.db"

    @property
    def path(self) -> Path:
        """The database file; a relative one is relative to the working folder."""
        return Path(self.url.removeprefix(_SQLITE))


class Files(Strict):
    """`[files]` of gateway.toml."""

    url: Annotated[str, AfterValidator(_file_url)] | None = None
    max_mb: Annotated[float, Field(gt=0, le=100, strict=True, allow_inf_nan=False)] = 25
    max_megapixels: Annotated[float, Field(gt=0, le=200, strict=True, allow_inf_nan=False)] = 50
    types: Annotated[frozenset[Annotated[str, AfterValidator(_media_type)]], Field(min_length=1)] = USUAL

    @property
    def limits(self) -> Limits:
        return Limits(int(self.max_mb * MEGABYTE), int(self.max_megapixels * MEGABYTE), self.types)

    @property
    def path(self) -> Path | None:
        return Path(self.url.removeprefix(_FILE)) if self.url else None


class GatewayFile(Strict):
    """gateway.toml."""

    server: Server = Server()
    database: Database = Database()
    files: Files = Files()


class TeamTable(Strict):
    """One `[[team]]` of teams.toml."""

    id: Annotated[str, AfterValidator(_team_id), Field(examples=["front-range"])]
    name: Annotated[str, AfterValidator(_name), Field(examples=["Front Range"])]
    timezone: Annotated[ZoneInfo, PlainValidator(_zone), Field(examples=["America/Denver"])]
    regions: tuple[Annotated[str, AfterValidator(_region)], ...] = ()
    hours: dict[str, tuple[str, ...]] | None = None


class TeamsFile(Strict):
    """teams.toml. Each team is validated by itself, so that one's fault does not hide another's."""

    default_team: str | None = None
    team: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]
