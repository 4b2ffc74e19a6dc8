"""Missed messages are looked for by one node at a time, and by another when that one is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from gateway.catch_up import CatchUp
from gateway.channels.contract import Inbound
from gateway.channels.registry import Channels
from gateway.store import catch_ups, jobs
from tests.company import START, Company, found
from tests.engines import open_engine
from tests.outbox.provider import configure, until
from tests.test_catch_up import TEAMS, Lister


class Slow(Lister):
    """Its list comes when it is let go; `most` were asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()
        self.now = self.most = self.lists_given = 0

    async def missed(self, since: object) -> Sequence[Inbound]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.free.wait()
        finally:
            self.now -= 1
        self.lists_given += 1
        return self.listed


class Pair:
    """Two nodes' comparisons with one provider."""

    def __init__(self, company: Company, provider: Slow, nodes: list[CatchUp]) -> None:
        self.company, self.provider, self.nodes = company, provider, nodes

    async def is_settled(self) -> bool:
        return [] == await self.company.store.read(jobs.due, ("catch_up sms",)) and not self.provider.now


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr("gateway.catch_up.SETTLE", 0.0)
    monkeypatch.setattr("gateway.catch_up.LOOK", 0.05)
    async with found("postgresql", tmp_path) as company:
        other = await open_engine("postgresql", tmp_path)
        channels, provider = Channels(), Slow()
        await configure(channels, {"sms": provider})
        await company.store.write(catch_ups.through, "sms", START)
        nodes = [CatchUp(store, channels, lambda: TEAMS, company.clock) for store in (company.store, other)]
        yield Pair(company, provider, nodes)
        for node in nodes:
            await node.close()
        await channels.close()
        await other.close()


async def test_one_node_compares(pair: Pair) -> None:
    """However many nodes start, one at a time asks the provider; what any of them notices is looked for once."""
    pair.provider.lists("one", "two")
    for node in pair.nodes:
        node.start()
    await until(lambda: pair.provider.now == 1)
    pair.provider.free.set()
    await until(lambda: sum(node.brought["sms"] for node in pair.nodes) == 2)
    await until(pair.is_settled)
    before = pair.provider.lists_given
    pair.provider.lists("three")
    pair.nodes[1].notice()
    await until(lambda: sum(node.brought["sms"] for node in pair.nodes) == 3)
    await until(pair.is_settled)
    assert (1, before + 1) == (pair.provider.most, pair.provider.lists_given)


async def test_another_takes_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node was comparing when it closed is compared by the next."""
    monkeypatch.setattr("gateway.store.turns.SOON", 0.0)
    pair.provider.lists("one")
    pair.nodes[0].start()
    await until(lambda: pair.provider.now == 1)
    pair.nodes[1].start()
    await pair.nodes[0].close()
    pair.provider.free.set()
    await until(lambda: pair.nodes[1].brought["sms"] == 1)
    assert 0 == pair.nodes[0].brought["sms"]
