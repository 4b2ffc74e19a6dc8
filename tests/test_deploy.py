"""What stands in deploy/ does what it says: Caddy in front of a running gateway, the systemd unit, the Dockerfile."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.app import DRAIN_SECONDS
from gateway.channels.contract import SEND_TIMEOUT
from gateway.http.bodies import HOOK_BYTES
from tests.caddy_process import CADDY, CADDYFILE, ROOT, SITE, Front, caddy_process
from tests.gateway_process import NUMBER, TEAMLINE, Company, GatewayProcess, gateway_process, hire
from tests.raw import rows
from tests.standins.twilio import TwilioStandIn

DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "teamline.service").read_text(encoding="utf-8")
HOOK = "/hooks/sms/messages"
CUSTOMER = "+17205550111"
GATEWAY_TOML = f"""
[server]
listen = "127.0.0.1:{{port}}"
public_url = "https://{SITE}"
trusted_proxies = ["127.0.0.1"]
"""

in_module = pytest.mark.asyncio(loop_scope="module")
behind_caddy = pytest.mark.needs("caddy")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as twilio:
        yield twilio


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return hire(tmp_path_factory.mktemp("company"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(
    tmp_path_factory: pytest.TempPathFactory, company: Company, twilio: TwilioStandIn
) -> AsyncIterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("gateway")
    config = {"gateway.toml": GATEWAY_TOML}
    async with gateway_process(folder, company, twilio.url, config=config) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory, gateway: GatewayProcess) -> AsyncIterator[Front]:
    async with caddy_process(tmp_path_factory.mktemp("caddy"), gateway.port) as front:
        yield front


async def _text(front: Front, twilio: TwilioStandIn, body: str, signed_for: str = f"https://{SITE}{HOOK}") -> int:
    """A text as Twilio posts it to the public address."""
    form = twilio.text_form(CUSTOMER, NUMBER, body)
    headers = {"X-Twilio-Signature": twilio.sign(signed_for, form)}
    async with front.http.post(front.url + HOOK, data=form, headers=headers) as answer:
        return answer.status


@behind_caddy
def test_caddyfile_is_valid() -> None:
    """Debian's Caddy takes the Caddyfile as it is shipped, and it is written as `caddy fmt` writes it."""
    command = [str(CADDY), "validate", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "Valid configuration") == (checked.returncode, checked.stdout.strip().splitlines()[-1])
    formatted = subprocess.run([CADDY, "fmt", CADDYFILE], capture_output=True, text=True, check=True)
    assert CADDYFILE.read_text(encoding="utf-8") == formatted.stdout


@behind_caddy
@in_module
async def test_a_webhook_through_caddy(front: Front, twilio: TwilioStandIn) -> None:
    """A text signed over the public URL is believed behind the proxy, and one signed over another is not."""
    assert 200 == await _text(front, twilio, "hello")
    assert 403 == await _text(front, twilio, "hello", signed_for=f"http://127.0.0.1:8080{HOOK}")


@behind_caddy
@in_module
async def test_events_through_caddy(front: Front, twilio: TwilioStandIn, gateway: GatewayProcess) -> None:
    """An event comes out of the proxy as soon as it has happened, while its stream stays open."""
    headers = {"Authorization": f"Bearer {gateway.token}"}
    async with front.http.get(f"{front.url}/api/agent/v1/events", headers=headers) as stream, asyncio.timeout(10):
        assert (200, "text/event-stream") == (stream.status, stream.content_type)
        assert await stream.content.readany()
        assert 200 == await _text(front, twilio, "as it comes")
        async for line in stream.content:
            if b"as it comes" in line:
                break
        assert not stream.content.at_eof()


