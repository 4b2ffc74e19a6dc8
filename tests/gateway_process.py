"""`teamline` as operators run it: a real process with a folder and a port of its own, that never outlives its test.

    async with gateway_process(folder, company) as gateway:     # has printed "listening on"
        await gateway.cli("verify")
        gateway.write("adapters/second.toml", "...")            # picked up while it runs
        await gateway.kill()                                    # SIGKILL
        await gateway.start()                                   # the same database and the same port again

`hire` makes a company once: a database, on either engine, to which the CLI has added Ana, an admin who works in Denver.
A gateway starts from a copy of it. Whoever waits for something asks again until a deadline.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from tests import engines
from tests.processes import PATIENCE, free_port, until
from tests.standins.twilio import ACCOUNT, TOKEN

T = TypeVar("T")

TEAMLINE: Final = str(Path(sys.executable).with_name("teamline"))
LOGIN: Final = "ana"
PASSWORD: Final = "correct horse battery staple"
NUMBER: Final = "+13035550100"
"""The company's, on the channel `sms`."""
DATABASE: Final = "var/teamline.db"
"""SQLite's file, relative to the gateway's folder."""

CONFIG: Final = {
    "gateway.toml": '[server]\nlisten = "127.0.0.1:{port}"\n[database]\nurl = "{database}"\n',
    "teams.toml": '[[team]]\nid = "denver"\nname = "Front Range"\ntimezone = "America/Denver"\n',
    "adapters/sms.toml": f"""
adapter = "twilio_sms"
account_sid = "{ACCOUNT}"
auth_token = {{{{ file = "token" }}}}
api_base_url = "{{twilio}}"
[numbers]
"{NUMBER}" = "denver"
""",
    "token": TOKEN,
    "adapters/token": TOKEN,
}
"""Files of the config folder, to be formatted with the port, the stand-in's URL and where the database is."""


@dataclass(frozen=True, slots=True)
class Company:
    """A folder whose database has Ana in it, and her token."""

    engine: str
    folder: Path
    token: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class GatewayProcess:
    """One gateway's folder, and the process that serves it at the moment. Made by `gateway_process`."""

    def __init__(self, folder: Path, prefix: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.arguments: tuple[str, ...] = ("serve",)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.place = f"sqlite:///{folder / DATABASE}"
        """Where its database is, for `tests.raw`."""
        self.token = ""
        self.listening = asyncio.Event()
        """Set from "listening on" until a signal is sent to end it."""
        self._prefix = prefix
        self._log = folder / "stderr"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> float:
        """Returns when it listens: the seconds that took. Fails with the log's end when it gives up instead."""
        begun = asyncio.get_running_loop().time()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._prefix,
                TEAMLINE,
                *self.arguments,
                cwd=self.folder,
                env=_environment(self.folder),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for line in self._process.stdout:
                if line.startswith(b"listening on "):
                    self.listening.set()
                    return asyncio.get_running_loop().time() - begun
        raise AssertionError(self._log.read_text(encoding="utf-8")[-2_000:])

    async def kill(self) -> None:
        """SIGKILL: nothing in it learns of its end."""
        if self._process is not None:
            self.listening.clear()
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()

    def terminate(self) -> None:
        """SIGTERM; see `ended`."""
        self.listening.clear()
        os.kill(self.pid, signal.SIGTERM)

    def reload(self) -> None:
        """SIGHUP."""
        os.kill(self.pid, signal.SIGHUP)

    async def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE):
            code = await self._process.wait()
        self.listening.clear()
        return code

    async def cli(self, command: str, *arguments: str, **environment: str) -> Ended:
        """Another `teamline` command in the same folder."""
        return await asyncio.to_thread(run, self.folder, command, *arguments, **environment)

    def write(self, name: str, content: str) -> None:
        """Put a config file in place in one step, as an editor or a deployment does."""
        path = self.folder / "config" / name
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)

    def read(self, name: str) -> str:
        return (self.folder / "config" / name).read_text(encoding="utf-8")

    def remove(self, name: str) -> None:
        (self.folder / "config" / name).unlink()

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log's lines about an event, of all its processes."""
        lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = (json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n"))
        return [line for line in whole if line["event"] == event]

    async def hears(self, event: str, times: int = 1) -> dict[str, Any]:
        """Wait until the log has told of an event so many times; the last line of it."""
        lines = await until(lambda: _when(len(self.said(event)) >= times, self.said(event)))
        return lines[-1]


async def _when(true: bool, value: T) -> T | None:
    return value if true else None


@asynccontextmanager
async def gateway_process(
    folder: Path, company: Company, twilio: str, prefix: tuple[str, ...] = (), config: Mapping[str, str] = {}
) -> AsyncIterator[GatewayProcess]:
    """A gateway that serves a copy of the company; `config` replaces or adds files, `prefix` is a command before ours.

    However the test ends, so does the process.
    """
    var = (folder / DATABASE).parent
    await engines.copy(company.engine, (company.folder / DATABASE).parent, var)
    gateway = GatewayProcess(folder, prefix)
    gateway.place, gateway.token = await engines.place(company.engine, var), company.token
    write_config(folder, gateway.port, twilio, config, _written(gateway.place))
    try:
        async with ending(gateway):
            await gateway.start()
            yield gateway
    finally:
        engines.drop(var)


@asynccontextmanager
async def ending(gateway: GatewayProcess) -> AsyncIterator[GatewayProcess]:
    """The process is gone afterwards, and waited for."""
    try:
        yield gateway
    finally:
        await gateway.kill()


def hire(folder: Path, engine: str = "sqlite", config: Mapping[str, str] = {}) -> Company:
    """Make the company by the CLI, as an operator does; `config` as for `gateway_process`."""
    place = engines.place_now(engine, (folder / DATABASE).parent)
    write_config(folder, free_port(), "http://127.0.0.1:9", config, _written(place))
    return Company(engine, folder, add_ana(folder))


def add_ana(folder: Path) -> str:
    """Put her into the database that the folder's config names; her token."""
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    person = ("--login", LOGIN, "--name", "Ana Ortiz", "--team", "denver", "--role", "admin")
    added = run(folder, "agent", "add", *person, "--password-file", "password")
    assert (0, f"added {LOGIN}\n") == (added.code, added.out)
    made = run(folder, "token", "create", "--login", LOGIN, "--may-reply")
    assert 0 == made.code
    return made.out.splitlines()[-1]


def run(folder: Path, *arguments: str, **environment: str) -> Ended:
    """A `teamline` command to its end."""
    command = [TEAMLINE, *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder) | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def write_config(
    folder: Path, port: int, twilio: str, more: Mapping[str, str] = {}, database: str = f"sqlite:///{DATABASE}"
) -> None:
    for name, content in {**CONFIG, **more}.items():
        path = folder / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.format(port=port, twilio=twilio, database=database), encoding="utf-8")


def _written(place: str) -> str:
    """As a config says it: SQLite's file relative to the folder that the gateway runs in."""
    return f"sqlite:///{DATABASE}" if place.startswith("sqlite:") else place


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
