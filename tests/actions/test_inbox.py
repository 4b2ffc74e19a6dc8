"""The inbox: what each view shows, to whom, and in which order however it is paged."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from gateway.actions import view
from gateway.domain.message import TeamId
from gateway.store.inbox import Place, View
from tests.company import FRONT, LAKES, Company, Person


async def page(
    company: Company,
    person: Person,
    which: View = "all",
    team: TeamId | None = None,
    after: Place | None = None,
    limit: int = 100,
) -> view.Page:
    return await company.store.read(view.inbox_page, person.secret, which, team, after, limit, company.clock())


async def ids(company: Company, person: Person, which: View = "all", team: TeamId | None = None) -> list[int]:
    return [int(row["id"]) for row in (await page(company, person, which, team)).items]


async def busy(company: Company, people: list[Person], threads: int) -> None:
    """Threads of two teams, some waiting, some answered, done or claimed, several of them at the same moment."""
    chance = random.Random(7)
    for number in range(threads):
        team = chance.choice((FRONT, LAKES))
        at = company.clock()
        thread = (await company.text(sender=f"+1303555{number:04}", team=team, endpoint=team)).thread
        person = next(one for one in people if one.login == team)
        match chance.randrange(4):
            case 0:
                await company.reply(person.secret, thread)
            case 1:
                await company.done(person.secret, thread)
            case 2:
                await company.claim(person.secret, thread)
        if chance.random() < 0.5:
            company.clock.at = at


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_show_each_thread_once_and_in_order(company: Company, limit: int) -> None:
    """Whatever the size of a page, all pages together are the whole inbox: each thread once, in order."""
    people = [await company.hire(FRONT, FRONT), await company.hire(LAKES, LAKES)]
    people += [await company.hire("both", FRONT, LAKES), await company.hire("dana", role="admin")]
    await busy(company, people, 24)
    guest = await company.hire("guest")
    for thread in (1, 5, 9):
        await company.invite(guest, thread)  # type: ignore[arg-type]
    for person in [*people, guest]:
        for which in ("waiting", "mine", "all"):
            whole = await ids(company, person, which)
            found: list[int] = []
            after, more = None, True
            while more:
                part = await page(company, person, which, after=after, limit=limit)
                assert 1 <= len(part.items) <= limit or not whole
                found += [int(row["id"]) for row in part.items]
                after, more = part.next, part.next is not None
            assert whole == found
            assert len(set(found)) == len(found)


async def test_all_shows_the_newest_first_and_waiting_the_longest(company: Company) -> None:
    """`all` is ordered by the newest message, `waiting` by how long a customer has waited."""
    ana = await company.hire("ana", FRONT)
    one, two, three = [(await company.text(sender=f"+1303555010{n}")).thread for n in range(3)]
    await company.text(sender="+13035550100")
    await company.reply(ana.secret, two)
    assert [two, one, three] == await ids(company, ana)
    assert [one, three] == await ids(company, ana, "waiting")
    assert [] == await ids(company, ana, "mine")
    await company.claim(ana.secret, three)
    assert [three] == await ids(company, ana, "mine")


async def test_each_team_s_people_see_their_own(company: Company) -> None:
    """An agent sees their teams' threads, an admin all, and a person without a team none."""
    front = (await company.text(team=FRONT)).thread
    lakes = (await company.text(team=LAKES, endpoint="+13125550100")).thread
    people = {
        await company.hire("ana", FRONT): [front],
        await company.hire("ben", LAKES): [lakes],
        await company.hire("cleo", FRONT, LAKES): [lakes, front],
        await company.hire("dana", role="admin"): [lakes, front],
        await company.hire("eve"): [],
    }
    for person, expected in people.items():
        assert expected == await ids(company, person)
        assert expected[::-1] == await ids(company, person, "waiting")


@pytest.mark.parametrize("which", ["waiting", "mine", "all"])
async def test_a_team_can_be_picked(company: Company, which: View) -> None:
    """With a team named, every view shows that team's threads only, and nothing of a team one is not in."""
    ana, cleo = await company.hire("ana", FRONT), await company.hire("cleo", FRONT, LAKES)
    front = (await company.text(team=FRONT)).thread
    lakes = (await company.text(team=LAKES, endpoint="+13125550100")).thread
    for thread in (front, lakes):
        await company.claim(cleo.secret, thread)
    assert [front] == await ids(company, cleo, which, FRONT)
    assert [lakes] == await ids(company, cleo, which, LAKES)
    assert [] == await ids(company, ana, which, LAKES)
    assert [] == await ids(company, cleo, which, TeamId("nowhere"))


async def test_a_guest_sees_exactly_that_thread(company: Company) -> None:
    """A person brought into a thread of another team sees it in every view that it fits, and no other of that team."""
    guest = await company.hire("guest", LAKES)
    shared = (await company.text(team=FRONT)).thread
    await company.text(sender="+13035550143", team=FRONT)
    own = (await company.text(sender="+13035550144", team=LAKES)).thread
    await company.invite(guest, shared)
    assert [own, shared] == await ids(company, guest)
    assert [shared, own] == await ids(company, guest, "waiting")
    await company.claim(guest.secret, shared)
    assert [shared] == await ids(company, guest, "mine")
    assert [shared] == await ids(company, guest, "all", FRONT)
    assert [own] == await ids(company, guest, "all", LAKES)


async def test_a_thread_held_twice_stands_once(company: Company) -> None:
    """Who reaches a thread through their team and in person sees it once."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.invite(ana, thread)
    await company.text()
    assert [thread] == await ids(company, ana)
    assert [thread] == await ids(company, ana, "waiting")


async def test_a_moved_thread_is_the_new_team_s(company: Company) -> None:
    """After a move the old team sees the thread no more, and the new one all of it."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    thread = (await company.text()).thread
    await company.move(thread, LAKES)
    assert ([], [thread]) == (await ids(company, ana), await ids(company, ben))


async def test_a_row_has_the_contract_s_shape(company: Company) -> None:
    """An inbox row says who, where, since when, the last words, who is on it and what is unread."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text("Hello", name="Pat")).thread
    (row,) = (await page(company, ana)).items
    last: dict[str, Any] = row.pop("last_message")
    expected = {
        "id": str(thread),
        "customer": {"id": "1", "name": "Pat"},
        "team": FRONT,
        "channel": "sms",
        "kind": "sms",
        "waiting_since": "2026-11-22T09:00:01.000000Z",
        "unread": 1,
    }
    assert expected == row
    assert "Hello" == last["body"]


async def test_pages_hold_while_texts_arrive(company: Company) -> None:
    """Threads that are written to between two pages move to the front; all others still come once."""
    ana = await company.hire("ana", FRONT)
    whole = [(await company.text(sender=f"+1303555{n:04}")).thread for n in range(10)][::-1]
    first = await page(company, ana, limit=4)
    await asyncio.gather(*(company.text(sender=f"+1303555{n:04}") for n in (0, 1)))
    rest = await page(company, ana, after=first.next)
    assert whole[:4] + whole[4:8] == [int(row["id"]) for row in first.items + rest.items]
