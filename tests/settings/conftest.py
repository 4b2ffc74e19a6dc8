"""A config folder to break, and a small adapter that is found as any other: by its entry point."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from pydantic import Field

from gateway.channels import registry
from gateway.channels.config import ChannelConfig, Destination, Secret
from gateway.channels.contract import Capabilities, Context

GATEWAY = """\
[server]
listen = "127.0.0.1:8080"
public_url = "https://care.example.com"
[database]
url = "sqlite:///var/teamline.db"
"""
TEAMS = """\
default_team = "front-range"
[[team]]
id = "front-range"
name = "Front Range"
timezone = "America/Denver"
regions = ["US-CO", "+1303"]
hours = { mon-fri = ["07:00-21:00"], sat = ["09:00-13:00", "14:00-17:00"] }

[[team]]
id = "great-lakes"
name = "Great Lakes"
timezone = "America/Chicago"
"""
SMS = """\
adapter = "parrot"
token = { env = "PARROT_TOKEN" }
[numbers]
"+13035550100" = "front-range"
"""


class ParrotConfig(ChannelConfig):
    token: Secret | Annotated[tuple[Secret, ...], Field(min_length=2, max_length=2)]
    numbers: dict[str, Destination | str] = {}
    pace: Annotated[int, Field(ge=1)] = 1
    weird: Any = None

    def teams(self) -> Iterable[tuple[tuple[str, ...], str]]:
        for number, where in self.numbers.items():
            yield ("numbers", number), where if isinstance(where, str) else where.team

    def claims(self) -> Iterable[tuple[tuple[str, ...], str]]:
        return ((("numbers", number), number) for number in self.numbers)

    def problems(self, public_url: str, listen: str) -> Iterable[tuple[tuple[str, ...], str, str]]:
        if self.pace == 13:
            yield ("pace",), f"is unlucky on {listen}", "write 12"


class Parrot:
    """An adapter that does nothing but count."""

    capabilities = Capabilities()
    concurrency = 1

    def __init__(self, config: ChannelConfig, context: Context) -> None:
        self.config = config
        self.context = context
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


class ParrotType:
    config = ParrotConfig

    def create(self, config: ChannelConfig, context: Context) -> Parrot:
        if isinstance(config, ParrotConfig) and config.pace == 666:
            raise RuntimeError("a word that must not be repeated")
        return Parrot(config, context)


@pytest.fixture(autouse=True)
def _adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("parrot_for_tests")
    module.__dict__.update(adapter=ParrotType(), useless=object())
    monkeypatch.setitem(sys.modules, module.__name__, module)
    values = {"parrot": "parrot_for_tests:adapter", "useless": "parrot_for_tests:useless", "broken": "no_such_module:x"}
    entries = [EntryPoint(name, value, registry.GROUP) for name, value in values.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == registry.GROUP else [])


Write = Callable[[str, str | bytes], None]


@pytest.fixture
def files() -> Mapping[str, str]:
    """The files of a valid folder."""
    return {"gateway.toml": GATEWAY, "teams.toml": TEAMS, "adapters/sms.toml": SMS}


@pytest.fixture
def folder(files: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valid folder called `config` in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    Path("config/adapters").mkdir(parents=True)
    for name, text in files.items():
        Path("config", name).write_text(text, encoding="utf-8")
    return Path("config")


@pytest.fixture
def write(folder: Path) -> Write:
    """Replaces one file of the folder, at one stroke."""

    def replace(name: str, content: str | bytes) -> None:
        (folder / ".new").write_bytes(content.encode() if isinstance(content, str) else content)
        (folder / ".new").replace(folder / name)

    return replace


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PARROT_TOKEN": "s3cret"}
