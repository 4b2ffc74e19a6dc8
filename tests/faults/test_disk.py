"""SQLite's file is locked for a moment, its disk is full or fails: nothing is acknowledged that is not on disk."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.desk import Answer, Desk, at_desk
from tests.gateway_process import DATABASE, Company, gateway_process, until
from tests.raw import locked
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

LONG = "x" * 1_500
SMALL_DISK = "16m"
FEW_BYTES = 4_096
"""Below the size of anything that a process could still write."""


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
async def small(tmp_path: Path, company: Company, twilio: TwilioStandIn) -> AsyncIterator[Desk]:
    """A gateway whose database is alone on a small file system, which only the process sees and which ends with it."""
    var = Path(DATABASE).parent
    script = f'mount -t tmpfs -o size={SMALL_DISK} small {var}-small && cp -a {var}/. {var}-small && exec "$@"'
    into = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c", script, "sh")
    config = {"gateway.toml": _SMALL.replace("DATABASE", f"{var}-small/{Path(DATABASE).name}")}
    (tmp_path / f"{var}-small").mkdir()
    async with (
        gateway_process(tmp_path, company, twilio.url, into, config) as gateway,
        at_desk(gateway, twilio) as desk,
    ):
        yield desk


_SMALL = '[server]\nlisten = "127.0.0.1:{port}"\n[database]\nurl = "sqlite:///DATABASE"\n'


async def test_locked_briefly(desk: Desk) -> None:
    """A short lock, as every `teamline` command takes it, is waited for and nobody notices."""
    async with locked(desk.gateway.place):
        text = asyncio.create_task(desk.text("Hello"))
        await until(lambda: _waits(desk))
    assert 200 == (await text).status


async def test_disk_full(small: Desk) -> None:
    """On a full disk texts are refused, a probe is told so, and what was acknowledged stays; once there is room, all
    goes on by itself."""
    await small.text("Hello")
    disk = Path(f"/proc/{small.gateway.pid}/root{small.gateway.folder}") / f"{Path(DATABASE).parent}-small"
    _fill(disk / "filler")
    taken = ["Hello"]
    while True:  # the write-ahead log has some room left
        sid, body = new_sid(), f"{len(taken)} {LONG}"
        answer = await small.text(body, sid=sid)
        if answer.status != 200:
            break
        taken.append(body)
    assert (503, "1") == _told(answer)
    assert (503, "1") == _told(await small.text(body, sid=sid))
    assert taken == await small.said()
    await until(lambda: _is_ready(small, is_ready=False))
    (disk / "filler").unlink()
    assert 200 == (await small.text(body, sid=sid)).status
    await until(lambda: _is_ready(small, is_ready=True))
    assert [*taken, body] == await small.said()


async def test_write_fails(desk: Desk) -> None:
    """When the system refuses to write, the process says that the outcome is unknown and ends; started again, it has
    what was acknowledged, and a repeated text once."""
    await desk.text("Hello")
    sid = new_sid()
    resource.prlimit(desk.gateway.pid, resource.RLIMIT_FSIZE, (FEW_BYTES, resource.RLIM_INFINITY))
    answer = await desk.text(LONG, sid=sid)
    assert (503, "1") == _told(answer)
    # Unless a write of the gateway's own met it first, and ours was not begun.
    assert answer.json["type"] in {"/problems/outcome-unknown", "/problems/unavailable"}
    assert os.EX_SOFTWARE == await desk.gateway.ended()
    await desk.gateway.start()
    assert 200 == (await desk.text(LONG, sid=sid)).status
    assert ["Hello", LONG] == await desk.said()


def _told(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.headers.get("Retry-After")


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)):
                pass
        except OSError:
            return


async def _is_ready(desk: Desk, *, is_ready: bool) -> bool:
    async with desk.http.get(f"{desk.gateway.url}/readyz") as answer:
        return is_ready == (answer.status == 200)


async def _waits(desk: Desk) -> bool:
    """Whether something waits for the writer."""
    async with desk.http.get(f"{desk.gateway.url}/metrics") as answer:
        return 'teamline_store_waiting{lane="ingest"} 0.0' not in await answer.text()
