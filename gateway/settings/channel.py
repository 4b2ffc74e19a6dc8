"""One `adapters/*.toml` into a `Channel`. The adapter declares its keys; this file asks it, and answers by line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from gateway.channels.config import BY_REGION, ChannelConfig
from gateway.channels.contract import AdapterType
from gateway.channels.registry import AdapterError, Channel, installed, load
from gateway.errors import Fault
from gateway.settings.document import Document
from gateway.settings.faults import faults, nearest
from gateway.settings.models import NAME
from gateway.settings.secrets import SecretReader, form_only

ConfigModel = type[ChannelConfig]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a channel's file may refer to."""

    teams: Collection[str] | None
    """None when teams.toml could not be read: then a team's name is not judged."""
    public_url: str | None
    listen: str


def read_channel(document: Document, secrets: SecretReader, around: Surroundings) -> tuple[Channel | None, list[Fault]]:
    """The channel, None when it is turned off or has faults, and the faults."""
    found = list(_name_faults(document))
    kind, fault = _adapter(document)
    if kind is None:
        return None, [*found, *fault]
    enabled = document.data.get("enabled") is not False
    reader: Callable[[object], str] = secrets if enabled else form_only
    try:
        config = kind.config.model_validate(dict(document.data), context={"secrets": reader})
    except ValidationError as error:
        return None, [*found, *faults(document, kind.config, error)]
    if enabled:
        found += _references(document, config, around)
    if found or not enabled:
        return None, found
    return Channel(PurePath(document.path).stem, document.path, kind, config), []


def _name_faults(document: Document) -> Iterator[Fault]:
    name = PurePath(document.path).stem
    if name.startswith("_"):
        yield document.fault((), "has a reserved name", "let its name start with a letter or a digit")
    elif NAME.fullmatch(name) is None:
        right = 'rename it to 1 to 40 of a-z, 0-9 and "-", such as "sms.toml"'
        yield document.fault((), "has a name that cannot be a channel's", right)


def _adapter(document: Document) -> tuple[AdapterType | None, list[Fault]]:
    name: Any = document.data.get("adapter")
    entries = installed()
    if name is None:
        return None, [document.fault(("adapter",), "is missing", f"name one of: {', '.join(entries)}")]
    if not isinstance(name, str):
        return None, [document.fault(("adapter",), "is not text", f"name one of: {', '.join(entries)}")]
    if name not in entries:
        right = f"{nearest(name, entries)} (installed: {', '.join(entries) or 'none'})"
        return None, [document.fault(("adapter",), "is not an installed adapter", right)]
    try:
        return load(entries[name]), []
    except AdapterError as broken:
        right = "install it anew, or name another adapter"
        return None, [document.fault(("adapter",), f"cannot be loaded ({broken})", right)]


def _references(document: Document, config: ChannelConfig, around: Surroundings) -> Iterator[Fault]:
    for key, team in config.teams():
        if around.teams is not None and team != BY_REGION and team not in around.teams:
            yield document.fault(key, "is no team", nearest(team, {*around.teams, BY_REGION}))
    if around.public_url is not None:
        for key, problem, remedy in config.problems(around.public_url, around.listen):
            yield document.fault(key, problem, remedy)
