"""docs/adapters.md is enough to write an adapter: its example is built, installed, checked, and put to work.

Everything is taken from the page as it stands. The package is installed into a folder of its own, by uv and without a
network, and reaches the programs that are started here through PYTHONPATH.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import aiohttp
import pytest
from PIL import Image

from gateway.channels.contract import Adapter, Capabilities, Verdict, WebhookRequest
from gateway.channels.played import Provider
from tests.gateway_process import GatewayProcess, gateway_process, hire, until

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/adapters.md").read_text(encoding="utf-8")
UV = str(ROOT / ".cache/uv/bin/uv")
API = "/api/agent/v1"
REPLY = {"body": "Enjoy it, we have repaired your line."}
FIRST = {
    "channel": "cards",
    "address": " Ben-4712 ",
    "body": "Your line works again.",
    "consent": {"who": "Ben Diaz", "when": "2026-01-31T09:00:00Z", "how": "By telephone"},
}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def _toml(name: str) -> str:
    (block,) = (block for block in _blocks("toml") if block.startswith(f"# {name}\n"))
    return block


@dataclass(frozen=True, slots=True)
class Package:
    """The guide's package: its source, and the folder it is installed in."""

    source: Path
    installed: Path

    @property
    def tests(self) -> Path:
        return self.source / "tests/test_postcards.py"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Written as the guide says, built and installed."""
    package = Package(tmp_path_factory.mktemp("teamline-postcards"), tmp_path_factory.mktemp("installed"))
    adapter, tests = _blocks("python")
    module = package.source / "src/teamline_postcards/__init__.py"
    for path, content in {
        package.source / "pyproject.toml": _toml("pyproject.toml"),
        module: adapter,
        package.tests: tests,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    install = [UV, "pip", "install", "--offline", "--no-cache", "--quiet", "--python", sys.executable]
    subprocess.run([*install, "--target", str(package.installed), str(package.source)], check=True, timeout=60)
    return package


@pytest.fixture
def postcards(package: Package, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The guide's test file as a module; it finds the adapter as an installed package."""
    monkeypatch.syspath_prepend(package.installed)
    spec = importlib.util.spec_from_file_location("test_postcards", package.tests)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["teamline_postcards"]


@pytest.fixture
async def office(postcards: ModuleType) -> AsyncIterator[Any]:
    """The guide's post office, at work on 127.0.0.1, with a picture that is one."""
    picture = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "JPEG")
    setattr(postcards, "JPEG", picture.getvalue())  # noqa: B010  a module made at run time has no such name to mypy
    async with postcards.PostOffice("").open() as office:
        yield office


@pytest.fixture
async def gateway(tmp_path: Path, package: Package, office: Any) -> AsyncIterator[GatewayProcess]:
    """A running gateway with the guide's package installed and its channel configured."""
    channel = _toml("config/adapters/cards.toml").replace('team = "front-range"', 'team = "denver"')
    config = {"adapters/cards.toml": channel.replace("{", "{{").replace("}", "}}") + f'api_base_url = "{office.url}"\n'}
    beside = ("env", f"PYTHONPATH={package.installed}", "POSTCARDS_KEY=key")
    (tmp_path / "company").mkdir()
    nobody = "http://127.0.0.1:9"
    company = hire(tmp_path / "company")
    async with gateway_process(tmp_path / "gateway", company, nobody, beside, config) as gateway:
        office.hook = f"{gateway.url}/hooks/cards/messages"
        yield gateway


def test_its_own_tests_pass(package: Package) -> None:
    """The example passes the contract's checks, as its author runs them."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(package.source)],
        env={**os.environ, "PYTHONPATH": str(package.installed)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert 0 == ran.returncode, ran.stdout[-3_000:]
    assert re.search(r"\b\d{2} passed", ran.stdout)


async def test_it_works_in_a_running_gateway(gateway: GatewayProcess, office: Any) -> None:
    """A card with a picture comes in, a person answers it, and writes first to somebody else; all of it arrives."""
    headers = {"Authorization": f"Bearer {gateway.token}"}
    async with aiohttp.ClientSession(gateway.url, headers=headers) as http:
        request, _ = office.text("Greetings from the lake")
        assert 200 == await _post(http, request)
        async with http.get(f"{API}/threads?view=waiting") as answer:
            (row,) = (await answer.json())["items"]
        assert ("cards", office.customer.value) == (row["channel"], row["customer"]["name"])
        thread = f"{API}/threads/{row['id']}/messages"
        assert "ready" == await until(lambda: _fetched(http, thread))
        for path, order, status in ((thread, REPLY, 202), (f"{API}/threads", FIRST, 201)):
            async with http.post(path, json=order) as answer:
                assert status == answer.status
    assert {REPLY["body"], FIRST["body"]} == await until(lambda: _taken(office, 2))


async def _post(http: aiohttp.ClientSession, request: WebhookRequest) -> int:
    async with http.post(request.url, data=request.body, headers=dict(request.headers)) as answer:
        return answer.status


async def _fetched(http: aiohttp.ClientSession, thread: str) -> str | None:
    """The state of the picture of a thread's only message, once it is known."""
    async with http.get(thread) as answer:
        ((attachment,),) = (message["attachments"] for message in (await answer.json())["items"])
    return None if attachment["state"] == "waiting" else str(attachment["state"])


async def _taken(office: Any, count: int) -> set[str] | None:
    taken: list[str] = office.taken()
    return set(taken) if len(taken) == count else None


def test_the_guide_names_every_member_of_the_contract() -> None:
    """The tables of an adapter's members, its capabilities, its verdicts and what is played leave none out."""
    members = {name for name in (*vars(Adapter), *Adapter.__annotations__) if not name.startswith("_")}
    members |= {*Capabilities.__dataclass_fields__, *get_args(Verdict)}
    assert set() == {name for name in members if f"`{name}" not in GUIDE}
    played = {name for name in vars(Provider) if not name.startswith("_")}
    assert {"report"} == {name for name in played if f"def {name}(" not in GUIDE}, "report: this post office has none"
