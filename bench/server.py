"""Servers under measurement: each a process of its own, on whichever cores the system gives it, and what it spends.

Nothing is pinned: the gateway has threads for its database, and uses them as it would anywhere.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.database import Database
from bench.forms import ACCOUNT, OURS, TOKEN
from bench.trial import ROOT

CONFIG: Final = {
    "gateway.toml": """
[server]
listen = "127.0.0.1:{port}"
trusted_proxies = ["127.0.0.1"]
[database]
url = "{database}"
""",
    "adapters/web.toml": 'adapter = "web_chat"\n',
    "adapters/sms.toml": f"""
adapter = "twilio_sms"
account_sid = "{ACCOUNT}"
auth_token = {{{{ file = "token" }}}}
[numbers]
"{OURS}" = "{{team}}"
""",
    "adapters/phone.toml": f'adapter = "loopback"\n[numbers]\n"{OURS}" = "{{team}}"\n',
    "token": TOKEN,
}
_ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPATH": str(ROOT)
}
"""Compiled once, as wherever it is installed, and not at each start."""
TEAM: Final = '[[team]]\nid = "{id}"\nname = "Team {id}"\ntimezone = "UTC"\n'


@dataclass(frozen=True, slots=True)
class Server:
    """A process that listens."""

    url: str
    pid: int
    started_in: float
    """Seconds until it listened."""

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def spent(self) -> float:
        """Processor seconds so far (proc(5), utime and stime)."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> float:
        """KiB of memory (proc(5), statm)."""
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024

    def has_uvloop(self) -> bool:
        return "uvloop" in self._proc("maps")

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8")


def configure(folder: Path, database: Database, teams: Sequence[str] = ("bench",)) -> str:
    """Write a config for a free port; the public URL. Our number is the first team's."""
    port = _free_port()
    facts = {"port": port, "database": database.url, "team": teams[0]}
    texts = {name: text.format(**facts) for name, text in CONFIG.items()}
    texts["teams.toml"] = f'default_team = "{teams[0]}"\n' + "".join(TEAM.format(id=team) for team in teams)
    for name, text in texts.items():
        path = folder / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return f"http://127.0.0.1:{port}"


@contextmanager
def gateway(folder: Path) -> Iterator[Server]:
    """The gateway as it is served, with its checks, its log (to a file) and its metrics."""
    with _serving(folder, "gateway", "serve", "--config", str(folder / "config")) as server:
        yield server


@contextmanager
def bare(folder: Path, like: Server) -> Iterator[Server]:
    """What the gateway is measured against, on the same kind of event loop."""
    with _serving(folder, "bench.bare", *(["--uvloop"] if like.has_uvloop() else [])) as server:
        yield server


@contextmanager
def _serving(folder: Path, *command: str) -> Iterator[Server]:
    log = folder / f"{command[0]}.log"
    begun = time.perf_counter()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=_ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("listening on "):
            raise SystemExit(f"{command[0]} did not start; the end of its log:\n{log.read_text()[-2_000:]}")
        yield Server(line.split()[-1], process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    """One that nobody listens on, and below those that Linux gives to outgoing connections."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = secrets.choice(range(20_000, 32_768))
            probe.bind(("127.0.0.1", port))
            return port
