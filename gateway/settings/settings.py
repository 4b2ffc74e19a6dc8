"""What the gateway runs on: values, frozen and valid from birth. Nothing above this file reads the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.channels.registry import Channel
from gateway.domain.routing import Teams
from gateway.files.intake import Limits
from gateway.settings.models import Database, Listen, Network, is_loopback


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a command says instead of the folder, for as long as it runs; the file may then change without a word."""

    listen: str | None = None
    """"HOST:PORT"."""
    database: Database | None = None


def local_socket(database: Path) -> Path:
    """Where the process that serves a database can be asked how it is doing."""
    return database.with_name(f"{database.name}-status")


AS_WRITTEN: Final = Overrides()


@dataclass(frozen=True, slots=True)
class Settings:
    """One valid config folder, read once."""

    folder: Path
    listen: Listen
    public_url: str
    """Scheme, host and optional path prefix, without a slash at the end."""
    trusted_proxies: tuple[Network, ...]
    operator_listen: Listen | None
    database: Database
    files: Path
    """The folder of attachments."""
    limits: Limits
    """What is taken as an attachment."""
    teams: Teams
    channels: Mapping[str, Channel]
    """The channels that are turned on, by name."""
    version: str
    """12 hexadecimal digits that change with what the files say, `listen` apart; secrets are not in it."""
    secret_files: frozenset[Path] = field(compare=False)
    """Where secrets were read from, so that a change of one is noticed."""
    overrides: Overrides = field(default=AS_WRITTEN, compare=False)
    """What it was read with, to be read with again."""

    @property
    def is_local(self) -> bool:
        """Whether this machine alone can reach us. The demo's phone and accounts exist only then."""
        return is_loopback(self.listen.host) and is_loopback(urlsplit(self.public_url).hostname or "")
