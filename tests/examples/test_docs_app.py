"""docs/app.md is walked as it stands: its file is the channel's, its commands and programs run against a gateway."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from adapters.app_push import apns, fcm
from adapters.app_push.hosts import PushHosts
from adapters.app_push.webpush import WebPush
from gateway.channels.push import Notice
from gateway.domain import notice
from tests.adapters.app_push.pushing import webpush
from tests.examples.care import Ana
from tests.gateway_process import Company, GatewayProcess, gateway_process
from tests.standins.web_push import WebPushTesting

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/app.md").read_text(encoding="utf-8")
README = (ROOT / "examples/teamline_app/README.md").read_text(encoding="utf-8")
SITE = "https://care.example.com"


def blocks(kind: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


PROGRAMS = {re.match(r"# (\S+)\n", text)[1]: text for text in blocks("python") + blocks("python", README)}  # type: ignore[index]
SHELL = blocks("sh")
KEYS, COMMANDS = SHELL[0], SHELL[1:]
PAYLOADS: list[dict[str, Any]] = [json.loads(text) for text in blocks("json")]
SHOWN = Notice(*notice.of_reply("Front Range", "Ana", None), "12", "345", badge=2)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the company's backend, with the page's keys."""
    folder = tmp_path_factory.mktemp("backend")
    subprocess.run(["bash", "-euc", KEYS], cwd=folder, check=True, capture_output=True)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(
    tmp_path_factory: pytest.TempPathFactory, company: Company, backend: Path
) -> AsyncIterator[GatewayProcess]:
    """One whose channel is the page's file."""
    files = re.findall(r"^# config/(\S+)\n(.*)", blocks("toml")[0], re.DOTALL)
    config = {name: content.replace("{", "{{").replace("}", "}}") for name, content in files}
    config["app-public.pem"] = (backend / "app-public.pem").read_text(encoding="utf-8")
    folder = tmp_path_factory.mktemp("documented")
    async with gateway_process(folder, company, "http://127.0.0.1:9", config=config) as gateway:
        yield gateway


@pytest.fixture
def programs(backend: Path, gateway: GatewayProcess) -> Path:
    for name, text in PROGRAMS.items():
        (backend / name).write_text(text.replace(SITE, gateway.url), encoding="utf-8")
    return backend


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT / "examples"), **more}


async def test_the_commands(backend: Path, gateway: GatewayProcess) -> None:
    """Typed one after the other they sign, write, upload, follow, read and log out; what was ended is refused."""
    script = "".join(COMMANDS).replace(SITE, gateway.url).replace("curl ", "curl --write-out '\\n' ")
    done = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=backend, env=environment(), stdout=-1, stderr=-1
    )
    out, err = (each.decode() for each in await done.communicate())
    assert 0 == done.returncode, err
    answers = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert "Front Range" == answers[0]["team"]["name"]
    said = [each["body"] for each in answers if "body" in each]
    assert ["Is the blue one back?", "This one", "Or the green one"] == said
    assert ["note.txt"] == [each["name"] for each in answers[2]["attachments"]]
    assert ["event: message"] == re.findall("^event: .*$", out, re.MULTILINE)
    assert [0] == [each["unread"] for each in answers if "read" in each and "team" not in each]
    assert (401, "unauthenticated") == (answers[-1]["status"], answers[-1]["type"].rpartition("/")[2])


async def test_the_programs(programs: Path, gateway: GatewayProcess, http: aiohttp.ClientSession) -> None:
    """The page's program writes, hears a person's answer and marks it read, as the person sees."""
    ana = Ana(http, gateway.url, gateway.token)
    walk = await asyncio.create_subprocess_exec(
        sys.executable, "walk.py", cwd=programs, env=environment(), stdout=-1, stderr=-1
    )
    thread = await ana.thread_of("Do you have it in 40 liters?")
    reply = await ana.reply(thread, "Two of them.")
    out, err = (each.decode() for each in await walk.communicate())
    assert (0, "Ana wrote: Two of them.\nunread: 0\n") == (walk.returncode, out), err
    assert "read" == (await ana.sees(thread, reply, "read"))["state"]


async def test_the_programs_of_the_client(programs: Path) -> None:
    """What the client's own page shows runs too."""
    sign = [sys.executable, "-c", "import sign; print(sign.sign('customer-3', 'Noor'), end='')"]
    told = await asyncio.to_thread(
        subprocess.run, sign, cwd=programs, env=environment(), check=True, capture_output=True, text=True
    )
    once = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "once.py"],
        cwd=programs,
        env=environment(TOKEN=told.stdout),
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Front Range\n" == once.stdout


async def test_the_payloads_of_phones() -> None:
    """What the page says Firebase and Apple get is what they get."""
    at = 1_795_435_200.0 - SHOWN.lasts.total_seconds()
    assert PAYLOADS[0] == {"message": fcm.message("the-registration-token-of-this-phone", SHOWN, at)}
    assert PAYLOADS[1] == apns.payload(SHOWN)


@pytest.mark.needs("web-push-testing")
async def test_the_payload_of_browsers() -> None:
    """What the page says a service worker gets is what a browser decrypts."""
    async with WebPushTesting() as standin:
        service = WebPush(webpush(), PushHosts((standin.url,)))
        subscription = await standin.subscribe(service.public_key)
        await service.push(service.device(subscription), SHOWN)
        await service.close()
        assert [PAYLOADS[2]] == await standin.notices(subscription)


async def test_the_client_is_as_long_as_the_page_says() -> None:
    """The page names its length, to tens."""
    lines = sum(len(path.read_text().splitlines()) for path in (ROOT / "examples/teamline_app").glob("*.py"))
    named = re.search(r"in (\d+) lines of Python", PAGE)
    assert named is not None
    assert round(lines, -1) == int(named[1])


async def test_the_client_is_typed() -> None:
    """mypy finds nothing in it, with all its rules on."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(ROOT / "examples/teamline_app")]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout
