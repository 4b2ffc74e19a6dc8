"""The README's way from one machine to two nodes is walked as it stands: copied, configured, served and balanced."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests import test_readme
from tests.balancer_process import balancer_process
from tests.postgres import databases
from tests.processes import PATIENCE, free_port

SECTION: Final = re.search(
    r"^## When one machine is not enough\n(.*?)^## ",
    (test_readme.ROOT / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
DATABASE: Final = "postgresql://teamline@db.example.com/teamline"
FILES: Final = "/srv/teamline-files"

pytestmark = pytest.mark.needs("postgresql", "haproxy")


def _section() -> tuple[list[str], str]:
    """Its commands, and its gateway.toml."""
    assert SECTION is not None
    commands = "".join(re.findall(r"^```sh\n(.*?)^```", SECTION[1], re.MULTILINE | re.DOTALL)).splitlines()
    (config,) = re.findall(r"^```toml\n# care/gateway\.toml\n(.*?)^```", SECTION[1], re.MULTILINE | re.DOTALL)
    return commands, config


def _environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}


def _found(folder: Path) -> None:
    """What the README has had its reader do so far, but for serving."""
    for name, content in test_readme.FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    done = [line for line in test_readme.COMMANDS if not line.startswith("make ") and line != "teamline serve"]
    _shell(folder, *done)
    (folder / "care/db.password").write_text("none is asked for\n", encoding="utf-8")


def _shell(folder: Path, *lines: str) -> str:
    """What the last of these commands says."""
    command = ["bash", "-euc", "\n".join(lines)]
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, timeout=3 * PATIENCE, check=False
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


@asynccontextmanager
async def _serving(folder: Path, *lines: str) -> AsyncIterator[None]:
    """The commands of one machine, of which the last serves."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", "\n".join([*lines[:-1], f"exec {lines[-1]}"])),
        cwd=folder,
        env=_environment(folder),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while not (await process.stdout.readline()).startswith(b"listening on "):
                assert not process.stdout.at_eof()
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_walk(tmp_path: Path) -> None:
    """Whoever follows the README from its one gateway to two nodes behind HAProxy has all data and takes a text."""
    await asyncio.to_thread(_found, tmp_path)
    (copy, *serve), config = _section()
    async with _database() as database:
        before = [line for line in test_readme.COMMANDS if line.startswith("export ")]
        said = await asyncio.to_thread(_shell, tmp_path, *before, copy.replace(DATABASE, database))
        assert "each the same as in the source" in said
        ports = (free_port(), free_port())
        async with AsyncExitStack() as stack:
            machines = [_machine(tmp_path, port, config.replace(DATABASE, database)) for port in ports]
            for machine in machines:
                await stack.enter_async_context(_serving(machine, *before, *serve))
            (tmp_path / "haproxy").mkdir()
            front = await stack.enter_async_context(balancer_process("haproxy", tmp_path / "haproxy", ports))
            people = await asyncio.to_thread(_shell, machines[1], *before, "teamline agent list")
            assert "ana" in people
            for port in ports:
                assert 200 == await asyncio.to_thread(test_readme.send_text, f"http://127.0.0.1:{port}")
            async with front.http.get(f"{front.url}/console") as answer:
                assert 200 == answer.status


@asynccontextmanager
async def _database() -> AsyncIterator[str]:
    url = await databases().create()
    try:
        yield url
    finally:
        await databases().drop(url)


def _machine(tmp_path: Path, port: int, config: str) -> Path:
    """Its working folder: the same care/, and the lines that the README has in their place."""
    machine = tmp_path / f"machine-{port}"
    (machine / "care/adapters").mkdir(parents=True)
    for name in ("care/teams.toml", "care/adapters/sms.toml", "care/db.password"):
        (machine / name).write_bytes((tmp_path / name).read_bytes())
    text = config.replace("10.0.0.11:8080", f"127.0.0.1:{port}").replace(FILES, f"{tmp_path}/files")
    assert (str(port) in text, FILES in text) == (True, False)
    (machine / "care/gateway.toml").write_text(text, encoding="utf-8")
    return machine
