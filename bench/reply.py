"""How fast people's replies go: posted as the console does it, committed and answered 202, against a bare handler.

Many people write in many threads, each with a session's cookie, an Origin and an Idempotency-Key. Meanwhile the outbox
sends what was written: over the loopback channel, which costs no network but does run in the gateway's own process,
so that what claiming, sending and recording cost is in these figures.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure
from bench.load import Request
from bench.pairs import measure
from bench.people import Person, fill, hire, write_first
from bench.server import bare, configure, gateway
from bench.stored import check_replied
from bench.texts import texts
from gateway.store.store import Store

PEOPLE: Final = 50
THREADS: Final = 2_000
AGAINST: Final = "aiohttp that reads the same JSON and answers 202"


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        return await _run(console, progress, folder, database)


async def _run(console: Console, progress: Progress, folder: Path, database: Database) -> list[Figure]:
    public_url = configure(folder, database)
    people = [Person(f"agent{number}", ("bench",)) for number in range(PEOPLE)]
    threads: list[int] = []

    async def work(store: Store) -> None:
        await hire(store, people)
        threads.extend(await write_first(store, "phone", "phone", "bench", THREADS))

    await fill(database, work)
    bodies = texts()

    def make(count: int, chance: random.Random) -> list[Request]:
        return [
            _reply(chance.choice(people), chance.choice(threads), chance.choice(bodies), chance, public_url)
            for _ in range(count)
        ]

    with gateway(folder) as ours, bare(folder, ours) as theirs:
        done, refused = await measure(progress, "reply", theirs, ours, database, make)
    await check_replied(console, database, done.acknowledged, refused)
    return done.figures("reply", AGAINST, at_least=0.30)


def _reply(person: Person, thread: int, text: str, chance: random.Random, public_url: str) -> Request:
    key = f"{chance.getrandbits(128):032x}"
    body = json.dumps({"body": text}).encode()
    head = (
        f"POST /api/agent/v1/threads/{thread}/messages HTTP/1.1\r\nHost: {public_url.removeprefix('http://')}\r\n"
        f"Cookie: teamline_session={person.session}\r\nOrigin: {public_url}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request(key, head.encode() + body)
