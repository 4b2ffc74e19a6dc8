"""docs/config.md and config/ against the models: nothing undocumented, nothing invented, every example loads."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.channels import registry
from gateway.channels.config import ChannelConfig, Destination
from gateway.settings import load
from gateway.settings.models import GatewayFile, TeamsFile, TeamTable
from gateway.settings.storage import PARAMETERS

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/config.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
KEEPS = {"TWILIO_AUTH_TOKEN": "s3cret"}


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, _adapters: None) -> None:
    """Here the real adapters are wanted."""
    monkeypatch.setattr(registry, "entry_points", entry_points)


def documented(heading: str) -> dict[str, str]:
    """Key -> default, from the tables under a heading."""
    section = DOCS.split(f"\n{heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return {row[1]: row[2] for row in re.finditer(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE)}


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, bool]]:
    """(key, whether it is required); tables of the file itself are opened."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.is_required()


def own(model: type[ChannelConfig]) -> dict[str, bool]:
    return {key: needed for key, needed in keys(model) if key not in ChannelConfig.model_fields}


def adapter(name: str) -> type[ChannelConfig]:
    return registry.load(registry.installed()[name]).config


CASES: Mapping[str, dict[str, bool]] = {
    "## gateway.toml": dict(keys(GatewayFile)),
    "## teams.toml": {"default_team": False} | dict(keys(TeamTable, "team.")),
    "## adapters/*.toml": dict(keys(ChannelConfig)) | dict(keys(Destination, "numbers.*.")),
    '### `adapter = "app_push"`': own(adapter("app_push")),
    '### `adapter = "loopback"`': own(adapter("loopback")),
    '### `adapter = "twilio_sms"`': own(adapter("twilio_sms")),
    '### `adapter = "twilio_voice"`': own(adapter("twilio_voice")),
}


@pytest.mark.parametrize("heading", CASES)
def test_every_key_is_documented_and_exists(heading: str) -> None:
    """The tables name the keys of the models, all of them and no others, and say which are required."""
    tables = documented(heading)
    assert set(CASES[heading]) == set(tables)
    for key, required in CASES[heading].items():
        assert required == (tables[key].strip() == "required"), key


def test_the_list_of_files_is_whole() -> None:
    """teams.toml holds teams and their default; an adapter that is installed has its section."""
    assert {"default_team", "team"} == set(TeamsFile.model_fields)
    assert set(re.findall(r'^### `adapter = "(\w+)"`', DOCS, re.MULTILINE)) == set(registry.installed())


def test_the_defaults_are_the_documented_ones() -> None:
    """A default that is written as a value is the model's."""
    server, database = GatewayFile().server, GatewayFile().database
    assert f'"{server.listen}"' == documented("## gateway.toml")["server.listen"].strip("` ")
    assert f'"{database.url}"' == documented("## gateway.toml")["database.url"].strip("` ")
    for name in ("twilio_sms", "twilio_voice"):
        default = adapter(name).model_fields["api_base_url"].default
        assert f'"{default}"' == documented(f'### `adapter = "{name}"`')["api_base_url"].strip("` ")


def test_the_examples_of_storage_load(tmp_path: Path) -> None:
    """PostgreSQL and S3 as the document writes them, with their secrets in the environment and in a file."""
    storage = [text for text in EXAMPLES if "postgresql://" in text or "s3://" in text]
    (tmp_path / "gateway.toml").write_text("".join(storage))
    (tmp_path / "teams.toml").write_text(next(text for text in EXAMPLES if text.startswith("default_team")))
    (tmp_path / "s3-secret").write_text("s3cret\n")
    settings = load(tmp_path, {"TEAMLINE_DATABASE_PASSWORD": "pw", "TEAMLINE_S3_KEY": "key"})
    assert ("postgresql", "s3://acme-teamline/files") == (settings.database.engine, settings.files.url)
    assert set(PARAMETERS) <= set(re.findall(r"`(\w+)`", DOCS.split("\n### PostgreSQL\n")[1].split("\n### ")[0]))


@pytest.mark.parametrize("name", ["loopback", "twilio_sms", "twilio_voice"])
def test_the_examples_load(name: str, tmp_path: Path) -> None:
    """The examples of the document, put together, are a folder without a fault."""
    examples = {next(iter(tomllib.loads(text))): text for text in EXAMPLES}
    gateway = examples["server"].replace("https://care.example.com", "http://127.0.0.1:8080")
    channel = next(text for text in EXAMPLES if text.startswith(f'adapter = "{name}"'))
    (tmp_path / "adapters").mkdir()
    (tmp_path / "gateway.toml").write_text(gateway)
    (tmp_path / "teams.toml").write_text(examples["default_team"])
    (tmp_path / "twilio-token-new").write_text("n3w\n")
    (tmp_path / f"adapters/{name.replace('_', '-')}.toml").write_text(channel)
    assert [name] == [each.config.adapter for each in load(tmp_path, KEEPS).channels.values()]


def test_the_shipped_folder_is_the_demos(tmp_path: Path) -> None:
    """config/ loads without an account anywhere: a phone on this machine, the web page, and Twilio turned off."""
    settings = load(ROOT / "config", {})
    assert settings.is_local
    assert ["phone", "web"] == list(settings.channels)
    assert ["front-range", "great-lakes"] == [team.id for team in settings.teams]


def test_the_shipped_folder_becomes_a_real_one(tmp_path: Path) -> None:
    """Turning Twilio on takes a public URL, the token, and the phone turned off."""
    for name in ("gateway.toml", "teams.toml", "adapters/phone.toml", "adapters/sms.toml"):
        text = (ROOT / "config" / name).read_text(encoding="utf-8")
        wanted = r"^# (?=public_url|trusted|operator|messaging|\"\+1312|\[files\]|url = \"file)"
        text = re.sub(wanted, "", text, flags=re.MULTILINE)
        text = re.sub("enabled = false$", "enabled = true", text, flags=re.MULTILINE)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace('adapter = "loopback"', 'adapter = "loopback"\nenabled = false'))
    settings = load(tmp_path, KEEPS)
    assert ["sms"] == list(settings.channels)
    assert settings.public_url == "https://care.example.com"


def test_an_empty_twilio_token_refuses_by_file_and_key(tmp_path: Path) -> None:
    """Also when only the second of two is empty."""
    (tmp_path / "adapters").mkdir()
    for name in ("gateway.toml", "teams.toml"):
        (tmp_path / name).write_text((ROOT / "config" / name).read_text(encoding="utf-8"))
    text = next(text for text in EXAMPLES if text.startswith('adapter = "twilio_sms"')).replace(
        '{ file = "twilio-token-new" }', '{ env = "SECOND" }'
    )
    (tmp_path / "adapters/sms.toml").write_text(text)
    with pytest.raises(
        Exception, match=r"adapters/sms\.toml:3: auth_token: the environment variable SECOND is empty; "
    ):
        load(tmp_path, KEEPS | {"SECOND": ""})


def test_a_folder_with_twilio_loads_without_the_twilio_package(tmp_path: Path) -> None:
    """The package is slow to import, and not on the way to listening."""
    (tmp_path / "adapters").mkdir()
    for name in ("gateway.toml", "teams.toml", "adapters/sms.toml"):
        text = (ROOT / "config" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("enabled = false", "enabled = true"))
    code = (
        "import sys, pathlib\nfrom gateway.settings import load\n"
        "assert list(load(pathlib.Path(sys.argv[1])).channels) == ['sms']\n"
        "print('twilio' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert "False\n" == subprocess.run(command, env=KEEPS, capture_output=True, text=True, check=True).stdout
