"""The config folder as a whole: read once into `Settings`, or refused with every fault in it.

This is the only file that knows which files there are. It never raises anything but ConfigError for what they contain.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from gateway.channels.registry import Channel
from gateway.domain.routing import Teams
from gateway.errors import ConfigError, Fault
from gateway.files.place import Place
from gateway.settings.addresses import Listen, is_loopback, listen_address
from gateway.settings.channel import Surroundings, read_channel
from gateway.settings.document import Document, read
from gateway.settings.faults import faults
from gateway.settings.models import GatewayFile
from gateway.settings.robots import robots
from gateway.settings.secrets import SecretReader, form_only
from gateway.settings.settings import AS_WRITTEN, Overrides, Settings
from gateway.settings.storage import Database
from gateway.settings.teams import read_teams, team_ids


def load(
    folder: Path,
    environ: Mapping[str, str] = os.environ,
    overrides: Overrides = AS_WRITTEN,
    *,
    with_secrets: bool = True,
) -> Settings:
    """Read a config folder; `overrides` stand instead of what it says. Raises ConfigError with all its faults.

    Without secrets, for who only works on the database and its files, everything else is checked, and the settings have
    no channel: none may ever be used under a secret that was not read. What gateway.toml asks for is always read.
    """
    return _Reading(folder, environ, overrides, with_secrets).settings()


class _Reading:
    """One pass over a folder, which collects faults instead of stopping at one."""

    def __init__(self, folder: Path, environ: Mapping[str, str], overrides: Overrides, with_secrets: bool) -> None:
        self.folder = folder
        self.secrets = SecretReader(folder, environ)
        self.channel_secrets = SecretReader(folder, environ, ", or turn the channel off: enabled = false")
        self.with_secrets = with_secrets
        self.overrides = overrides
        self.override = _override(overrides.listen) if overrides.listen else None
        self.faults: list[Fault] = []
        self.documents: dict[str, Document] = {}

    def settings(self) -> Settings:
        if not self.folder.is_dir():
            wrong = "is not a folder" if self.folder.exists() else "is missing"
            raise ConfigError((Fault(str(self.folder), 0, "folder", wrong, "name the folder with gateway.toml in it"),))
        gateway = self._gateway()
        teams = self._teams()
        listen = self._listen(gateway)
        public_url = self._public_url(gateway, listen)
        channels = self._channels(public_url, listen)
        self._refuse_robots()
        if self.faults or gateway is None or teams is None or public_url is None:
            raise ConfigError(tuple(sorted(set(self.faults))))
        database = self.overrides.database or gateway.database
        return Settings(
            folder=self.folder,
            listen=listen,
            public_url=public_url,
            trusted_proxies=gateway.server.trusted_proxies,
            operator_listen=gateway.server.operator_listen,
            database=database,
            files=self._files(gateway, database),
            limits=gateway.files.limits,
            teams=teams,
            channels=MappingProxyType({channel.name: channel for channel in channels}),
            version=_version(self.documents),
            secret_files=frozenset(self.secrets.files | self.channel_secrets.files),
            overrides=self.overrides,
        )

    def _files(self, gateway: GatewayFile, database: Database) -> Place:
        """The database's own folder unless it is said; a command's own database has its own too, since what one
        database does not name is deleted."""
        return database.files if self.overrides.database else gateway.files.place or database.files

    def _read(self, name: str) -> Document | None:
        try:
            self.documents[name] = read(self.folder / name)
        except ConfigError as error:
            self.faults += error.faults
        return self.documents.get(name)

    def _gateway(self) -> GatewayFile | None:
        document = self._read("gateway.toml")
        if document is None:
            return None
        try:
            return GatewayFile.model_validate(dict(document.data), context={"secrets": self.secrets})
        except ValidationError as error:
            self.faults += faults(document, GatewayFile, error)
            return None

    def _listen(self, gateway: GatewayFile | None) -> Listen:
        said = (gateway or GatewayFile()).server
        listen = self.override or said.listen
        if gateway is not None and listen == said.operator_listen and listen.port:
            wrong, right = "is the address of `listen` too", "choose another port"
            self.faults.append(self.documents["gateway.toml"].fault(("server", "operator_listen"), wrong, right))
        return listen

    def _public_url(self, gateway: GatewayFile | None, listen: Listen) -> str | None:
        """What the file says; else our own address, when nobody else can reach us anyway."""
        if gateway is None:
            return None
        if gateway.server.public_url is None and not is_loopback(listen.host):
            right = 'add such as public_url = "https://care.example.com"'
            self.faults.append(self.documents["gateway.toml"].fault(("server", "public_url"), "is missing", right))
            return None
        return gateway.server.public_url or f"http://{listen}"

    def _teams(self) -> Teams | None:
        document = self._read("teams.toml")
        if document is None:
            return None
        teams, found = read_teams(document)
        self.faults += found
        return teams

    def _channels(self, public_url: str | None, listen: Listen) -> list[Channel]:
        teams = self.documents.get("teams.toml")
        around = Surroundings(team_ids(teams) if teams else None, public_url, str(listen))
        secrets = self.channel_secrets if self.with_secrets else form_only
        channels = []
        for name in self._adapter_files():
            document = self._read(name)
            if document is not None:
                channel, found = read_channel(document, secrets, around)
                self.faults += found
                channels += [channel] if channel else []
        return channels if self.with_secrets else []

    def _adapter_files(self) -> Iterable[str]:
        """Dot files are an editor's."""
        try:
            found = sorted(path.name for path in (self.folder / "adapters").iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            where, wrong = str(self.folder / "adapters"), f"cannot be read ({error.strerror})"
            self.faults.append(Fault(where, 0, "folder", wrong, "make it a folder that this user can read"))
            return []
        return [f"adapters/{name}" for name in found if name.endswith(".toml") and not name.startswith(".")]

    def _refuse_robots(self) -> None:
        """The reason stands instead of any other complaint about the same key."""
        for document in self.documents.values():
            found = [fault for _, fault in robots(document)]
            refused = {(fault.path, fault.line, fault.key) for fault in found}
            self.faults = [fault for fault in self.faults if (fault.path, fault.line, fault.key) not in refused] + found


def _override(listen: str) -> Listen:
    try:
        return listen_address(listen)
    except ValueError as error:
        wrong, _, right = str(error).partition("; ")
        raise ConfigError((Fault("command line", 0, "--listen", wrong, right),)) from None


OWN: Final = frozenset({"listen", "operator_listen"})
"""What each node has for itself: not in the version by which nodes are compared."""


def _version(documents: Mapping[str, Document]) -> str:
    content: dict[str, Any] = {name: dict(document.data) for name, document in documents.items()}
    server = content["gateway.toml"].get("server", {})
    content["gateway.toml"]["server"] = {key: value for key, value in server.items() if key not in OWN}
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
