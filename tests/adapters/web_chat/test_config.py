"""What a web channel's file may say, and how `teamline check` answers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

import adapters.web_chat
from adapters.web_chat.config import WebChatConfig
from gateway.errors import ConfigError
from gateway.settings import load

CONFIG = Path(__file__).parents[3] / "config"


def test_the_example_is_valid() -> None:
    """The example file loads as it stands."""
    text = (Path(adapters.web_chat.__file__).parent / "example.toml").read_text()
    read = WebChatConfig.model_validate(tomllib.loads(text))
    assert ("by-region", ("https://www.example.com",)) == (read.team, read.origins)


def test_nothing_need_be_said() -> None:
    """A file that only names the adapter serves the default team, for our own page."""
    read = WebChatConfig(adapter="web_chat")
    assert (("by-region", ()), [(("team",), "by-region")]) == ((read.team, read.origins), list(read.teams()))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("https://WWW.Example.com/", "https://www.example.com"),
        ("https://www.example.com:443", "https://www.example.com"),
        ("https://www.example.com:8443", "https://www.example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(said: str, kept: str) -> None:
    """Lower case, no slash, no port that goes without saying."""
    assert (kept,) == WebChatConfig(adapter="web_chat", origins=(said,)).origins


@pytest.mark.parametrize(
    "said",
    [
        "http://www.example.com",
        "www.example.com",
        "https://www.example.com/chat",
        "https://www.example.com?x",
        "https://a@www.example.com",
        "https://*.example.com",
        "https://b\u00fccher.example",
        "https://",
        "https://www.example.com:99999",
        "null",
        "*",
        "ftp://www.example.com",
    ],
)
def test_what_is_no_origin_is_refused(said: str) -> None:
    """Everything but the origin of an encrypted page."""
    with pytest.raises(ValidationError):
        WebChatConfig(adapter="web_chat", origins=(said,))


def test_faults_have_their_line(tmp_path: Path) -> None:
    """A wrong origin and a team that is not there are told with file, line and key."""
    (tmp_path / "adapters").mkdir()
    for name in ("gateway.toml", "teams.toml"):
        (tmp_path / name).write_text((CONFIG / name).read_text())
    web = tmp_path / "adapters/web.toml"
    found = []
    for lines in ('team = "front-rnge"\n', 'origins = [\n  "https://a.example",\n  "http://b.example",\n]\n'):
        web.write_text(f'adapter = "web_chat"\n{lines}')
        with pytest.raises(ConfigError) as raised:
            load(tmp_path, {})
        found += [(Path(fault.path).name, fault.line, fault.key) for fault in raised.value.faults]
    assert [("web.toml", 2, "team"), ("web.toml", 4, "origins")] == found
