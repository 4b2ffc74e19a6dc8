"""People keep what was promised: they claim, hand back, begin, and note how it ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.actions import board, people
from gateway.domain import booking_wire
from gateway.errors import AlreadyBooked, Forbidden, IllegalMove, Invalid, NotFound, TeamlineError
from tests.company import FRONT, LAKES, Company, Person
from tests.promises import HOUR, MINUTE, SECOND, Promises


@pytest.fixture
def promises(company: Company) -> Promises:
    return Promises(company)


@pytest.fixture
async def ana(company: Company) -> Person:
    return await company.hire("ana", FRONT)


async def refused(wish: object) -> type[TeamlineError]:
    with pytest.raises(TeamlineError) as error:
        await wish  # type: ignore[misc]
    return error.type


async def test_one_claims(company: Company, promises: Promises, ana: Person) -> None:
    """A claim is one person's: claiming again changes nothing, a colleague's claim is refused, and nobody is asked."""
    ben = await company.hire("ben", FRONT)
    booking = await promises.make()
    once, again = await promises.claim(ana, booking), await promises.claim(ana, booking)
    assert once == again
    assert ("claimed", {"id": str(ana.id), "name": "Ana Ortiz"}, []) == (
        once["state"],
        once["claimed_by"],
        once["rings"],
    )
    assert IllegalMove is await refused(promises.claim(ben, booking))
    await promises.pass_on(-1)
    assert [{"what": "claimed", "by": ana.id}] == await promises.told(booking)


async def test_it_is_handed_back(company: Company, promises: Promises, ana: Person) -> None:
    """What is released is asked for as it would have been; anyone in reach may, and where nobody has claimed it nothing
    changes."""
    ben = await company.hire("ben", FRONT)
    booking = await promises.make()
    await promises.claim(ana, booking)
    promises.at(-3 * 60)
    released = await promises.release(ben, booking)
    assert ("booked", False) == (released["state"], "claimed_by" in released)
    await promises.release(ana, booking)
    assert [
        {"what": "claimed", "by": ana.id},
        {"what": "released", "by": ben.id},
        {"what": "warned", "whom": [ana.id, ben.id]},
    ] == await promises.told(booking)


async def test_it_is_passed_on_while_it_rings(company: Company, promises: Promises, ana: Person) -> None:
    """The claimer who cannot after all passes it on, and it rings the next without waiting."""
    ben = await company.hire("ben", FRONT)
    booking = await promises.make()
    await promises.claim(ana, booking)
    await promises.pass_on(0)
    promises.at(3)
    assert [str(ana.id), str(ben.id)] == (await promises.release(ana, booking))["rings"]
    assert {"what": "rang", "step": "shift", "whom": [ana.id, ben.id]} == (await promises.told(booking))[-1]


async def test_somebody_begins(company: Company, promises: Promises, ana: Person) -> None:
    """Whoever is rung begins, and nobody is rung any more; beginning again changes nothing, and how long the customer
    waited is told."""
    booking = await promises.now()
    await promises.pass_on()
    company.clock.tick(12)
    begun, again = await promises.begin(ana, booking), await promises.begin(ana, booking)
    assert begun == again
    assert ("begun", 12, "tel:+13035550142") == (begun["state"], begun["waited_seconds"], begun["dial"])
    assert str(ana.id) == begun["begun_by"]["id"] == begun["claimed_by"]["id"]
    await promises.pass_on(24 * 3600)
    assert [{"what": "begun", "by": ana.id}, {"what": "left"}] == (await promises.told(booking))[-2:]


async def test_what_was_begun_and_left(company: Company, promises: Promises, ana: Person) -> None:
    """When its time is over and nobody has said how it ended everybody sees it, once; it can still be ended, its
    customer can choose anew, and whoever began it can take it up again."""
    ben = await company.hire("ben", FRONT)
    made = [await promises.make(await promises.thread()) for _ in range(3)]
    ended, moved, again = made
    await promises.pass_on(0)
    for booking in made:
        await promises.begin(ana, booking)
    assert 0 == await promises.pass_on(30 * 60 - 1)
    assert [3, 0] == [await promises.pass_on(30 * 60), await promises.pass_on(24 * 3600)]
    left = await promises.get(ended)
    assert ("begun", "left", True, True) == (left.state, left.step, left.is_left, left.is_open)
    assert ["move", "cancel"] == booking_wire.own_booking(left)["can"]
    assert "done" == (await promises.finish(ben, ended))["state"]
    assert "ringing" == (await promises.release(ben, moved))["state"]
    assert ("begun", None) == ((await promises.begin(ana, again))["state"], (await promises.get(again)).step)
    assert [] == booking_wire.own_booking(await promises.get(again))["can"]


async def test_not_before_the_hour(company: Company, promises: Promises, ana: Person) -> None:
    """A booking is not begun before it rings; a missed one is, late, and the promise stays broken."""
    booking = await promises.make()
    assert IllegalMove is await refused(promises.begin(ana, booking))
    await promises.pass_on(0)
    await promises.pass_on(90)
    begun = await promises.begin(ana, booking)
    assert ("begun", True, False) == (begun["state"], begun["broken"], "ended_at" in begun)


async def test_it_falls_back(company: Company, promises: Promises, ana: Person) -> None:
    """What never reached its customer rings again from the first row, and not first with whoever had begun it."""
    ben = await company.hire("ben", FRONT)
    booking = await promises.make()
    await promises.claim(ana, booking)
    await promises.pass_on(0)
    await promises.begin(ana, booking)
    promises.at(40)
    await promises.fall_back(booking)
    found = await promises.get(booking)
    assert ("ringing", None, None, None) == (found.state, found.claimed_by, found.begun_by, found.begun_at)
    assert [
        {"what": "fell_back", "why": "no_answer"},
        {"what": "rang", "step": "shift", "whom": [ana.id, ben.id]},
    ] == (await promises.told(booking))[-2:]


async def test_what_was_begun_can_be_taken_over(company: Company, promises: Promises, ana: Person) -> None:
    """What somebody has begun and left, anybody in reach hands back: it rings again, and its customer can move it."""
    ben = await company.hire("ben", FRONT)
    booking = await promises.make()
    await promises.pass_on(0)
    await promises.begin(ana, booking)
    again = await promises.release(ben, booking)
    assert ("ringing", False) == (again["state"], "begun_by" in again)
    assert {"what": "fell_back", "why": "released", "by": ben.id} == (await promises.told(booking))[-2]
    await promises.begin(ben, booking)
    await company.store.write(people.disable_agent, "ben", company.clock())
    found = await promises.get(booking)
    assert ("ringing", None) == (found.state, found.begun_by)


async def test_a_chat_that_goes_on_is_not_left(company: Company, promises: Promises, ana: Person) -> None:
    """While the two write nobody has left a chat; it is left a quarter of an hour after the last word. Then it does not
    ring when who began it is disabled: most likely they have talked."""
    thread = await promises.thread()
    booking = await promises.make(thread, kind="chat")
    await promises.pass_on(0)
    await promises.begin(ana, booking)
    promises.at(29 * 60)
    await company.reply(ana.secret, thread)
    assert 1 == await promises.pass_on(30 * 60)
    assert (await promises.get(booking)).due_at in range(HOUR + 44 * MINUTE, HOUR + 45 * MINUTE)
    await promises.pass_on(45 * 60)
    assert (await promises.get(booking)).is_left
    await company.store.write(people.disable_agent, "ana", company.clock())
    assert (await promises.get(booking)).is_left


async def test_a_missed_one_falls_back_too(company: Company, promises: Promises, ana: Person) -> None:
    """One that was begun after it was missed, and fell back, is rung for once more and missed once more."""
    booking = await promises.make()
    for seconds in (0, 90):
        await promises.pass_on(seconds)
    await promises.begin(ana, booking)
    await promises.fall_back(booking)
    await promises.pass_on(180)
    expected = ["fired", "shift", "missed", "begun", "fell_back", "shift", "missed"]
    assert expected == await promises.steps(booking)


async def test_a_missed_one_gives_way_to_a_new_one(company: Company, promises: Promises, ana: Person) -> None:
    """A broken promise whose customer has booked anew is not begun any more: the new one is theirs."""
    thread = await promises.thread()
    booking = await promises.make(thread)
    for seconds in (0, 90):
        await promises.pass_on(seconds)
    later = await promises.make(thread, at=HOUR + 60 * MINUTE)
    assert AlreadyBooked is await refused(promises.begin(ana, booking))
    assert ("missed", "booked") == ((await promises.get(booking)).state, (await promises.get(later)).state)


async def test_the_end_is_noted(company: Company, promises: Promises, ana: Person) -> None:
    """A person says how it ended; their note stands in the thread under their name, once, and the booking is done."""
    booking = await promises.make()
    await promises.pass_on(0)
    done = await promises.finish(ana, booking, "voicemail", note="Will try tomorrow", key="k1")
    assert done == await promises.finish(ana, booking, "voicemail", note="Will try tomorrow", key="k1")
    assert ("done", "voicemail", None) == (done["state"], done["outcome"], (await promises.get(booking)).due_at)
    query = "SELECT direction, agent_id, body FROM message WHERE direction = 'note'"
    assert [("note", ana.id, "Will try tomorrow")] == await company.rows(query)
    assert {"what": "finished", "by": ana.id, "outcome": "voicemail"} == (await promises.told(booking))[-1]
    assert Invalid is await refused(promises.finish(ana, booking, key="k1", fingerprint=b"another"))
    assert IllegalMove is await refused(promises.finish(ana, booking))


async def test_who_may(company: Company, promises: Promises, ana: Person) -> None:
    """A token that only reads keeps no promise, and a booking out of reach is not there."""
    booking, away = await promises.make(), await promises.make(team=LAKES)
    reader = replace(ana, secret=await company.token(ana, may_reply=False))
    await promises.pass_on(0)
    for verb in (promises.claim, promises.release, promises.begin, promises.finish):
        assert (Forbidden, NotFound) == (await refused(verb(reader, booking)), await refused(verb(ana, away)))
    assert Forbidden is await refused(promises.away(reader))


async def test_who_leaves_has_promised_nothing(company: Company, promises: Promises, ana: Person) -> None:
    """What somebody claimed who is disabled or leaves the team is nobody's, and is asked for again."""
    ben, cleo = await company.hire("ben", FRONT, LAKES), await company.hire("cleo", FRONT)
    first, second, kept = [await promises.make(await promises.thread()) for _ in range(3)]
    other = await promises.make(team=LAKES)
    await promises.claim(ana, first)
    await promises.claim(ben, second)
    await promises.claim(ben, other)
    await promises.claim(cleo, kept)
    promises.at(-60)
    await company.store.write(people.disable_agent, "ana", company.clock())
    await company.store.write(people.change_teams, "ben", (LAKES,), company.clock())
    await promises.pass_on()
    asked = {"what": "warned", "whom": [cleo.id]}
    for booking in (first, second):
        assert [{"what": "released"}, asked] == (await promises.told(booking))[-2:]
    assert ["claimed", "claimed"] == [(await promises.get(each)).state for each in (other, kept)]


