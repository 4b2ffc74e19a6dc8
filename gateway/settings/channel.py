"""One `adapters/*.toml` into a `Channel`. The adapter declares its keys; this file asks it, and answers by line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from gateway.channels.config import BY_REGION, ChannelConfig
from gateway.channels.contract import AdapterType
from gateway.channels.registry import AdapterError, Channel, installed, load
from gateway.errors import Fault
from gateway.settings.document import Document
from gateway.settings.faults import faults, nearest
from gateway.settings.lines import KeyPath
from gateway.settings.models import NAME
from gateway.settings.secrets import form_only

ConfigModel = type[ChannelConfig]
ReadSecret = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a channel's file may refer to."""

    teams: Collection[str] | None
    """None when teams.toml could not be read: then a team's name is not judged."""
    public_url: str | None
    listen: str
    claims: dict[tuple[str, str], str] = field(default_factory=dict)
    """(adapter, what it claims) -> the file that claimed it; each file that is read adds its own."""


def read_channel(document: Document, secrets: ReadSecret, around: Surroundings) -> tuple[Channel | None, list[Fault]]:
    """The channel, None when it is turned off or has faults, and the faults."""
    found = list(_name_faults(document))
    kind, fault = _adapter(document)
    if kind is None:
        return None, [*found, *fault]
    enabled = document.data.get("enabled") is not False
    try:
        config = _validate(document, kind.config, secrets if enabled else form_only)
    except ValidationError as error:
        found += faults(document, kind.config, error)
        return None, [*found, *(_hidden(document, kind.config, around) if enabled else ())]
    if enabled:
        found += _references(document, config, around)
    if found or not enabled:
        return None, found
    return Channel(PurePath(document.path).stem, document.path, kind, config), []


def _validate(document: Document, model: ConfigModel, secrets: ReadSecret) -> ChannelConfig:
    return model.model_validate(dict(document.data), context={"secrets": secrets})


def _hidden(document: Document, model: ConfigModel, around: Surroundings) -> Iterable[Fault]:
    """What a file with faults refers to wrongly: a secret that is not set must not hide a team that is not there."""
    try:
        return _references(document, _validate(document, model, form_only), around)
    except ValidationError:
        return _unknown_teams(document, _numbers(document), around)


def _numbers(document: Document) -> Iterator[tuple[KeyPath, str]]:
    """The teams under [numbers], where every adapter has them, from what the file says as it stands."""
    numbers = document.data.get("numbers")
    for number, told in numbers.items() if isinstance(numbers, dict) else ():
        team = told.get("team") if isinstance(told, dict) else told
        if isinstance(team, str):
            yield ("numbers", number), team


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
    yield from _unknown_teams(document, config.teams(), around)
    for key, claim in config.claims():
        owner = around.claims.setdefault((config.adapter, claim), document.path)
        if owner != document.path:
            right = "name it in one file, or one message would become two"
            yield document.fault(key, f"is claimed by {owner} already", right)
    if around.public_url is not None:
        for key, problem, remedy in config.problems(around.public_url, around.listen):
            yield document.fault(key, problem, remedy)


def _unknown_teams(document: Document, named: Iterable[tuple[KeyPath, str]], around: Surroundings) -> Iterator[Fault]:
    for key, team in named:
        if around.teams is not None and team != BY_REGION and team not in around.teams:
            yield document.fault(key, "is no team", nearest(team, {*around.teams, BY_REGION}))
