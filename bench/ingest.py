"""How fast customers' texts come in, as a ratio to a bare aiohttp handler, and whether each is stored exactly once.

Two programs on a core of their own, in turns: the gateway as it is served, with its logs, metrics, signature check and
durable SQLite; and `bench.bare`. The client has the other core. Each pair gives one ratio, so that a machine that gets
slower during the runs slows both.
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
from typing import Final

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
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    chance = random.Random(2)
    pairs: list[tuple[Result, Result]] = []
    with (
        _server(folder, "bench.bare") as bare,
        _server(folder, "gateway", "serve", "--config", str(folder / "config")) as gateway,
        Progress(console=console, transient=True) as progress,
    ):
        task = progress.add_task("ingest", total=2 * PAIRS + 3)
        again = cycle(hooks(REPEATED, chance))
        theirs = await flood(bare, again, 1.0)
        warm = await flood(gateway, _enough(theirs, 1.0, chance), 1.0)
        progress.advance(task, 2)
        for _ in range(PAIRS):
            theirs = await flood(bare, again, SECONDS)
            progress.advance(task)
            pairs.append((theirs, await flood(gateway, _enough(theirs, SECONDS, chance), SECONDS)))
            progress.advance(task)
        highest = statistics.median(ours.rate for _, ours in pairs)
        paced = await pace(gateway, hooks(int(SHARE * highest * SECONDS), chance), SHARE * highest)
        progress.advance(task)
    ours = [warm, *(result for _, result in pairs), paced]
    acknowledged = set[str]().union(*(result.acknowledged for result in ours))
    console.print(_table(pairs, paced))
    _verify(console, folder / "teamline.db", acknowledged, sum(result.refused for result in ours))


def _enough(theirs: Result, seconds: float, chance: random.Random) -> Iterator[Hook]:
    """More requests than the gateway can answer, going by the bare handler; made before the clock runs."""
    return iter(hooks(int(2 * theirs.rate * seconds) + 1_000, chance))


def _write_config(folder: Path) -> None:
    for name, content in CONFIG.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


@contextmanager
def _server(folder: Path, *command: str) -> Iterator[str]:
    """A server in a process of its own, on the first core; its address."""
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
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(process.pid) | {0})})
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                raise SystemExit(f"{command[0]} did not start; see its log:\n{Path(log.name).read_text()}")
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait()


def _table(pairs: list[tuple[Result, Result]], paced: Result) -> Table:
    bare = [theirs.rate for theirs, _ in pairs]
    ours = [mine.rate for _, mine in pairs]
    ratios = [mine.rate / theirs.rate for theirs, mine in pairs]
    p99 = statistics.quantiles(paced.latencies, n=100)[-1] * 1000
    table = Table("ingest", "median", "lowest", "highest", title=f"{len(pairs)} pairs of {SECONDS:g} s")
    for name, values, form in (
        ("bare aiohttp, requests/s", bare, ",.0f"),
        ("gateway, messages/s", ours, ",.0f"),
        ("ratio", ratios, ".2f"),
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
