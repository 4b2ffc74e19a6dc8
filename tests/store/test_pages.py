"""Pages of an inbox and of a search, put together, are what a plain query without index, limit or cursor finds."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from gateway.actions import view
from gateway.domain import search as words
from gateway.domain.message import TeamId, ThreadId
from gateway.store import search
from gateway.store.agents import add_teams
from gateway.store.inbox import View
from tests.company import Company, Person, found

TEAMS: Final = tuple(TeamId(f"front-{number}") for number in range(12))
SAID: Final = ("storm", "stormy night", "call me", "please call", "no signal", "front door", "電話して", "ok")
REPLIED: Final = "we call back"
ASKED: Final[dict[str, set[str]]] = {
    "storm": {"storm", "stormy night"},
    "storm ": {"storm"},
    "call": {"call me", "please call", REPLIED},
    "me call": {"call me"},
    "call ba": {REPLIED},
    "call b": set(),
    "front": {"front door"},
    "電話": {"電話して"},
    "話電": set(),
    "thunder": set(),
    "st": {"storm", "stormy night"},
    "cal": {"call me", "please call", REPLIED},
    "zz": set(),
}
"""What is looked for, and which of the texts have it."""


@pytest.fixture
async def company(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    """Twelve teams, of which one has most of the threads, and stretches so short that there are many."""
    monkeypatch.setattr(search, "FIND_NEAR", {kind: search.finding_near(kind, 5) for kind in search.FIND_NEAR})
    monkeypatch.setattr(words, "STRETCH", 32)
    monkeypatch.setattr(words, "SHORT_STRETCH", 8)
    monkeypatch.setattr(words, "MOST_STRETCHES", 4)
    async with found(engine, tmp_path) as made:
        await made.store.write(add_teams, TEAMS)
        yield made


async def _filled(company: Company) -> list[Person]:
    """People of one team, of three, of all, an admin, a guest in five threads, and one whose own thread they also hold;
    and 240 texts to them, some at the same moment, some of them answered or done."""
    people = [await company.hire("one", TEAMS[0]), await company.hire("three", *TEAMS[1:4])]
    people += [await company.hire("all", *TEAMS), await company.hire("dana", role="admin")]
    guest, twice = await company.hire("guest", TEAMS[5]), await company.hire("twice", *TEAMS[:2])
    everyone, chance = people[2], random.Random(3)
    for _ in range(240):
        team = TEAMS[int(len(TEAMS) * chance.random() ** 2)]
        at = company.clock()
        number = f"+1{3035550000 + 100 * TEAMS.index(team) + chance.randrange(9)}"
        thread = (await company.text(chance.choice(SAID), number, team=team, endpoint=team)).thread
        match chance.randrange(6):
            case 0:
                await company.reply(everyone.secret, thread, REPLIED)
            case 1:
                await company.done(everyone.secret, thread)
            case 2:
                await company.claim(chance.choice([everyone, people[3]]).secret, thread)
            case 3:
                company.clock.at = at
    threads = [row[0] for row in await company.rows("SELECT id FROM thread ORDER BY id")]
    for thread in threads[::9]:
        await company.invite(guest, ThreadId(thread))
    for held in sorted(await _held(company, twice)):
        if chance.random() < 0.3:
            await company.invite(twice, ThreadId(held))
    while await company.store.read(search.behind):
        await company.store.write(search.index_messages, 7)
        await company.store.write(search.index_lines, 7)
    return [*people, guest, twice]


async def _held(company: Company, person: Person) -> set[int]:
    """Threads that a person may see, asked for thread by thread."""
    rows = await company.rows("SELECT thread_id, holder FROM reach")
    (role,) = (await company.rows("SELECT role FROM agent WHERE id = ?1", person.id))[0]
    teams = await company.rows("SELECT team_id FROM agent_team WHERE agent_id = ?1", person.id)
    holders = {f"team:{team}" for (team,) in teams} | {f"agent:{person.id}"}
    return {thread for thread, holder in rows if holder in holders or (role == "admin" and holder[:5] == "team:")}


async def _inbox(company: Company, person: Person, which: View, limit: int) -> list[int]:
    ids: list[int] = []
    after = None
    while True:
        page = await company.store.read(view.inbox_page, person.secret, which, None, after, limit, company.clock())
        assert len(page.items) <= limit
        ids += [int(row["id"]) for row in page.items]
        after = page.next
        if after is None:
            return ids


async def _plain_inbox(company: Company, person: Person, which: View) -> list[int]:
    held = await _held(company, person)
    rows = await company.rows(
        """SELECT thread.id, thread.claimed_by, min(reach.waiting_since), min(reach.last_at)
             FROM thread JOIN reach ON reach.thread_id = thread.id GROUP BY thread.id"""
    )
    seen = [row for row in rows if row[0] in held]
    if which == "waiting":
        return [row[0] for row in sorted((row for row in seen if row[2] is not None), key=lambda row: (row[2], row[0]))]
    mine = [row for row in seen if which == "all" or row[1] == person.id]
    return [row[0] for row in sorted(mine, key=lambda row: (row[3], row[0]), reverse=True)]


async def test_inbox_pages_are_the_plain_inbox(company: Company) -> None:
    """For whoever looks, in every view and with pages of any size, an inbox has its threads in their order."""
    for person in await _filled(company):
        for which in ("waiting", "mine", "all"):
            plain = await _plain_inbox(company, person, which)
            for limit in (1, 5, 30, 100):
                assert plain == await _inbox(company, person, which, limit), (person.login, which, limit)


async def _found(company: Company, person: Person, text: str, limit: int) -> list[int]:
    ids: list[int] = []
    before = None
    while True:
        page: view.Found = await company.store.read(view.search, person.secret, text, before, limit, company.clock())
        assert len(page.messages) <= limit
        ids += [int(message["id"]) for message, _ in page.messages]
        before = page.next
        if before is None:
            return ids


async def _plain_search(company: Company, held: set[int], bodies: set[str]) -> list[int]:
    rows = await company.rows("SELECT id, thread_id, body FROM message ORDER BY id DESC")
    return [id_ for id_, thread, body in rows if thread in held and body in bodies]


async def test_search_pages_are_the_plain_search(company: Company) -> None:
    """For whoever looks, and with pages of any size, a search has the right messages, newest first."""
    for person in await _filled(company):
        held = await _held(company, person)
        for text, bodies in ASKED.items():
            plain = await _plain_search(company, held, bodies)
            for limit in (4, 100):
                assert plain == await _found(company, person, text, limit), (person.login, text, limit)


async def test_search_finds_the_plain_customers(company: Company) -> None:
    """For whoever looks, a number finds the threads of its customers that they may see, newest first."""
    for person in await _filled(company):
        held = await _held(company, person)
        for digits in ("3035550003", "0103", "303555", "999"):
            rows = await company.rows(
                """SELECT line.thread_id FROM line JOIN identity ON identity.id = line.identity_id
                    WHERE identity.address LIKE ?1 ORDER BY line.id DESC""",
                f"%{digits}" if digits != "303555" else f"+1{digits}%",
            )
            plain = [str(thread) for (thread,) in rows if thread in held]
            page = await company.store.read(view.search, person.secret, digits, None, 100, company.clock())
            assert plain == [row["id"] for row in page.customers], (person.login, digits)
