"""What an idle console costs: the memory that the gateway holds for 10,000 open event streams on which nothing happens.

Each is of a person with a session of their own, in one to three of fifty teams. Measured when every stream has had a
heartbeat, so that its write path has been used, in five steps of 2,000; the first hundred streams warm it up and stay.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from bench.figures import Figure
from bench.people import Person, fill, hire
from bench.server import DATABASE, configure, gateway, scratch
from bench.streams import Listener, asking, begin, open_streams
from bench.trial import scaled
from gateway.store.sqlite import SqliteStore

STEPS: Final = 5
STREAMS: Final = scaled(10_000, least=100)
FIRST: Final = 100
TEAMS: Final = tuple(f"team{number}" for number in range(50))
BEAT: Final = b": still here"


async def run(_console: Console, progress: Progress) -> list[Figure]:
    with scratch() as folder:
        return await _run(progress, folder)


async def _run(progress: Progress, folder: Path) -> list[Figure]:
    configure(folder, TEAMS)
    people = [Person(f"agent{number}", _teams(number)) for number in range(FIRST + STREAMS)]

    async def work(store: SqliteStore) -> None:
        await hire(store, people)

    await fill(folder / DATABASE, work)
    requests = [asking(person.session) for person in people]
    task = progress.add_task("idle", total=STREAMS)
    with gateway(folder) as server:
        listeners = await open_streams(server.address, requests[:FIRST])
        await _beat(listeners)
        held = [server.resident()]
        size = STREAMS // STEPS
        for start in range(FIRST, FIRST + size * STEPS, size):
            listeners += await open_streams(server.address, requests[start : start + size])
            await _beat(listeners)
            held.append(server.resident())
            progress.advance(task, size)
        each = [(after - before) / size for before, after in pairwise(held)]
        overall = (held[-1] - held[0]) / (size * STEPS)
        for listener in listeners:
            listener.close()
    name = f"memory of an idle stream, of {STREAMS:,}"
    return [
        Figure(name, [overall], "KiB", "growth of the resident set, over all", at_most=16),
        Figure(f"{name}: in steps", each, "KiB", f"the same for each {size:,}"),
    ]


async def _beat(listeners: list[Listener]) -> None:
    await begin(BEAT, listeners).heard_by_all()


def _teams(number: int) -> tuple[str, ...]:
    return tuple(TEAMS[(number + step * 7) % len(TEAMS)] for step in range(number % 3 + 1))
