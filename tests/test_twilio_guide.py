"""docs/twilio.md and deploy/README.md hold: their files are valid, their commands exist, their webhook is believed."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import click
import pytest

from gateway.cli import main
from tests.caddy_process import ROOT, SITE
from tests.gateway_process import DATABASE, GatewayProcess, ending, run
from tests.standins.twilio import TwilioStandIn

GUIDE = (ROOT / "docs/twilio.md").read_text(encoding="utf-8")
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("docs/twilio.md", "deploy/README.md")}
FILES = dict(re.findall(r"^```toml\n# /etc/teamline/(\S+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))
TOKEN = "twilio-token"
NUMBER = "+13035550100"
ACCOUNT = "AC" + "0" * 32


def _commands() -> list[list[str]]:
    """Each command of both pages, in words, without what only lends it another user."""
    blocks = [
        block for page in PAGES.values() for block in re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    ]
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    plain = (re.sub(r"^(sudo (-u teamline )?|docker exec (--\S+ )*teamline )", "", line) for line in lines)
    return [shlex.split(line) for line in plain]


def _ours() -> list[list[str]]:
    """The arguments of each `teamline` command."""
    found = []
    for command in _commands():
        at = next((n for n, word in enumerate(command) if word.endswith("bin/teamline") or word == "teamline"), None)
        if at is not None and command[0] in ("env", "teamline", "/opt/teamline/.venv/bin/teamline"):
            found.append(command[at + 1 :])
    return found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The guide's folder as its reader makes it; only the database lies elsewhere."""
    folder = tmp_path / "config"
    for name, content in {**FILES, TOKEN: "the-token\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        local = content.replace("sqlite:////var/lib/teamline/teamline.db", f"sqlite:///{DATABASE}")
        (folder / name).write_text(local, encoding="utf-8")
    return folder


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn(ACCOUNT, "the-token") as twilio:
        yield twilio


def test_ten_steps() -> None:
    """The guide has the ten steps that it promises, in order."""
    assert [str(n) for n in range(1, 11)] == re.findall(r"^## (\d+)\. ", GUIDE, re.MULTILINE)


def test_the_files_are_valid(config: Path) -> None:
    """Whoever writes the guide's files has a configuration without a fault, with one channel that is on."""
    checked = run(config.parent, "check", str(config))
    assert (0, "channels turned on: 1") == (checked.code, checked.out.strip().rpartition("; ")[2]), checked.out


@pytest.mark.parametrize(
    "numbers", re.findall(r"^```toml\n((?:messaging|\[numbers).*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
)
def test_the_variants_are_valid(config: Path, numbers: str) -> None:
    """What the guide says of WhatsApp and RCS can be written into its file."""
    channel = config / "adapters/sms.toml"
    account = channel.read_text(encoding="utf-8").partition("[numbers]")[0]
    channel.write_text(account + numbers, encoding="utf-8")
    checked = run(config.parent, "check", str(config))
    assert 0 == checked.code, checked.out


def test_our_commands_exist() -> None:
    """Every `teamline` command that the pages name is one, with the options that it has."""
    called = _ours()
    assert {"check", "agent"} == {arguments[0] for arguments in called}
    for words in called:
        command: click.Command = main
        arguments = list(words)
        while isinstance(command, click.Group):
            command = command.commands[arguments.pop(0)]
        command.make_context(command.name, arguments).close()


def test_files_that_are_copied_exist() -> None:
    """What the pages take from the repository is there."""
    named = {
        word.removeprefix("/opt/teamline/") for command in _commands() for word in command if "/opt/teamline/" in word
    }
    assert {"scripts/setup", "deploy/Caddyfile", "deploy/teamline.service"} < named
    assert [] == [name for name in named if not (name.startswith(".venv/") or (ROOT / name).exists())]


@pytest.mark.parametrize("page", PAGES)
def test_the_shell_understands(page: str) -> None:
    """Each block of commands is one that a shell can read."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)
    assert [] != blocks
    for block in blocks:
        subprocess.run(["bash", "-n"], input=block, text=True, check=True, capture_output=True)


async def test_the_webhook_is_believed(config: Path, twilio: TwilioStandIn) -> None:
    """A text to the very URL that the guide gives Twilio is taken, though its fragment is neither sent nor signed."""
    (webhook,) = re.findall(r"^```\n(https://\S+)\n```", GUIDE, re.MULTILINE)
    assert "#rc=5&rp=5xx,ct,rt" == webhook[webhook.index("#") :]
    gateway = GatewayProcess(config.parent)
    gateway.arguments = ("serve", "--listen", f"127.0.0.1:{gateway.port}")
    channel = config / "adapters/sms.toml"
    channel.write_text(f'api_base_url = "{twilio.url}"\n' + channel.read_text(encoding="utf-8"), encoding="utf-8")
    async with ending(gateway):
        await gateway.start()
        twilio.public = (f"https://{SITE}", gateway.url)
        twilio.serves(NUMBER, webhook)
        assert 200 == (await twilio.text("+17205550111", NUMBER, "Is anybody there?")).status


def test_the_address_is_the_same_everywhere() -> None:
    """The name that the reader replaces is one name, in the guide and in the Caddyfile."""
    names = set(re.findall(r"https://([a-z.-]*example[a-z.-]*)", GUIDE))
    assert ({SITE}, True) == (names, f"\n{SITE} {{" in (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8"))
