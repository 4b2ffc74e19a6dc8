"""Two nodes on one PostgreSQL database: how soon a console on one knows what was committed on the other, and how many
texts both take together against one alone.

A time to the console is of one text after the other, first with nothing else to do and then with others coming in at
both nodes. It begins with the commit, as the server dates it before it waits for its disk, and ends with the event's
last byte; beside it stands the time from the webhook's first byte. For the rate both nodes, the database and the client
share the machine, and one node alone gets as many connections as both.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch, spent
from bench.figures import Figure, percentile
from bench.forms import CUSTOMERS, hook, hooks
from bench.load import CONNECTIONS, Request, Result, flood, pace
from bench.pairs import settle
from bench.people import Person, fill, hire, write_first
from bench.server import Server, configure, gateway
from bench.stored import check_received
from bench.streams import Caller, Listener, asking, begin, calling, open_streams
from bench.trial import PAIRS, SECONDS, scaled
from gateway.store.store import Store

ROUNDS: Final = scaled(400, least=20)
PAUSE: Final = 0.02
RATE: Final = 200.0
"""Other texts a second, at each node."""
MOST: Final = 6_000
"""Texts a second that no node can take here."""
ANA: Final = Person("ana", ("bench",))


class Node:
    """A gateway, and texts that are signed for it."""

    def __init__(self, server: Server, public_url: str, seed: int) -> None:
        self.server, self._public_url = server, public_url
        self._chance = random.Random(seed)

    def texts(self, count: float) -> list[Request]:
        return hooks(int(count), self._chance, self._public_url, self._somebody)

    def text(self, body: str) -> Request:
        sid = f"SM{self._chance.getrandbits(128):032x}"
        return hook(sid, body, self._somebody(), self._public_url)

    def _somebody(self) -> str:
        """A customer of `write_first`."""
        return f"+1720556{self._chance.randrange(CUSTOMERS):04d}"


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        await fill(database, _work)
        with ExitStack() as serving:
            nodes = []
            for number in range(2):
                place = folder / f"node{number}"
                place.mkdir()
                public_url = configure(place, database)
                nodes.append(Node(serving.enter_context(gateway(place)), public_url, number))
            figures, acknowledged, refused = await _measure(progress, nodes[0], nodes[1], database)
        await check_received(console, database, acknowledged, refused)
    return figures


async def _work(store: Store) -> None:
    await hire(store, [ANA])
    await write_first(store, "sms", "sms", ANA.teams[0], CUSTOMERS)


async def _measure(
    progress: Progress, here: Node, there: Node, database: Database
) -> tuple[list[Figure], set[str], int]:
    task = progress.add_task("nodes", total=2 + 2 * PAIRS + 1)
    both = (here, there)
    acknowledged: set[str] = set()
    refused = 0

    def note(results: list[Result]) -> list[Result]:
        nonlocal refused
        refused += sum(result.refused for result in results)
        acknowledged.update(*(result.acknowledged for result in results))
        progress.advance(task)
        return results

    note(await _flood(both, min(2.0, SECONDS)))
    await settle(database)
    quiet = await _talk(here, there, acknowledged, database)
    progress.advance(task)
    others = [
        asyncio.create_task(pace(node.server.address, node.texts(RATE * ROUNDS * 3 * PAUSE), RATE)) for node in both
    ]
    busy = await _talk(here, there, acknowledged, database)
    note([await other for other in others])
    pairs = []
    for _ in range(PAIRS):
        await settle(database)
        alone = note(await _flood((here,), SECONDS))
        await settle(database)
        pairs.append((alone, note(await _flood(both, SECONDS))))
    await settle(database)
    delays = [*_delays("quiet", quiet), *_delays(f"{2 * RATE:.0f} other texts a second", busy)]
    return [*delays, *_rates(pairs)], acknowledged, refused


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds until the event's last byte was at a console of the other node."""

    from_first_byte: list[float]
    from_commit: list[float]


async def _talk(here: Node, there: Node, acknowledged: set[str], database: Database) -> Taken:
    taken, heard = list[float](), dict[str, float]()
    desk = (await open_streams(there.server.address, [asking(ANA.session)]))[0]
    async with calling(here.server.address) as customer:
        for number in range(ROUNDS):
            body = f"round {number} {random.getrandbits(32):08x}"
            taken.append(await _timed(customer, here.text(body), body, desk, acknowledged))
            heard[body] = time.time()
            await asyncio.sleep(PAUSE)
    desk.close()
    committed = dict(await database.rows(_COMMITTED))
    return Taken(taken, [(at - committed[body]) * 1_000 for body, at in heard.items()])


_COMMITTED: Final = """SELECT body, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM message
  WHERE body LIKE 'round %'"""


async def _timed(caller: Caller, request: Request, body: str, desk: Listener, acknowledged: set[str]) -> float:
    coming = begin(body.encode(), [desk])
    sent = time.perf_counter()
    answer = caller.call(request)
    heard = await coming.heard_by_all()
    await answer
    acknowledged.add(request.key)
    return (heard - sent) * 1_000


async def _flood(nodes: tuple[Node, ...], seconds: float) -> list[Result]:
    """All at once; each result's cost is the processor seconds of everything, its database's too, for one text."""
    texts = [iter(node.texts(MOST * seconds / len(nodes))) for node in nodes]
    before = spent() + sum(node.server.spent() for node in nodes)
    results = await asyncio.gather(
        *(
            flood(node.server.address, some, seconds, 2 * CONNECTIONS // len(nodes))
            for node, some in zip(nodes, texts, strict=True)
        )
    )
    cost = (spent() + sum(node.server.spent() for node in nodes) - before) / sum(len(one.latencies) for one in results)
    for result in results:
        result.cost = cost
    return results


def _delays(meanwhile: str, taken: Taken) -> list[Figure]:
    name, against = f"node to node, {meanwhile}", "from the commit at one to the console at the other"
    whole = percentile(taken.from_first_byte, 0.50)
    return [
        Figure(f"{name}: p50", [percentile(taken.from_commit, 0.50)], "ms", against, at_most=10),
        Figure(f"{name}: p99", [percentile(taken.from_commit, 0.99)], "ms", against, at_most=60),
        Figure(f"{name}: p50 of all", [whole], "ms", "from the webhook's first byte"),
    ]


def _rates(pairs: list[tuple[list[Result], list[Result]]]) -> list[Figure]:
    rates = [(_rate(alone), _rate(both)) for alone, both in pairs]
    connections = f"{2 * CONNECTIONS} connections"
    return [
        Figure("two nodes: ratio", [both / alone for alone, both in rates], "", "one node on the same machine"),
        Figure("two nodes", [both for _, both in rates], "/s", connections),
        Figure("one node", [alone for alone, _ in rates], "/s", connections),
        Figure(
            "two nodes: cost of a text", [both[0].cost * 1_000 for _, both in pairs], "ms", "of a core, with PostgreSQL"
        ),
        Figure(
            "one node: cost of a text",
            [alone[0].cost * 1_000 for alone, _ in pairs],
            "ms",
            "of a core, with PostgreSQL",
        ),
    ]


def _rate(results: list[Result]) -> float:
    return sum(result.rate for result in results)