@behind_caddy
@in_module
async def test_too_much_through_caddy(front: Front) -> None:
    """A webhook's body beyond the bound is refused, with its length announced or not."""

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * (HOOK_BYTES // 2)

    for body in (b"x" * (2 * HOOK_BYTES), unannounced()):
        async with front.http.post(front.url + HOOK, data=body) as answer:
            assert 413 == answer.status


@behind_caddy
@in_module
async def test_who_is_there(front: Front, gateway: GatewayProcess) -> None:
    """Whatever a client claims to be, its attempts to sign in are counted for one address."""
    for claimed in ("203.0.113.1", "203.0.113.2"):
        claims = {"X-Forwarded-For": claimed, "Origin": f"https://{SITE}"}
        wrong = {"login": "nobody", "password": "guess"}
        async with front.http.post(f"{front.url}/api/agent/v1/session", json=wrong, headers=claims) as answer:
            assert 401 == answer.status
    # by login, by address, by both
    assert [(2,), (2,), (2,)] == rows(gateway.place, "SELECT count(*) FROM attempt GROUP BY subject")


@behind_caddy
@in_module
async def test_operators_doors_stay_shut(front: Front) -> None:
    """The public can ask whether it is up, and not what it counted."""
    for path, status in {"/healthz": 200, "/metrics": 404}.items():
        async with front.http.get(front.url + path) as answer:
            assert status == answer.status


@behind_caddy
@in_module
async def test_plain_http(front: Front) -> None:
    """Who comes without TLS is sent to the same page with it."""
    async with front.http.get(f"{front.plain_url}/console", allow_redirects=False) as answer:
        location = answer.headers["Location"]
    assert (308, f"https://{SITE}", "/console") == (answer.status, location[: len(f"https://{SITE}")], location[-8:])


@behind_caddy
@in_module
async def test_a_restart_behind_caddy(front: Front, twilio: TwilioStandIn, gateway: GatewayProcess) -> None:
    """While the gateway is away Twilio gets a 5xx at once, which it is told to try once more; then texts are taken."""
    await gateway.kill()
    assert 502 == await _text(front, twilio, "too early")
    await gateway.start()
    assert 200 == await _text(front, twilio, "in time")


@behind_caddy
@in_module
async def test_headers_behind_caddy(tmp_path: Path) -> None:
    """The gateway is told the public name and the true address, and nothing that a client made up about either."""
    seen: list[dict[str, str]] = []

    async def see(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", see)
    claims = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"), "203.0.113.9")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(app))
        front = await stack.enter_async_context(caddy_process(tmp_path, server.port or 0))
        answer = await stack.enter_async_context(front.http.get(front.url, headers=claims))
        assert 200 == answer.status
    assert "203.0.113.9" not in seen[0].values()
    told = {name: seen[0].get(name) for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto")}
    assert {"Host": front.url[8:], "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"} == told


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as it is shipped, but for where the program lies."""
    path = tmp_path / "teamline.service"
    path.write_text(UNIT.replace("/opt/teamline/.venv/bin/teamline", TEAMLINE), encoding="utf-8")
    return path


@pytest.mark.needs("systemd-analyze")
def test_unit_is_valid(unit: Path) -> None:
    """systemd has nothing to say against the unit."""
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (0, "") == (checked.returncode, checked.stderr)


@pytest.mark.needs("systemd-analyze")
def test_unit_is_confined(unit: Path) -> None:
    """systemd's own measure of what a service may do, 0 to 10, is below 2 for ours."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
    assert 0 == subprocess.run(command, capture_output=True, check=False).returncode


def test_unit_lets_it_end() -> None:
    """systemd waits longer for the end than the gateway takes for it."""
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > DRAIN_SECONDS + SEND_TIMEOUT


def _instructions() -> list[tuple[str, str]]:
    """(name, rest) of each instruction of the Dockerfile; it has one a line."""
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name and name != "#"]


def _last(name: str) -> str:
    return [rest for instruction, rest in _instructions() if instruction == name][-1]


def _reaches_docker(path: str) -> bool:
    """Whether the ignore file lets a path into the build: the last rule that fits it decides."""
    fits = "!"
    for rule in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = rule.removeprefix("!")
        if rule and not rule.startswith("#") and (fnmatch.fnmatch(path, pattern) or path.startswith(f"{pattern}/")):
            fits = rule
    return fits.startswith("!")


def test_docker_build_has_what_it_copies() -> None:
    """Everything the image is built from is there and reaches the build; config, data and history do not."""
    copied = [shlex.split(rest)[:-1] for name, rest in _instructions() if name == "COPY" and "--from" not in rest]
    sources = [source for sources in copied for source in sources]
    assert {"pyproject.toml", "uv.lock", "gateway", "adapters"} <= set(sources)
    assert [] == [source for source in sources if not ((ROOT / source).exists() and _reaches_docker(source))]
    assert [] == [
        path for path in ("config/adapters/sms.toml", "var/teamline.db", ".git/HEAD") if _reaches_docker(path)
    ]


def test_docker_build_installs_as_setup_does() -> None:
    """The image is built by the same uv as everything else, from the lock."""
    setup = (ROOT / "scripts/setup").read_text(encoding="utf-8")
    version = re.search(r"^UV_VERSION=(.+)$", setup, re.MULTILINE)
    assert version is not None
    runs = [rest for name, rest in _instructions() if name == "RUN"]
    assert f"uv=={version[1]}" in runs[0].split()
    syncs = [run for run in runs if run.startswith("uv ")]
    assert 2 == len([run for run in syncs if run.startswith("uv sync --frozen --no-dev ")])
    for sync in syncs:
        command = [str(ROOT / ".cache/uv/bin/uv"), *sync.split()[1:], "--dry-run", "--offline", "--quiet"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)


def test_docker_image_is_not_root() -> None:
    """The program runs as a user without rights, whose number a volume or a secret can be given to."""
    assert "10001:10001" == _last("USER")
    assert any("--uid 10001 " in rest for name, rest in _instructions() if name == "RUN")


@in_module
async def test_docker_image_says_how_it_is(gateway: GatewayProcess) -> None:
    """The image's health check succeeds while the gateway is up, and fails where nobody listens."""
    health = json.loads(_last("HEALTHCHECK").partition(" CMD ")[2])
    for port, code in ((gateway.port, 0), (1, 1)):
        command = [sys.executable, *(part.replace("8080", str(port)) for part in health[1:])]
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        assert code == await process.wait()
    serve = json.loads(_last("CMD"))
    assert ["teamline", "serve", "--listen", "0.0.0.0:8080"] == serve
