"""Customers' bounds hold for all nodes together, and cost a node that is alone nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import OutcomeUnknown, TooMany, Unavailable
from gateway.http import spending
from gateway.http.pace import Bound, Pace, Paces
from gateway.http.spending import Spending
from gateway.store import paces as stored
from gateway.store.store import Store, Tx, certain
from tests.company import SECOND, Clock
from tests.engines import open_engine
from tests.http.guest import Guest, guest
from tests.nodes.conftest import Node, serving, settings_of

MINUTE = 60 * SECOND


class Counter:
    """One node's, told and heard by hand."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self.paces = Paces(messages_of_one=Pace(Bound(60, 60), "slowly"))
        self.spending = Spending(store, self.paces, clock)

    def taken(self, who: str, most: int = 100) -> int:
        """How many of so many are let through."""
        for count in range(most):
            try:
                self.paces.messages_of_one.take(who, self.clock())
            except TooMany:
                return count
        return most


@pytest.fixture
async def counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Counter, Counter]]:
    """Two nodes whose clocks are a day apart."""
    monkeypatch.setattr(spending, "EVERY", 3600)
    stores = [await open_engine("postgresql", tmp_path) for _ in range(2)]
    clocks = [Clock(), Clock()]
    clocks[1].at += 1440 * MINUTE
    one, other = map(Counter, stores, clocks)
    yield one, other
    for counter, store in zip((one, other), stores, strict=True):
        await counter.spending.close()
        await store.close()


async def test_what_is_spent_here_is_spent_there(counters: tuple[Counter, Counter]) -> None:
    """Whoever has taken all at one node is refused at the other, however its clock stands; others are not."""
    one, other = counters
    assert 60 == one.taken("ann")
    await one.spending.exchange()
    await other.spending.exchange()
    assert (0, 60) == (other.taken("ann"), other.taken("bob"))
    other.clock.tick(10)
    assert 9 <= other.taken("ann") <= 10


async def test_what_is_taken_at_once_is_owed(counters: tuple[Counter, Counter]) -> None:
    """Whoever takes all at both before they agree waits until both are refilled; a part counts as a part."""
    one, other = counters
    assert (60, 60, 40) == (one.taken("ann"), other.taken("ann"), one.taken("bob", 40))
    for counter in (one, other, one):
        await counter.spending.exchange()
    for counter in counters:
        counter.clock.tick(59)
    assert (0, 0) == (one.taken("ann"), other.taken("ann"))
    one.clock.tick(30)
    assert 25 <= one.taken("ann") <= 30


async def test_it_adds_up(counters: tuple[Counter, Counter]) -> None:
    """A bound that is used at both in turn is met as if it were at one, and what is given back is there at both."""
    one, other = counters
    for counter in (one, other) * 4:
        assert 7 == counter.taken("ann", 7)
        await counter.spending.exchange()
    await one.spending.exchange()
    left = 60 - 8 * 7
    assert left <= one.taken("ann") <= left + 3
    one.paces.messages_of_one.give_back("ann", 20)
    await one.spending.exchange()
    await other.spending.exchange()
    assert 19 <= other.taken("ann") <= 24


async def test_while_the_database_is_away(counters: tuple[Counter, Counter], monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be told is told later, and once; what perhaps was told is not told again."""
    one, other = counters
    whole = stored.spend

    async def fails(error: Exception) -> None:
        raise error

    assert 60 == one.taken("ann")
    monkeypatch.setattr(stored, "spend", lambda *_: fails(Unavailable()))
    with pytest.raises(Unavailable):
        await one.spending.exchange()
    assert 60 == one.taken("bob")
    monkeypatch.setattr(stored, "spend", whole)
    await one.spending.exchange()
    await other.spending.exchange()
    assert (0, 0) == (other.taken("ann"), other.taken("bob"))
    assert 60 == one.taken("cleo")
    monkeypatch.setattr(stored, "spend", lambda *_: fails(OutcomeUnknown()))
    with pytest.raises(OutcomeUnknown):
        await one.spending.exchange()
    monkeypatch.setattr(stored, "spend", whole)
    await one.spending.exchange()
    assert 0 == one.taken("cleo")


async def test_rows_go_when_all_is_refilled(tmp_path: Path) -> None:
    """Nobody is remembered in the database for longer than their bound takes to be refilled, nor by name."""
    store = await open_engine("postgresql", tmp_path)
    try:
        await store.write(
            stored.spend, [("messages", "a", -1), ("messages", "b", MINUTE), ("uploads", "b", 40 * SECOND)]
        )
        assert (1, 0) == (await store.write(stored.forget), await store.write(stored.forget))
        rows = await store.read(stored.spenders, 30 * SECOND, 10)
        assert [("messages", "b"), ("uploads", "b")] == [(name, who) for name, who, _ in rows]
        assert [("messages", "b")] == [(name, who) for name, who, _ in await store.read(stored.spenders, 0, 1)]
    finally:
        await store.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending, "EVERY", 0.02)


async def test_over_http(often: None, pair: tuple[Node, Node]) -> None:
    """A customer who has written all that a minute allows at one node is refused at the other before they could write
    as much there."""
    here, there = pair
    ann = await guest(here)
    told = await asyncio.gather(*(ann.call("POST", "/messages", {"body": "hello"}) for _ in range(61)))
    assert [201] * 60 + [429] == sorted(status for status, _ in told)
    again = Guest(there, ann.token)

    statuses = [(await again.call("POST", "/messages", {"body": "and again"}))[0] for _ in range(60)]
    assert 429 == statuses[-1]


async def test_a_node_that_is_alone_writes_nothing(tmp_path: Path) -> None:
    """On SQLite nothing of this is in the database: who is somewhere, what was spent, which nodes there are."""
    async with serving(await settings_of(tmp_path, database=f"sqlite:///{tmp_path}/teamline.db")) as node:
        await node.person("ana", "denver")
        await (await guest(node)).say("hello")
        await node.call("ana", "PUT", f"/threads/{await node.thread('ana')}/presence", {"state": "typing"})

        async def rows(tx: Tx) -> list[int]:
            counted = [await tx.one(f"SELECT count(*) AS n FROM {table}") for table in ("presence", "pace", "node")]
            return [certain(row)["n"] for row in counted]

        assert [0, 0, 0] == await node.store.read(rows)
        assert (1, {}) == (len(node.gateway.nodes), node.gateway.nodes.others)
