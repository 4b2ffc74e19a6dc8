"""A thread's pages: every message, note and quiet line once and in order, however it is paged."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.actions import view
from gateway.actions.view import Window
from gateway.domain.message import ThreadId
from gateway.domain.wire import Json
from tests.company import FRONT, LAKES, Company, Person, found


async def page(company: Company, person: Person, thread: ThreadId, **window: Any) -> view.Page:
    part = Window(**{"before": None, "after": None, "limit": 100, "notes": True, "events": True} | window)
    return await company.store.read(view.messages_page, person.secret, thread, part, company.clock())


def brief(items: list[Json]) -> list[str]:
    """A message by its id, a quiet line by its kind and time."""
    return [item.get("id") or f"{item['event']} {item['at']}" for item in items]


async def backwards(company: Company, person: Person, thread: ThreadId, limit: int, notes: bool) -> list[str]:
    items: list[Json] = []
    before = None
    while True:
        part = await page(company, person, thread, before=before, limit=limit, notes=notes)
        items = part.items + items
        if part.next is None:
            return brief(items)
        before = part.next[1]


async def forwards(company: Company, person: Person, thread: ThreadId, limit: int, notes: bool) -> list[str]:
    items: list[Json] = []
    after = 0
    while True:
        part = await page(company, person, thread, after=after, limit=limit, notes=notes)
        items += part.items
        if part.next is None:
            return brief(items)
        after = part.next[1]


HISTORIES = st.lists(
    st.tuples(st.sampled_from(["text", "reply", "note", "claim", "release", "done"]), st.sampled_from([0, 0, 1, 60])),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, limit=st.integers(1, 6), notes=st.booleans())
async def test_all_pages_together_are_the_whole(
    engine: str, history: list[tuple[str, int]], limit: int, notes: bool
) -> None:
    """Paged from either end by any size, a thread is the same list: each item once, also of one moment."""
    with tempfile.TemporaryDirectory() as folder:
        async with found(engine, Path(folder)) as company:
            ana = await company.hire("ana", FRONT)
            thread = (await company.text()).thread
            for verb, pause in history:
                company.clock.tick(pause - 1)  # each verb adds a second
                act = {"text": company.text}.get(verb) or (lambda v=verb: getattr(company, v)(ana.secret, thread))
                await act()
            whole = brief((await page(company, ana, thread, notes=notes)).items)
            kinds = "('in', 'out', 'note')" if notes else "('in', 'out')"
            messages = await company.rows(f"SELECT id FROM message WHERE direction IN {kinds} ORDER BY id")
            assert [str(id_) for (id_,) in messages] == [item for item in whole if item.isdigit()]
            lines = await company.rows("SELECT count(*) FROM event WHERE kind LIKE 'thread.%'")
            assert [(len(whole) - len(messages),)] == lines
            assert whole == await backwards(company, ana, thread, limit, notes)
            assert whole == await forwards(company, ana, thread, limit, notes)


async def test_many_quiet_lines_between_two_messages_all_show(company: Company) -> None:
    """A page of one message has all the quiet lines that follow it."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    for _ in range(8):
        await company.claim(ana.secret, thread)
        await company.release(ana.secret, thread)
    await company.text()
    newest = await page(company, ana, thread, limit=1)
    assert newest.next is not None
    assert 1 == len(newest.items)
    assert 17 == len((await page(company, ana, thread, limit=1, before=newest.next[1])).items)


async def test_past_the_newest_there_is_nothing(company: Company) -> None:
    """After the newest message, or before the oldest, a page is empty: its quiet lines came with the page before."""
    ana = await company.hire("ana", FRONT)
    receipt = await company.text()
    await company.claim(ana.secret, receipt.thread)
    assert 2 == len((await page(company, ana, receipt.thread)).items)
    for window in ({"after": receipt.message}, {"before": receipt.message}):
        assert [] == (await page(company, ana, receipt.thread, **window)).items


async def test_a_quiet_line_says_who_and_when(company: Company) -> None:
    """A claim stands in its thread as one line with the person's name, right after what it followed."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.claim(ana.secret, thread)
    expected = {
        "event": "thread.claimed",
        "at": "2026-11-22T09:00:02.000000Z",
        "author": {"kind": "agent", "id": str(ana.id), "name": "Ana Ortiz"},
    }
    assert expected == (await page(company, ana, thread)).items[1]


async def test_notes_and_quiet_lines_come_only_when_asked_for(company: Company) -> None:
    """Without asking for them a page holds what passed between the customer and the team, and nothing else."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.note(ana.secret, thread)
    await company.claim(ana.secret, thread)
    await company.reply(ana.secret, thread)
    items = (await page(company, ana, thread, notes=False, events=False)).items
    assert ["in", "out"] == [item["direction"] for item in items]


async def test_a_moved_thread_keeps_its_history(company: Company) -> None:
    """The new team reads all that was written and done before the move."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    thread = (await company.text()).thread
    await company.claim(ana.secret, thread)
    await company.reply(ana.secret, thread)
    before = (await page(company, ana, thread)).items
    await company.move(thread, LAKES)
    assert before == (await page(company, ben, thread)).items


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
async def test_a_page_says_whether_there_is_more(company: Company, limit: int) -> None:
    """`next` is set exactly when there are more messages in the direction asked for, at every boundary."""
    ana = await company.hire("ana", FRONT)
    for _ in range(3):
        thread = (await company.text()).thread
    for window in ({}, {"before": 4}, {"after": 0}):
        part = await page(company, ana, thread, limit=limit, **window)
        assert (limit < 3) == (part.next is not None)
        assert min(limit, 3) == len(part.items)
