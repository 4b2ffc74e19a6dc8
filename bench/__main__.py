"""`python -m bench [NAME ...]`: every benchmark there is, or those that are named, and one table at the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench import bookings, fanout, idle, ingest, million, nodes, outage, picture, push, reply, slots, web
from bench import console as in_browser
from bench.drawing import draw
from bench.figures import Figure, make_console, show
from bench.trial import CACHE, ENGINE, refuse_unknown_engine

Program = Callable[[Console, Progress], Awaitable[list[Figure]]]

PROGRAMS: Final[dict[str, Program]] = {
    "ingest": ingest.run,
    "reply": reply.run,
    "web": web.run,
    "fanout": fanout.run,
    "idle": idle.run,
    "million": million.run,
    "picture": picture.run,
    "outage": outage.run,
    "push": push.run,
    "console": in_browser.run,
    "slots": slots.run,
    "bookings": bookings.run,
    "nodes": nodes.run,
}


DRAWING: Final = CACHE / "figures.svg"


class _Still(Progress):
    """Drawn when a step is done and not in between: a thread that draws would take the client's time."""

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        self.refresh()


def main() -> None:
    names = sys.argv[1:] or [name for name in PROGRAMS if ENGINE != "sqlite" or name != "nodes"]
    if unknown := [name for name in names if name not in PROGRAMS]:
        raise SystemExit(f"no benchmark is called {unknown[0]}; there are {', '.join(PROGRAMS)}")
    refuse_unknown_engine()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # of our own stores
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is a file; servers inherit it
    console = make_console()
    figures: list[Figure] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}/{task.total:,.0f}"))
    with _Still(*columns, TimeElapsedColumn(), console=console, auto_refresh=False) as progress:
        for name in names:
            figures += run(PROGRAMS[name], console, progress)
    show(console, figures)
    draw(figures, DRAWING)
    console.print(f"drawn in {DRAWING}")


def run(program: Program, console: Console, progress: Progress) -> list[Figure]:
    """In a loop of its own; what was left of the one before is collected first, not in the middle of a measurement."""
    gc.collect()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_awaited(program, console, progress))


async def _awaited(program: Program, console: Console, progress: Progress) -> list[Figure]:
    return await program(console, progress)


main()
