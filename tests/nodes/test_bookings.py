"""Three nodes race to fire the same bookings while those are moved and cancelled: each fires once for its hour.

`TEAMLINE_SOAK=1` makes it 10,000 bookings, with a seed that a failure shows.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
import pytest

from gateway.actions import keep, rebook
from gateway.actions.book import Rules
from gateway.domain.booking import BookingId
from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.message import ThreadId
from gateway.domain.routing import Teams
from gateway.domain.slots import Callbacks, SlotKey
from gateway.domain.team import Team
from gateway.errors import IllegalMove, Unavailable
from gateway.store import bookings
from gateway.store.store import Store, Tx, certain
from tests.company import FRONT, Person, found
from tests.engines import open_engine
from tests.nodes.conftest import Node
from tests.outbox.provider import until
from tests.promises import HOUR, MINUTE, Promises

SOAK: Final = os.environ.get("TEAMLINE_SOAK") == "1"
BATCH: Final = 25
"""Bookings of one hour."""
ROUNDS: Final = 10_000 // BATCH if SOAK else 3
SEED: Final = secrets.randbelow(2**32) if SOAK else 20_261_122
APART: Final = 0.05
"""Seconds within which customers move and cancel."""

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.timeout(3_600 if SOAK else 120)]

TERMS: Final = Callbacks(call=10 * BATCH, lead_minutes=0, horizon_days=366)
ZONE: Final = ZoneInfo("UTC")
TEAMS: Final = Teams({FRONT: Team(FRONT, "Front Range", ZONE, (), Days(Hours(ZONE)), TERMS)}, FRONT)


class Race:
    """A company on three nodes, and threads of customers who book an hour after the other."""

    def __init__(self, promises: Promises, nodes: list[Store], ana: Person, threads: list[ThreadId], seed: int) -> None:
        self.promises, self.nodes, self.ana, self.threads = promises, nodes, ana, threads
        self.lot = random.Random(seed)
        self.rules = Rules(TEAMS, lambda number: number)
        self._read = 0

    async def fire(self) -> None:
        """All nodes at once do what is due, one or two at a time, until nothing is."""
        await asyncio.gather(*(self._drain(node) for node in self.nodes))
        while await self.promises.pass_on():  # what somebody held when the others looked
            pass

    async def _drain(self, node: Store) -> None:
        """About as fast as customers change their minds, so that the two meet."""
        for _ in range(BATCH):
            await asyncio.sleep(self.lot.random() * 6 * APART / BATCH)
            await self.promises.pass_on(store=node, limit=self.lot.randrange(1, 3))

    async def change(self, booking: BookingId, hour: int) -> None:
        """By its customer's wish: a third each is cancelled, moved by half an hour, or left."""
        wish = self.lot.choice(("cancel", "move", "leave"))
        node, start = self.lot.choice(self.nodes), self.lot.random() * APART
        await asyncio.sleep(start)
        whose = self.ana.secret, booking
        now = self.promises.company.clock()
        later = rebook.Change(SlotKey("call", hour + 30 * MINUTE))
        while True:
            with suppress(Unavailable):  # the slot was held for too long, on a busy machine: they try again
                if wish == "cancel":
                    await node.write(rebook.cancel_for, *whose, self.rules, now)
                if wish == "move":
                    await node.write(rebook.change_for, *whose, later, self.rules, now)
                return

    async def round(self, hour: int) -> dict[BookingId, list[Any]]:
        """What the log says of each booking of this hour, when it and the next are over."""
        clock = self.promises.company.clock
        clock.at = hour - 60 * MINUTE
        booked = [await self.promises.make(thread, at=hour) for thread in self.threads]
        clock.at = hour
        await asyncio.gather(self.fire(), *(self.change(booking, hour) for booking in booked))
        await self.fire()
        for later in (30 * MINUTE, 60 * MINUTE):
            clock.at = hour + later
            await self.fire()
        told: dict[BookingId, list[Any]] = {booking: [] for booking in booked}
        query = "SELECT seq, data FROM event WHERE kind = 'booking.changed' AND seq > ?1 ORDER BY seq"
        for seq, data in await self.promises.company.rows(query, self._read):
            self._read, said = seq, orjson.loads(data)
            told[said["booking"]].append(said)
        return told


