"""What is due to a booking is done, by the tables of the domain: it is asked for, it rings on, it is given up."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.domain.days import Days
from gateway.domain.hours import Hours
from tests.company import FRONT, LAKES, Company
from tests.promises import HOUR, MINUTE, SECOND, ZONE, Promises, teams


@pytest.fixture
def promises(company: Company) -> Promises:
    return Promises(company)


async def test_nobody_claims(company: Company, promises: Promises) -> None:
    """A booking that nobody claims is asked for twice, breaks its promise at the hour, rings everyone and is missed."""
    ana, lea = await company.hire("ana", FRONT), await company.hire("lea", FRONT, role="lead")
    booking = await promises.make()
    for seconds in (-15 * 60 - 1, -15 * 60, -5 * 60, -1, 0, 30, 89, 90):
        await promises.pass_on(seconds)
    both = [ana.id, lea.id]
    assert [
        {"what": "asked", "whom": both},
        {"what": "warned", "whom": both},
        {"what": "fired", "broken": True},
        {"what": "rang", "step": "shift", "whom": both},
        {"what": "missed"},
    ] == await promises.told(booking)
    found = await promises.get(booking)
    assert ("missed", True, False, None) == (found.state, found.broken, found.late, found.due_at)
    assert (HOUR, HOUR + 90 * SECOND) == (found.fired_at, found.ended_at)


async def test_the_claimer_is_rung_first(company: Company, promises: Promises) -> None:
    """At the hour it rings the claimer, then whom the customer knows, then who is on shift, then the lead, who is away;
    whoever was rung before is rung on."""
    ana, ben, cleo = [await company.hire(login, FRONT) for login in ("ana", "ben", "cleo")]
    lea = await company.hire("lea", FRONT, role="lead")
    await promises.away(lea)
    thread = await promises.thread()
    await company.reply(ben.secret, thread)
    booking = await promises.make(thread)
    await promises.claim(ana, booking)
    for seconds in (-15 * 60, 0, 19, 20, 40, 69, 70, 129, 130):
        await promises.pass_on(seconds)
    assert [
        {"what": "claimed", "by": ana.id},
        {"what": "fired"},
        {"what": "rang", "step": "claimer", "whom": [ana.id]},
        {"what": "rang", "step": "known", "whom": [ana.id, ben.id]},
        {"what": "rang", "step": "shift", "whom": [ana.id, ben.id, cleo.id]},
        {"what": "rang", "step": "lead", "whom": [ana.id, ben.id, cleo.id, lea.id]},
        {"what": "missed"},
    ] == await promises.told(booking)
    assert (await promises.get(booking)).broken


async def test_each_booking_fires_once(company: Company, promises: Promises) -> None:
    """However often the clock looks, each step is taken once."""
    await company.hire("ana", FRONT)
    booking = await promises.make()
    assert [1, 0, 0] == [await promises.pass_on(0), await promises.pass_on(0), await promises.pass_on(0)]
    assert ["fired", "shift"] == await promises.steps(booking)


async def test_what_was_due_while_all_was_down(company: Company, promises: Promises) -> None:
    """Asks that were missed are not made up for; the hour is, labeled late, and the claimer's promise is broken too."""
    ana = await company.hire("ana", FRONT)
    claimed, asked = await promises.make(), await promises.make(await promises.thread())
    await promises.claim(ana, claimed)
    await promises.pass_on(3600)
    late = {"what": "fired", "late": True, "broken": True}
    rang = {"what": "rang", "whom": [ana.id], "late": True}
    assert [{"what": "claimed", "by": ana.id}, late, rang | {"step": "claimer"}] == await promises.told(claimed)
    assert [late, rang | {"step": "shift"}] == await promises.told(asked)
    found = await promises.get(asked)
    assert (True, HOUR + 3600 * SECOND) == (found.late, found.fired_at)
    assert HOUR + 3690 * SECOND == found.due_at  # a ring that comes late lasts its full time


async def test_who_has_a_shift(company: Company, promises: Promises) -> None:
    """Where shifts are written down, only those who have one now are asked; a person's own date counts for them."""
    ana, ben, cleo = [await company.hire(login, FRONT) for login in ("ana", "ben", "cleo")]
    day = {"mon-sun": ["00:00-24:00"]}
    await promises.shift(ana, day)
    await promises.shift(ben, day, {"2026-11-22": []})
    booking = await promises.make()
    await promises.pass_on(-15 * 60)
    assert [ana.id] == (await promises.told(booking))[-1]["whom"]
    await promises.shift(ana, None)
    await promises.shift(ben, None)
    await promises.pass_on(-5 * 60)
    assert [ana.id, ben.id, cleo.id] == (await promises.told(booking))[-1]["whom"]


async def test_a_team_that_is_closed(company: Company) -> None:
    """Where nobody is on shift because the team is closed, it rings the leads; where it has none, the admins."""
    closed = teams(FRONT, LAKES, days=Days(Hours.of(ZONE, {"sat": ["09:00-10:00"]})))
    promises = Promises(company, closed)
    await company.hire("ana", FRONT)
    dana = await company.hire("dana", role="admin")
    first, second = await promises.make(), await promises.make(team=LAKES)
    lea = await company.hire("lea", LAKES, role="lead")
    await promises.pass_on(0)
    for booking, who in ((first, dana), (second, lea)):
        assert {"what": "rang", "step": "lead", "whom": [who.id]} == (await promises.told(booking))[-1]


async def test_nobody_is_there(company: Company, promises: Promises) -> None:
    """Where there is nobody at all it is missed at its hour."""
    booking = await promises.make()
    await promises.pass_on(0)
    assert ["fired", "missed"] == await promises.steps(booking)


async def test_called_now(company: Company, promises: Promises) -> None:
    """Whoever wants to be called now is rung for at once, and no promise is broken until everybody was."""
    await company.hire("ana", FRONT)
    booking = await promises.now()
    await promises.pass_on()
    found = await promises.get(booking)
    assert ("shift", False) == (found.step, found.broken)
    company.clock.tick(90)
    await promises.pass_on()
    assert (["shift", "missed"], True) == (await promises.steps(booking), (await promises.get(booking)).broken)


async def test_a_claimer_who_goes_away_is_not_waited_for(company: Company, promises: Promises) -> None:
    """While it rings the claimer and they go away, it goes on to the next at once; the others are not hurried."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    mine, theirs = await promises.make(), await promises.make(await promises.thread())
    await promises.claim(ana, mine)
    await promises.claim(ben, theirs)
    await promises.pass_on(0)
    promises.at(5)
    await promises.away(ana)
    await promises.pass_on()
    assert ["claimed", "fired", "claimer", "shift"] == await promises.steps(mine)
    assert [ben.id] == (await promises.told(mine))[-1]["whom"]
    assert ["claimed", "fired", "claimer"] == await promises.steps(theirs)
    assert HOUR + 130 * SECOND == (await promises.get(theirs)).due_at


async def test_shifts_go_by_the_teams_clock(company: Company) -> None:
    """A shift is told by the wall clock of its team: at 03:00 in Denver it is 10:00 in UTC."""
    promises = Promises(company)
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    assert (10, ZoneInfo("America/Denver")) == (HOUR // (60 * MINUTE) % 24, ZONE)
    await promises.shift(ana, {"sun": ["03:00-03:01"]})
    await promises.shift(ben, {"sun": ["10:00-10:01"]})
    booking = await promises.make()
    await promises.pass_on(0)
    assert {"what": "rang", "step": "shift", "whom": [ana.id]} == (await promises.told(booking))[-1]
