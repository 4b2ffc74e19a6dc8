"""How fast customers' texts come in, as a ratio to a bare aiohttp handler, and whether each is stored exactly once.

Two programs on a core of their own, in turns: the gateway as it is served, with its logs, metrics, signature check and
durable SQLite; and `bench.bare`. The client has the other core. Each pair gives one ratio, so that a machine that gets
slower during the runs slows both. Where others use its cores, the ratio by processor time is the one to trust: what
an answer of the bare handler costs, in parts of what one of the gateway costs. It leaves out waiting for the disk.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.forms import ACCOUNT, OURS, PUBLIC_URL, TOKEN, Hook, hooks
from bench.load import Result, flood, pace

PAIRS: Final = int(os.environ.get("PAIRS", "5"))
SECONDS: Final = float(os.environ.get("SECONDS", "4"))
REPEATED: Final = 5_000
"""How many different requests the bare handler gets, again and again; the gateway's are never the same twice."""
SHARE: Final = 0.7
"""Of its own highest rate: where the gateway's p99 is taken."""
FOLDER: Final = Path(__file__).resolve().parents[1] / ".cache"
"""On the disk of the project, since a temporary folder is often memory, where a sync costs nothing."""

CONFIG: Final = {
    "gateway.toml": f"""
[server]
listen = "127.0.0.1:0"
public_url = "{PUBLIC_URL}"
[database]
url = "sqlite:///teamline.db"
""",
    "teams.toml": '[[team]]\nid = "bench"\nname = "Bench"\ntimezone = "UTC"\n',
    "adapters/sms.toml": f"""
adapter = "twilio_sms"
account_sid = "{ACCOUNT}"
auth_token = {{ file = "token" }}
[numbers]
"{OURS}" = "bench"
""",
    "token": TOKEN,
}


def main() -> None:
    console = Console()
    FOLDER.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=FOLDER))
    try:
        asyncio.run(_measure(console, folder))
    finally:
        shutil.rmtree(folder)


async def _measure(console: Console, folder: Path) -> None:
    _write_config(folder / "config")
    cores = os.sched_getaffinity(0)
    first = min(cores)
    os.sched_setaffinity(0, {max(cores)})
    chance = random.Random(2)
    pairs: list[tuple[Result, Result]] = []
    with (
        _server(folder, first, "bench.bare") as bare,
        _server(folder, first, "gateway", "serve", "--config", str(folder / "config")) as gateway,
        Progress(console=console, transient=True) as progress,
    ):
        task = progress.add_task("ingest", total=2 * PAIRS + 3)
        again = cycle(hooks(REPEATED, chance))
        theirs = await _flood(bare, again, 1.0)
        warm = await _flood(gateway, _enough(theirs, 1.0, chance), 1.0)
        progress.advance(task, 2)
        for _ in range(PAIRS):
            theirs = await _flood(bare, again, SECONDS)
            progress.advance(task)
            pairs.append((theirs, await _flood(gateway, _enough(theirs, SECONDS, chance), SECONDS)))
            progress.advance(task)
        highest = statistics.median(ours.rate for _, ours in pairs)
        paced = await pace(gateway.url, hooks(int(SHARE * highest * SECONDS), chance), SHARE * highest)
        progress.advance(task)
    ours = [warm, *(result for _, result in pairs), paced]
    acknowledged = set[str]().union(*(result.acknowledged for result in ours))
    console.print(_table(pairs, paced))
    _verify(console, folder / "teamline.db", acknowledged, sum(result.refused for result in ours))


async def _flood(server: _Server, hooks: Iterator[Hook], seconds: float) -> Result:
    before = server.spent()
    result = await flood(server.url, hooks, seconds)
    result.cost = (server.spent() - before) / len(result.latencies)
    return result


def _enough(theirs: Result, seconds: float, chance: random.Random) -> Iterator[Hook]:
    """More requests than the gateway can answer, going by the bare handler; made before the clock runs."""
    return iter(hooks(int(2 * theirs.rate * seconds) + 1_000, chance))


def _write_config(folder: Path) -> None:
    for name, content in CONFIG.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


class _Server(NamedTuple):
    url: str
    pid: int

    def spent(self) -> float:
        """Processor seconds so far (proc(5), utime and stime)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _server(folder: Path, core: int, *command: str) -> Iterator[_Server]:
    """A server in a process of its own, on the first core."""
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(FOLDER.parent)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            os.sched_setaffinity(process.pid, {core})
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                raise SystemExit(f"{command[0]} did not start; see its log:\n{Path(log.name).read_text()}")
            yield _Server(line.split()[-1], process.pid)
        finally:
            process.terminate()
            process.wait()


def _table(pairs: list[tuple[Result, Result]], paced: Result) -> Table:
    bare = [theirs.rate for theirs, _ in pairs]
    ours = [mine.rate for _, mine in pairs]
    ratios = [mine.rate / theirs.rate for theirs, mine in pairs]
    costs = [theirs.cost / mine.cost for theirs, mine in pairs]
    p99 = statistics.quantiles(paced.latencies, n=100)[-1] * 1000
    table = Table("ingest", "median", "lowest", "highest", title=f"{len(pairs)} pairs of {SECONDS:g} s")
    for name, values, form in (
        ("bare aiohttp, requests/s", bare, ",.0f"),
        ("gateway, messages/s", ours, ",.0f"),
        ("ratio", ratios, ".2f"),
        ("ratio by processor time", costs, ".2f"),
        ("client's share of its core", [theirs.busy for theirs, _ in pairs], ".2f"),
    ):
        table.add_row(name, *(format(value, form) for value in (statistics.median(values), min(values), max(values))))
    table.add_row(f"gateway, p99 at {paced.rate:,.0f}/s", f"{p99:.1f} ms", "", "")
    return table


def _verify(console: Console, database: Path, acknowledged: set[str], refused: int) -> None:
    """Every message that was acknowledged is there once. Exits with 1 otherwise."""
    with sqlite3.connect(database) as connection:
        stored = [row[0] for row in connection.execute("SELECT provider_id FROM message")]
    connection.close()
    missing, twice = acknowledged - set(stored), len(stored) - len(set(stored))
    console.print(
        f"{len(acknowledged):,} acknowledged, {len(stored):,} stored, {len(missing):,} missing, {twice:,} twice, "
        f"{refused:,} refused"
    )
    if missing or twice:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
