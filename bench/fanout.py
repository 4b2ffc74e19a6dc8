"""How soon 1,000 open consoles know: from the commit's acknowledgment until the last byte at the last of them.

Against a bare aiohttp server that writes the very bytes that a console got to as many connections, from its own
acknowledgment on. The consoles are of people with five different sets of teams, each with a session of their own.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure
from bench.forms import hooks
from bench.load import Request
from bench.people import Person, fill, hire
from bench.server import Server, bare, configure, gateway
from bench.stored import check_received
from bench.streams import Caller, Listener, asking, begin, calling, open_streams
from bench.trial import PAIRS, scaled
from gateway.store.store import Store

CONSOLES: Final = scaled(1_000)
ROUNDS: Final = 8 * PAIRS
WARM_UP: Final = 3
PAUSE: Final = 0.1
"""Seconds between rounds, as between texts on a busy afternoon."""
TEAMS: Final = ("bench", "north", "south", "east", "west", "hills")
SETS: Final = (("bench",), ("bench", "north"), ("bench", "south", "east"), ("bench", "west"), TEAMS)


class Times(NamedTuple):
    """Milliseconds until the last console knew."""

    from_sent: float
    from_answered: float


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        return await _run(console, progress, folder, database)


async def _run(console: Console, progress: Progress, folder: Path, database: Database) -> list[Figure]:
    public_url = configure(folder, database, TEAMS)
    people = [Person(f"agent{number}", SETS[number % len(SETS)]) for number in range(CONSOLES)]

    async def work(store: Store) -> None:
        await hire(store, people)

    await fill(database, work)
    texts = hooks(WARM_UP + ROUNDS, random.Random(3), public_url)
    with gateway(folder) as ours, bare(folder, ours) as theirs:
        pairs = await _rounds(progress, ours, theirs, [asking(person.session) for person in people], texts)
    await check_received(console, database, {text.key for text in texts}, 0)
    return _figures(pairs[WARM_UP:])


async def _rounds(
    progress: Progress, ours: Server, theirs: Server, requests: list[bytes], texts: list[Request]
) -> list[tuple[Times, Times]]:
    task = progress.add_task("fanout", total=len(texts) + 2)
    our_consoles = await open_streams(ours.address, requests)
    progress.advance(task)
    their_consoles = await open_streams(theirs.address, requests)
    progress.advance(task)
    pairs = []
    gc.disable()  # a collection over thousands of protocols would look like the server's doing
    try:
        async with calling(ours.address) as customer, calling(theirs.address) as writer:
            for text in texts:
                mine, frame = await _round(customer, text, b'"message.received"', our_consoles)
                plain, _ = await _round(writer, _write(frame), b"data:", their_consoles)
                pairs.append((plain, mine))
                progress.advance(task)
    finally:
        gc.enable()
    for listener in (*our_consoles, *their_consoles):
        listener.close()
    return pairs


async def _round(caller: Caller, request: Request, mark: bytes, consoles: list[Listener]) -> tuple[Times, bytes]:
    await asyncio.sleep(PAUSE)
    everyone = begin(mark, consoles)
    sent = time.perf_counter()
    answer = caller.call(request)
    heard = await everyone.heard_by_all()
    answered = await answer
    return Times((heard - sent) * 1_000, (heard - answered) * 1_000), everyone.frame


def _write(frame: bytes) -> Request:
    head = f"POST /write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(frame)}\r\n\r\n"
    return Request("", head.encode() + frame)


def _figures(pairs: list[tuple[Times, Times]]) -> list[Figure]:
    name = f"commit to {CONSOLES:,} consoles"
    against = f"aiohttp that writes the same bytes to {CONSOLES:,} connections"
    ratios = [ours.from_answered / theirs.from_answered for theirs, ours in pairs]
    whole = [ours.from_sent / theirs.from_sent for theirs, ours in pairs]
    return [
        Figure(f"{name}: ratio", ratios, "", against, at_most=2),
        Figure(f"{name}: ratio, from the request's first byte", whole, "", "the same"),
        Figure(f"{name}: the gateway", [ours.from_answered for _, ours in pairs], "ms", "from its 200"),
        Figure(f"{name}: the bare server", [theirs.from_answered for theirs, _ in pairs], "ms", "from its 200"),
    ]
