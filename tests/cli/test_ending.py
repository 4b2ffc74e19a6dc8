"""How a command's process ends: with its own exit code, and with nothing of it half done."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.files.place import S3Place, open_files
from gateway.files.store import path_of
from gateway.store.backup.archive import check
from tests.cli.house import House
from tests.files.s3_server import BUCKET, s3_process
from tests.gateway_process import TEAMLINE

PATIENCE = 60.0
"""Seconds."""
TIMES = 6
"""One in five died, when it had just read a file from S3 and did nothing else."""

PROGRAM = """
import atexit, sys
import click
from gateway.cli.options import Commands

class Kept:
    def __del__(self):
        sys.stderr.write("taken apart")

kept = Kept()

@click.group(cls=Commands)
def main(): pass

@main.command()
def work():
    atexit.register(lambda: sys.stdout.write(" and went"))
    sys.stdout.write("came")
    {last}

main()
"""

READING = """
import asyncio, sys
import click
from pydantic import SecretStr
from gateway.cli.options import Commands
from gateway.files.place import S3Place, open_files

async def read():
    files = open_files(S3Place({bucket!r}, "a", {endpoint!r}, None, SecretStr("key"), SecretStr("secret")))
    hashes = [hash_ async for hash_ in files.hashes()]
    await asyncio.gather(*(files.get(hash_) for hash_ in hashes))

@click.group(cls=Commands)
def main(): pass

@main.command()
def work():
    asyncio.run(read())

main()
"""


@pytest.mark.parametrize(
    ("last", "code", "said"),
    [
        ("", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('No.')", 1, "No.\n"),
        ("raise KeyboardInterrupt", 1, "\nAborted!\n"),
        ("raise click.ClickException('No.')", 1, "Error: No.\n"),
    ],
)
def test_what_runs_at_exit_has_run(last: str, code: int, said: str) -> None:
    """The exit code is the command's, all that it said is out, and the interpreter is not taken apart."""
    ended = _run(PROGRAM.format(last=last))
    assert (code, "came and went", said) == (ended.returncode, ended.stdout, ended.stderr)


def test_a_bug_is_told() -> None:
    """An error that nobody expected is a traceback with exit code 1."""
    ended = _run(PROGRAM.format(last="1 / 0"))
    assert (1, "came and went") == (ended.returncode, ended.stdout)
    assert ended.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_stream_that_is_closed_or_full() -> None:
    """Who closed its output gets the exit code all the same; where the output has no room, it is never 0."""
    program = PROGRAM.format(last="")
    closed = [
        "sh",
        "-c",
        'exec "$@" >&-',
        "sh",
        sys.executable,
        "-c",
        program.replace("sys.stdout", "sys.stderr"),
        "work",
    ]
    assert 0 == subprocess.run(closed, check=False, stderr=subprocess.DEVNULL, timeout=PATIENCE).returncode
    full = ["sh", "-c", 'exec "$@" >/dev/full', "sh", sys.executable, "-c", program, "work"]
    assert 1 == subprocess.run(full, check=False, stderr=subprocess.DEVNULL, timeout=PATIENCE).returncode


def test_after_reading_from_s3(tmp_path: Path) -> None:
    """A command that has just read from S3, a backup above all, ends in good order however often it is run."""
    house = House(tmp_path / "house", "sqlite")
    house.live()
    with s3_process(tmp_path) as endpoint:
        asyncio.run(_move(house, S3Place(BUCKET, "a", endpoint, None, SecretStr("key"), SecretStr("secret"))))
        keys = 'access_key_id = { env = "S3_KEY" }\nsecret_access_key = { env = "S3_KEY" }\n'
        storage = f'[files]\nurl = "s3://{BUCKET}/a"\nendpoint = "{endpoint}"\n{keys}'
        (house.folder / "config/gateway.toml").write_text(
            f'[server]\npublic_url = "https://care.example.com"\n[database]\nurl = "{house.database.url}"\n{storage}',
            encoding="utf-8",
        )
        environment = {**os.environ, "S3_KEY": "key", "TEAMLINE_CONFIG": str(house.folder / "config")}
        command = [TEAMLINE, "backup", "--force", str(tmp_path / "a.tar")]
        backups = [
            subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL, timeout=PATIENCE)
            for _ in range(TIMES // 2)
        ]
        reads = [_run(READING.format(bucket=BUCKET, endpoint=endpoint)) for _ in range(TIMES)]
    assert {0} == {ended.returncode for ended in (*backups, *reads)}
    assert {path_of(hash_) for hash_ in house.hashes()} == check(tmp_path / "a.tar").files


async def _move(house: House, place: S3Place) -> None:
    files = open_files(place)
    for path in (house.files / path_of(hash_) for hash_ in await asyncio.to_thread(house.hashes)):
        await files.put(path.read_bytes())


def _run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, "work"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
