"""Throwaway PostgreSQL servers, and databases of their own for tests and benches.

    with PostgresServer() as server:                # Debian's binaries, as `nobody` when run by root
        server.restart("immediate")                 # as after a crash; clients see their connections break

    url = await databases().create()                # on the server of this process, started when first asked for
    copy = await databases().create(template=url)   # nobody may be connected to the template meanwhile
    await databases().drop(copy)

A server never outlives its process, however that ends: a watcher that holds the other end of a pipe stops it and
removes its folder. `TEAMLINE_TEST_POSTGRES` takes the place of the server of this process: the URL of a database on
this host, with PostgreSQL 15 or newer, whose role may create others. A test that restarts or kills a server starts its
own.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar

import asyncpg

from tests.processes import PATIENCE, free_port

BINARIES: Final = (Path(__file__).parent.parent / ".cache/debian/bin").resolve()
"""Where `scripts/unpack-debian` puts programs; resolved, since an ordinary user may not look into our own folder."""

T = TypeVar("T")

Mode = Literal["smart", "fast", "immediate"]
"""How `pg_ctl` stops: when all clients have gone, by ending them in good order, or as if it crashed."""

_SETTINGS: Final[Mapping[str, str | int]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 400,
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # in the folder, so that nothing stays behind after SIGKILL
    "jit": "off",  # its compiler is not unpacked
}
_NOT_DURABLE: Final[Mapping[str, str | int]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "128MB",
    "autovacuum": "off",
}
"""What is committed still survives the end of the server's processes, but not that of the machine."""
_WATCH: Final = 'cat >/dev/null; "$1" stop --silent --mode "$3" --pgdata "$2/data"; test "$4" || rm -rf "$2"'


class PostgresServer:
    """One cluster on a free port of 127.0.0.1, without passwords.

    `durable` is for benches: a folder on the disk (TMPDIR chooses which) and a wait for it at each commit. With `kept`
    the cluster is in that folder, made if it is not there, and stays: one process at a time may use it.
    Every call blocks, a start for about a second: in a running loop use `asyncio.to_thread`.
    """

    def __init__(
        self, *, durable: bool = False, settings: Mapping[str, str | int] = {}, kept: Path | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        """As superuser."""
        if kept is None:
            self.folder = Path(tempfile.mkdtemp(prefix="teamline-postgres-", dir=None if durable else _memory()))
        else:
            self.folder = kept
            kept.mkdir(exist_ok=True)
        self._kept = kept is not None
        self._data = self.folder / "data"
        self._as: dict[str, Any] = {"cwd": self.folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        how = ("fast", "kept") if self._kept else ("immediate", "")
        watch = ["sh", "-c", _WATCH, "sh", str(BINARIES / "pg_ctl"), str(self.folder), *how]
        self._watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True, **self._as)
        self._make({"port": self.port, **_SETTINGS, **({} if durable else _NOT_DURABLE), **settings})

    def start(self) -> None:
        """Returns when it takes connections. Raises AssertionError with the log's end."""
        self._pg_ctl("start", "--log", str(self.folder / "log"))

    def stop(self, mode: Mode = "fast") -> None:
        self._pg_ctl("stop", "--mode", mode)

    def restart(self, mode: Mode = "fast") -> None:
        """On the same port, with the same data."""
        self._pg_ctl("restart", "--mode", mode, "--log", str(self.folder / "log"))

    def kill(self) -> None:
        """SIGKILL to all its processes at once: nothing in it learns of its end. It can be started again."""
        processes = self.processes()
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while any(running(process) for process in processes):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        # Where nobody reaps orphans, its number stays taken, and a new server would think that the old one runs.
        (self._data / "postmaster.pid").unlink()

    def processes(self) -> list[int]:
        """The server's first process, and those that it has started for its clients and its own chores."""
        first = (self._data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0]
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [int(first), *map(int, children.split())]

    def close(self) -> None:
        """Stop it and remove its folder unless it is kept. May be called twice."""
        with self._watcher as watcher:
            assert watcher.stdin is not None
            watcher.stdin.close()
        if not self._kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self, settings: Mapping[str, str | int]) -> None:
        # C.UTF-8 is in every Debian and Ubuntu without the package `locales`.
        how = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        if not (self._data / "PG_VERSION").exists():
            self._run("initdb", *how, f"--pgdata={self._data}")
        with (self._data / "postgresql.auto.conf").open("w", encoding="utf-8") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())

    def _pg_ctl(self, *arguments: str) -> None:
        self._run(
            "pg_ctl", *arguments, "--silent", "--wait", "--timeout", str(int(PATIENCE)), "--pgdata", str(self._data)
        )

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([BINARIES / program, *arguments], check=False, **self._as)
        log = self.folder / "log"
        assert 0 == done.returncode, log.read_text(encoding="utf-8")[-2_000:] if log.exists() else program


@dataclass(frozen=True, slots=True)
class Databases:
    """Makes and drops databases where `url` leads. Names are random, so processes may share a server.

    Databases are named by their URLs. The doors ending in `_now` block; they work in a running loop, too.
    """

    url: str
    _made: set[str] = field(default_factory=set)

    async def create(self, template: str | None = None) -> str:
        """An empty database, or a copy of another one: of its files, where fsync is off more than twice as fast as by
        the write-ahead log."""
        name = f"teamline_test_{secrets.token_hex(8)}"
        copying = f"TEMPLATE {_name(template)} STRATEGY FILE_COPY" if template else ""
        await self._execute(f"CREATE DATABASE {name} {copying}")
        self._made.add(url := f"{self.url.partition('?')[0].rpartition('/')[0]}/{name}{_query(self.url)}")
        return url

    async def drop(self, *urls: str) -> None:
        """Also when somebody is connected."""
        for url in urls:
            await self._execute(f"DROP DATABASE {_name(url)} WITH (FORCE)")
            self._made.discard(url)

    def create_now(self, template: str | None = None) -> str:
        return elsewhere(self.create(template))

    def drop_now(self, *urls: str) -> None:
        elsewhere(self.drop(*urls))

    async def drop_all(self) -> None:
        """Those that this process has made and not dropped."""
        await self.drop(*list(self._made))

    async def _execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@cache
def databases() -> Databases:
    """Those of this process, whose server starts now (a second) and ends with the process."""
    if given := os.environ.get("TEAMLINE_TEST_POSTGRES"):
        made = Databases(given)
        atexit.register(lambda: asyncio.run(made.drop_all()))
        return made
    server = PostgresServer()
    atexit.register(server.close)
    server.start()
    return Databases(server.url)


def running(process: int) -> bool:
    """Whether a process is there, and more than a dead one that nobody has waited for."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def _memory() -> str | None:
    """A file system in memory, where nobody waits for a busy disk, if it has room for many databases (some containers
    have 64 MB)."""
    with suppress(OSError):
        if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30:
            return "/dev/shm"
    return None


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _query(url: str) -> str:
    return "".join(url.partition("?")[1:])


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Its result, from a loop in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
