"""A query for an agent shows nothing of a thread out of their reach, even where nobody checked before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.domain.author import AgentId
from gateway.domain.message import Message, MessageId, ThreadId
from gateway.store import deliveries, events, lines, messages, threads
from gateway.store.store import Tx
from tests.company import FRONT, LAKES, Company

THREAD, TEXT, REPLY = ThreadId(1), MessageId(1), MessageId(2)
FOREVER = 2**62

Query = Callable[[Tx, AgentId], Awaitable[Any]]


async def _page(tx: Tx, agent: AgentId) -> list[Message]:
    return await messages.page(tx, agent, THREAD, before=None, after=None, limit=50, notes=True)


async def _span(tx: Tx, agent: AgentId) -> list[int]:
    said = await messages.unscoped_messages(tx, [TEXT, REPLY])
    since, until = await messages.span(tx, agent, THREAD, said[TEXT], said[REPLY], notes=True)
    return [until] if until > since else []


# Each query, and how much of the thread it shows to a person of its team.
QUERIES: dict[str, tuple[Query, int]] = {
    "page": (_page, 2),
    "span": (_span, 1),
    "messages": (lambda tx, agent: messages.get_messages(tx, agent, [TEXT, REPLY]), 2),
    "threads": (lambda tx, agent: threads.get_threads(tx, agent, [THREAD]), 1),
    "lines": (lambda tx, agent: lines.lines_of(tx, agent, THREAD), 1),
    "quiet lines": (lambda tx, agent: events.quiet_lines(tx, agent, THREAD, 0, FOREVER), 1),
    "delivery": (lambda tx, agent: _listed(deliveries.of_message(tx, agent, REPLY)), 1),
}


async def _listed(found: Awaitable[Any]) -> list[Any]:
    return [one for one in [await found] if one is not None]


@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_shows_a_stranger_nothing(company: Company, query: str) -> None:
    """Shown to the team that holds the thread, to a guest and to an admin, and to nobody else."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    eve, gus = await company.hire("eve", LAKES, role="admin"), await company.hire("gus", LAKES)
    thread = (await company.text()).thread
    await company.reply(ana.secret, thread)
    await company.claim(ana.secret, thread)
    await company.invite(gus, thread)
    ask, shown = QUERIES[query]
    expected = {ana.id: shown, ben.id: 0, eve.id: shown, gus.id: shown, AgentId(99): 0}
    assert expected == {agent: len(await company.store.write(ask, agent)) for agent in expected}
    await company.sql("UPDATE agent SET disabled_at = 1")
    assert 0 == len(await company.store.write(ask, ana.id))
