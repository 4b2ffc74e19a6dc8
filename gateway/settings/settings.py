"""What the gateway runs on: values, frozen and valid from birth. Nothing above this file reads the configuration."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.channels.registry import Channel
from gateway.domain.routing import Teams
from gateway.files.intake import Limits
from gateway.files.place import Place
from gateway.settings.addresses import Listen, Network, is_loopback
from gateway.settings.storage import Database


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a command says instead of the folder, for as long as it runs; the file may then change without a word."""

    listen: str | None = None
    """"HOST:PORT"."""
    database: Database | None = None


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
    files: Place
    """Where attachments are: a folder, or a part of a bucket."""
    limits: Limits
    """What is taken as an attachment."""
    teams: Teams
    channels: Mapping[str, Channel]
    """The channels that are turned on, by name."""
    version: str
    """12 hexadecimal digits that change with what the files say, a node's own addresses apart; no secret is in it."""
    secret_files: frozenset[Path] = field(compare=False)
    """Where secrets were read from, so that a change of one is noticed."""
    overrides: Overrides = field(default=AS_WRITTEN, compare=False)
    """What it was read with, to be read with again."""

    @property
    def local_socket(self) -> Path:
        """Where the process that serves this folder can be asked how it is doing: beside SQLite's file, else in a
        folder of this user's own, since several nodes of one database may be on one machine."""
        if self.database.engine == "sqlite":
            return self.database.path.with_name(f"{self.database.path.name}-status")
        node = hashlib.sha256(f"{self.folder.resolve()} {self.listen}".encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"teamline-{os.getuid()}" / f"{node}-status"

    @property
    def is_local(self) -> bool:
        """Whether this machine alone can reach us. The demo's phone and accounts exist only then."""
        return is_loopback(self.listen.host) and is_loopback(urlsplit(self.public_url).hostname or "")