@pytest.fixture(params=[SEED], ids=lambda seed: f"seed {seed}")
async def race(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Race]:
    async with found("postgresql", tmp_path) as company:
        others = [await open_engine("postgresql", tmp_path) for _ in range(2)]
        promises = Promises(company, TEAMS)
        ana = await company.hire("ana", FRONT)
        threads = [await promises.thread() for _ in range(BATCH)]
        yield Race(promises, [company.store, *others], ana, threads, request.param)
        for other in others:
            await other.close()


async def test_each_fires_once(race: Race) -> None:
    """Of bookings that are moved and cancelled while three nodes fire them, none fires twice and none is missed."""
    fates: dict[str, int] = {"fired": 0, "moved": 0, "cancelled": 0}
    for number in range(ROUNDS):
        hour = HOUR + number * 120 * MINUTE
        for booking, told in (await race.round(hour)).items():
            whats = [each["what"] for each in told]
            fired = [each["hour"] for each in told if each["what"] == "fired"]
            assert len(fired) == len(set(fired)), (booking, told)
            end = "cancelled" if "cancelled" in whats else "missed"
            assert end == whats[-1], (booking, told)
            if end == "missed":  # the last hour that was promised
                assert told[-1]["hour"] == fired[-1], (booking, told)
            if "moved" in whats:
                before = whats[: whats.index("moved")]
                assert before.count("fired") == len(fired) - (end == "missed"), (booking, told)
            for what in fates:
                fates[what] += what in whats
    assert [] == [what for what, count in fates.items() if count < ROUNDS], fates
    rows = await race.promises.company.rows("SELECT count(*), sum(due_at) FROM booking WHERE due_at IS NOT NULL")
    assert [(0, None)] == rows


async def test_one_wins(race: Race) -> None:
    """Of two who claim the same booking on two nodes one has it, and the other is told that it is claimed."""
    promises = race.promises
    ben = await promises.company.hire("ben", FRONT)
    for thread in race.threads:
        booking = await promises.make(thread)
        wishes = (
            node.write(keep.claim, who.secret, booking, TEAMS, promises.company.clock())
            for node, who in zip(race.nodes, (race.ana, ben), strict=False)
        )
        results = await asyncio.gather(*wishes, return_exceptions=True)
        assert [1, 1] == [sum(isinstance(one, kind) for one in results) for kind in (dict, IllegalMove)]


async def test_gateways_fire(pair: tuple[Node, Node]) -> None:
    """Of two gateways that serve, one fires what is due, by its own clock and as soon as it is there."""
    here, there = pair

    async def add(tx: Tx) -> int:
        made = "INSERT INTO {} (team_id, created_at{}) VALUES ('denver', ?1{}) RETURNING id"
        now = here.clock()
        customer = certain(await tx.one(made.format("customer", "", ""), now))["id"]
        thread = certain(await tx.one(made.format("thread", ", customer_id", ", ?2"), now, customer))["id"]
        booking = await tx.one(
            """INSERT INTO booking (uid, team_id, thread_id, kind, state, at, ends_at, zone, created_at, changed_at,
                                    due_at)
               VALUES ('uid', 'denver', ?1, 'chat', 'booked', ?2, ?2, 'UTC', ?2, ?2, ?2) RETURNING id""",
            thread,
            now,
        )
        return int(certain(booking)["id"])

    async def told(tx: Tx) -> list[str]:
        return [orjson.loads(row["data"])["what"] for row in await tx.all("SELECT data FROM event ORDER BY seq")]

    booking = await here.store.write(add)

    async def rings() -> bool:
        return (await there.store.read(bookings.unscoped_bookings, [booking]))[booking].state == "ringing"

    await until(rings)
    assert ["fired", "rang"] == await there.store.read(told)