async def test_the_board(company: Company, promises: Promises, ana: Person) -> None:
    """It has what is ahead and what is open, by the hour and of one's own teams, with whom it rings for and how long
    those waited who wanted to be called now."""
    over, ahead = await promises.make(), await promises.make(at=HOUR + 60 * MINUTE)
    ringing = await promises.make(await promises.thread(), at=HOUR + 30 * MINUTE)
    await promises.make(team=LAKES)
    await promises.pass_on(1)
    await promises.finish(ana, over)
    for seconds in (10, 20, 60):
        now = await promises.now()
        company.clock.tick(seconds)
        await promises.pass_on()
        await promises.begin(ana, now)
        await promises.finish(ana, now)
    await promises.pass_on(30 * 60)
    found = await show(promises, ana)
    assert [str(ringing), str(ahead)] == [item["id"] for item in found.items]
    assert [[str(ana.id)], []] == [item["rings"] for item in found.items]
    assert {"count": 3, "median_seconds": 20.0, "longest_seconds": 60.0} == found.waits
    early = await show(promises, ana, HOUR, HOUR + SECOND)
    assert [str(over)] == [item["id"] for item in early.items]
    company.clock.at += board.WAITS
    assert {"count": 0} == (await show(promises, ana)).waits


async def show(promises: Promises, who: Person, since: int | None = None, until: int | None = None) -> board.Board:
    now = promises.company.clock()
    return await promises.store.read(board.board, who.secret, since, until, None, promises.teams, now)
