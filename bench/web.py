"""How fast the web is: a visitor's message until its 201 against a bare handler of the same JSON; and the way over real
sockets from a customer's page to an agent's console and back, while 500 other messages a second go through.

Visitors come with Bearer tokens and an Idempotency-Key, as through a proxy that says where each of them is. A time
begins with the first byte of the POST and ends with the last byte of the event at the other side.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure, percentile
from bench.load import Request, pace
from bench.pairs import Make, measure, settle
from bench.people import AT_ONCE, Person, fill, hire, now
from bench.server import Server, bare, configure, gateway
from bench.stored import check_on_web
from bench.streams import Caller, Listener, Round, asking, begin, calling, open_streams
from bench.texts import texts
from bench.trial import SECONDS, scaled
from gateway.actions import customer_visit
from gateway.actions.customer_visit import Visit
from gateway.domain.message import TeamId
from gateway.store.credentials import secret_hash
from gateway.store.store import Store

VISITORS: Final = scaled(2_000, least=20)
RATE: Final = 500.0
"""Messages a second that go through meanwhile."""
TALKS: Final = scaled(400, least=20)
PAUSE: Final = 0.02
AGAINST: Final = "aiohttp that reads the same JSON and answers 202"
ANA: Final = Person("ana", ("bench",))


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        return await _run(console, progress, folder, database)


async def _run(console: Console, progress: Progress, folder: Path, database: Database) -> list[Figure]:
    configure(folder, database)
    await fill(database, _arrive)
    bodies = texts()

    def make(count: int, chance: random.Random) -> list[Request]:
        return [_message(chance.randrange(VISITORS), chance.choice(bodies), chance) for _ in range(count)]

    with gateway(folder) as ours, bare(folder, ours) as theirs:
        done, refused = await measure(progress, "web", theirs, ours, database, make)
        there, back, said = await _talk(progress, ours, make)
        await settle(database)
    await check_on_web(console, database, done.acknowledged | said, refused)
    figures = done.figures("message on the web", AGAINST, at_least=0.35)
    return [*figures, *_figures("to the console", there), *_figures("to the customer", back)]


async def _arrive(store: Store) -> None:
    await hire(store, [ANA])
    await arrive(store, VISITORS, "bench")


async def arrive(store: Store, visitors: int, team: str) -> None:
    """So many visitors, who have written nothing yet."""
    for start in range(0, visitors, AT_ONCE):
        visits = [_visit(number, team) for number in range(start, min(start + AT_ONCE, visitors))]
        await asyncio.gather(*(store.write(customer_visit.begin, visit) for visit in visits))


def _visit(number: int, team: str) -> Visit:
    secret, source = secret_hash(token(number)), f"source {number}"
    return Visit(None, "web", TeamId(team), f"visitor-{number}", secret, source, now())


async def _talk(progress: Progress, server: Server, make: Make) -> tuple[list[float], list[float], set[str]]:
    """Milliseconds there and back, one after the other, and the keys of all that was acknowledged."""
    chance = random.Random(4)
    seconds = max(SECONDS, TALKS * 3 * PAUSE)
    task = progress.add_task("web: talks", total=TALKS)
    first = _message(0, "hello", chance)
    there: list[float] = []
    back: list[float] = []
    said = {first.key}
    async with calling(server.address) as customer, calling(server.address) as agent:
        desk = (await open_streams(server.address, [asking(ANA.session)]))[0]
        opening = begin(b'"hello"', [desk])
        await customer.call(first)
        thread = json.loads((await _heard(opening)).partition(b"data: ")[2].partition(b"\n")[0])["thread"]
        page = (await open_streams(server.address, [watching(0)]))[0]
        crowd = asyncio.create_task(pace(server.address, make(int(RATE * seconds), chance), RATE))
        for number in range(TALKS):
            word = f"round {number}"
            message = _message(chance.randrange(VISITORS), word, chance)
            there.append(await _timed(customer, message, word, desk))
            said.add(message.key)
            back.append(await _timed(agent, _reply(thread, f"answer {number}"), f"answer {number}", page))
            progress.advance(task)
            await asyncio.sleep(PAUSE)
        done = await crowd
    for listener in (desk, page):
        listener.close()
    return there, back, said | done.acknowledged


async def _heard(opening: Round) -> bytes:
    await opening.heard_by_all()
    return opening.frame


async def _timed(caller: Caller, request: Request, word: str, listener: Listener) -> float:
    to = begin(json.dumps(word).encode(), [listener])
    sent = time.perf_counter()
    answer = caller.call(request)
    heard = await to.heard_by_all()
    await answer
    return (heard - sent) * 1_000


def _figures(where: str, times: list[float]) -> list[Figure]:
    name, against = f"web, {where}", f"with {RATE:.0f} messages a second going through"
    return [
        Figure(f"{name}: p50", [percentile(times, 0.50)], "ms", against, at_most=10),
        Figure(f"{name}: p99", [percentile(times, 0.99)], "ms", against, at_most=40),
    ]


def token(number: int) -> str:
    return f"token-of-visitor-{number}"


def _message(visitor: int, text: str, chance: random.Random) -> Request:
    key = f"{chance.getrandbits(128):032x}"
    head = f"Authorization: Bearer {token(visitor)}\r\nX-Forwarded-For: 10.0.{visitor // 250}.{visitor % 250}\r\n"
    return Request(key, _post("/api/customer/v1/messages", head, text, key))


def _reply(thread: str, text: str) -> Request:
    return Request(
        "", _post(f"/api/agent/v1/threads/{thread}/messages", _session(), text, f"{text}!".replace(" ", "-"))
    )


def _session() -> str:
    return f"Cookie: teamline_session={ANA.session}\r\nSec-Fetch-Site: same-origin\r\n"


def watching(visitor: int) -> bytes:
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token(visitor)}\r\n"
    return f"GET /api/customer/v1/events HTTP/1.1\r\n{head}\r\n".encode()


def _post(path: str, head: str, text: str, key: str) -> bytes:
    body = json.dumps({"body": text}).encode()
    facts = f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}{facts}".encode() + body
