"""How soon an outage is made good: an hour's texts that no webhook told of, from the start until the last is in.

A list of Twilio's form, over HTTP and by pages, has what customers wrote while the gateway was down. Timed from before
the process is started until all of it is committed, read from the database as anybody could. Afterwards it must be
there once, in the order of the list, and marked late. Half of the customers are new.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure
from bench.forms import ACCOUNT, OURS
from bench.people import fill, now, write_first
from bench.server import configure, gateway
from bench.texts import texts
from bench.trial import scaled
from gateway.domain.message import TeamId
from gateway.store import agents, catch_ups
from gateway.store.store import Store

RUNS: Final = 3
MISSED: Final = scaled(5_000, least=50)
CUSTOMERS: Final = 2_000
KNOWN: Final = CUSTOMERS // 2
HOUR: Final = timedelta(hours=1)
PATIENCE: Final = 300.0
"""Seconds until the bench gives up."""
LOOK: Final = 0.05
"""Seconds between two looks at the database."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A text in the provider's list."""

    sid: str
    sender: str
    body: str
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "account_sid": ACCOUNT,
            "sid": self.sid,
            "from": self.sender,
            "to": OURS,
            "body": self.body,
            "direction": "inbound",
            "status": "received",
            "num_media": "0",
            "date_created": format_datetime(self.at),
            "date_sent": format_datetime(self.at),
            "messaging_service_sid": None,
            "error_code": None,
        }


async def run(console: Console, progress: Progress) -> list[Figure]:
    task = progress.add_task("outage", total=RUNS)
    taken: list[float] = []
    for number in range(RUNS):
        async with scratch() as (folder, database):
            taken.append(await _run(console, folder, database, random.Random(number)))
        progress.advance(task)
    name = f"an hour's outage, {MISSED:,} texts missed: all in"
    return [Figure(name, taken, "s", "from the start of the process, the provider's list over HTTP", at_most=60)]


async def _run(console: Console, folder: Path, database: Database, chance: random.Random) -> float:
    configure(folder, database)

    async def work(store: Store) -> None:
        await store.write(agents.add_teams, (TeamId("bench"),))
        await write_first(store, "sms", "sms", "bench", KNOWN)
        await store.write(catch_ups.through, "sms", now() - HOUR // timedelta(microseconds=1))

    await fill(database, work)
    missed = _texts(chance)
    async with _listed(missed) as url:
        file = folder / "config" / "adapters" / "sms.toml"
        file.write_text(file.read_text().replace("[numbers]", f'api_base_url = "{url}"\n[numbers]'))
        begun = time.perf_counter()
        serving = gateway(folder)
        await asyncio.to_thread(serving.__enter__)  # the list must be served meanwhile
        try:
            await _all_in(database, len(missed))
            seconds = time.perf_counter() - begun
        finally:
            await asyncio.to_thread(serving.__exit__, None, None, None)
    await _check(console, database, missed)
    return seconds


def _texts(chance: random.Random) -> list[Missed]:
    """Oldest first, spread over the hour by Twilio's whole seconds."""
    start = datetime.now(UTC).replace(microsecond=0) - HOUR
    bodies = texts()
    return [
        Missed(
            f"SM{chance.getrandbits(128):032x}",
            f"+1720556{chance.randrange(CUSTOMERS):04d}",
            chance.choice(bodies),
            start + number * HOUR / MISSED,
        )
        for number in range(MISSED)
    ]


@asynccontextmanager
async def _listed(missed: Sequence[Missed]) -> AsyncIterator[str]:
    """The list as Twilio gives it: newest first, page by page."""
    newest_first = [text.as_json() for text in reversed(missed)]

    async def page(request: web.Request) -> web.Response:
        size, number = int(request.query["PageSize"]), int(request.query.get("Page", "0"))
        is_ours = request.query.get("To", OURS) == OURS  # and not WhatsApp's
        shown = newest_first[number * size : (number + 1) * size] if is_ours else []
        more = len(shown) == size and len(newest_first) > (number + 1) * size
        following = request.rel_url.update_query({"Page": str(number + 1)}) if more else None
        uri = None if following is None else str(following)
        return web.json_response({"messages": shown, "page": number, "page_size": size, "next_page_uri": uri})

    app = web.Application()
    app.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _all_in(database: Database, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await database.value("SELECT count(sent_at) FROM message") < count:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)


async def _check(console: Console, database: Database, missed: Sequence[Missed]) -> None:
    """Ends the whole bench with 1 when one is missing, there twice, or out of order."""
    query = "SELECT provider_id, sent_at FROM message WHERE sent_at IS NOT NULL ORDER BY id"
    stored = await database.rows(query)
    expected = [(text.sid, int(text.at.timestamp()) * 1_000_000) for text in missed]
    console.print(f"{len(missed):,} texts missed, {len(stored):,} brought in")
    if stored != expected:
        raise SystemExit("what was brought in is not what was missed, once and in order")
