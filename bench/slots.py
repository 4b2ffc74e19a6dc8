"""1,000 people after the last 10 places of a slot, at the same moment: 10 have booked, and 990 know what is next.

Each of them is a visitor of their own who has written nothing yet and has looked at the times. A time begins with the
first request and ends with an answer, a connection of its own included. Afterwards the database is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from rich.console import Console
from rich.progress import Progress

from bench.database import scratch
from bench.figures import Figure, percentile
from bench.people import Person, fill, hire, now
from bench.server import configure, gateway
from bench.trial import scaled
from bench.web import arrive, token
from gateway.domain.instant import rfc3339
from gateway.store.store import Store

PEOPLE: Final = scaled(1_000, least=20)
PLACES: Final = 10
LOOKING: Final = 100
"""Look at the times at once, before all of them book at once."""
ROUNDS: Final = 3
BASE: Final = "/api/customer/v1"


@dataclass(frozen=True, slots=True)
class Round:
    """How one slot was raced for: who got what, and when each was answered, in seconds."""

    booked: int
    told: int
    """Refused because it is full, with times to choose from."""
    answers: Sequence[float]


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        url = configure(folder, database)
        teams = folder / "config" / "teams.toml"
        teams.write_text(teams.read_text() + f"callbacks = {{ call = {PLACES} }}\n")
        await fill(database, _arrive)
        task = progress.add_task("slots: people", total=ROUNDS)
        rounds = []
        with gateway(folder):
            for number in range(ROUNDS):
                rounds.append(await _race(url, number))
                progress.advance(task)
        most = await database.value(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM booking WHERE state = 'booked' GROUP BY at) AS slots"
        )
    console.print(f"{most} bookings in the fullest slot, by the database")
    return _figures(rounds, most)


async def _arrive(store: Store) -> None:
    await hire(store, [Person("ana", ("bench",))])
    await arrive(store, ROUNDS * PEOPLE, "bench")


async def _race(url: str, number: int) -> Round:
    visitors = range(number * PEOPLE, (number + 1) * PEOPLE)
    async with _connections(url) as http:
        found: list[list[dict[str, Any]]] = []
        for start in range(0, PEOPLE, LOOKING):
            found += await asyncio.gather(*(_slots(http, visitor) for visitor in visitors[start : start + LOOKING]))
        slot = found[0][number]["id"]
        begun = time.perf_counter()
        answers = await asyncio.gather(*(_book(http, visitor, slot) for visitor in visitors))
    return Round(
        sum(status == 201 for status, _, _ in answers),
        sum(status == 409 and bool(said.get("slots")) for status, said, _ in answers),
        [at - begun for _, _, at in answers],
    )


@asynccontextmanager
async def _connections(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as http:
        yield http


async def _slots(http: aiohttp.ClientSession, visitor: int) -> list[dict[str, Any]]:
    """Of the next hours."""
    until = rfc3339(now() + 6 * 3_600 * 1_000_000)
    async with http.get(f"{BASE}/slots", params={"kind": "call", "to": until}, headers=_headers(visitor)) as response:
        if response.status != 200:
            raise SystemExit(f"the times were answered {response.status}: {await response.text()}")
        found: list[dict[str, Any]] = (await response.json())["items"]
        return found


async def _book(http: aiohttp.ClientSession, visitor: int, slot: str) -> tuple[int, dict[str, Any], float]:
    asked = {"slot": slot, "kind": "call", "phone": f"+1720556{visitor % 10_000:04}"}
    async with http.post(f"{BASE}/bookings", json=asked, headers=_headers(visitor)) as response:
        said = await response.json(content_type=None)
        return response.status, said, time.perf_counter()


def _headers(visitor: int) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token(visitor)}",
        "X-Forwarded-For": f"10.1.{visitor // 250}.{visitor % 250}",
    }


def _figures(rounds: Sequence[Round], most: int) -> list[Figure]:
    crowd, others = f"{PEOPLE:,} people at once after {PLACES} places", PEOPLE - PLACES
    booked, told = [float(one.booked) for one in rounds], [float(one.told) for one in rounds]
    return [
        Figure("places of a slot: booked", booked, "", crowd, at_least=PLACES, at_most=PLACES),
        Figure("in the fullest slot", [float(most)], "", "as the database counts", at_most=PLACES),
        Figure("told what is next", told, "", crowd, at_least=others, at_most=others),
        Figure("a person is answered: p50", [percentile(one.answers, 0.50) for one in rounds], "s", crowd),
        Figure("the last is answered", [max(one.answers) for one in rounds], "s", crowd),
    ]
