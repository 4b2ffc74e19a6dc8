"""Agents whose console is closed: who is told by a push, when, of what, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from gateway.actions import agent_pushes as actions
from gateway.actions import devices, read
from gateway.domain.message import MessageId, ThreadId
from gateway.outbox import agents
from gateway.outbox.agents import AgentPushes
from gateway.store import agent_pushes, status
from gateway.store.deliveries import GRACE
from gateway.store.store import Tx
from tests.company import FRONT, LAKES, SECOND, Person
from tests.outbox.office import NAMES, Office
from tests.outbox.phones import Phones, android
from tests.outbox.provider import configure, until
from tests.standins.fcm import Answer, FcmStandIn

GONE = Answer(404, "UNREGISTERED")
BUSY = Answer(503, "UNAVAILABLE", {"Retry-After": "90"})
WRONG = Answer(403, "SENDER_ID_MISMATCH")
COLUMNS = "agent_id, message_id, attempt, tries, due_at"


class Desk:
    """Ana's company, whose people have phones, with the pushes of one node."""

    def __init__(self, phones: Phones) -> None:
        self.phones, self.company, self.store = phones, phones.company, phones.office.store
        self.pushes = self.node()

    def node(self) -> AgentPushes:
        office = self.phones.office
        return AgentPushes(self.store, office.channels, self.company.doorbell, self.company.clock, NAMES.__getitem__)

    async def open(self) -> None:
        await configure(self.phones.office.channels, {"app": self.phones.app()})
        await self.pushes.start(only_node=True)

    async def colleague(self, login: str, number: int, *, team: Any = FRONT, **facts: Any) -> Person:
        """With a phone."""
        person = await self.company.hire(login, team, **facts)
        await self.phone(person.secret, number)
        return person

    async def phone(self, secret: bytes, number: int) -> None:
        device, now = android(number), self.company.clock()
        await self.store.write(devices.register_agents, secret, "app", device, now)

    async def writes(self, body: str = "No signal", number: int = 0) -> tuple[ThreadId, MessageId]:
        text = await self.company.text(body, sender=f"+1303555{number:04}")
        assert text.message is not None
        return text.thread, text.message

    async def queued(self) -> list[tuple[Any, ...]]:
        return await self.company.rows(f"SELECT {COLUMNS} FROM agent_push ORDER BY id")

    async def until_queued(self, count: int) -> list[tuple[Any, ...]]:
        """Once the logs have been looked through."""

        async def so() -> bool:
            self.company.doorbell.ring()
            behind = (await self.store.read(agent_pushes.agenda, self.company.clock())).is_behind
            return not behind and len(await self.queued()) == count

        await until(so)
        return await self.queued()

    async def told(self, count: int) -> list[Mapping[str, Any]]:
        """What was pushed, once it is so many and nothing more is queued."""
        await self.phones.pushes(count)
        await self.until_queued(0)
        return list(self.phones.google.taken)


@pytest.fixture
async def desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(agents, "POLL", 0.05)
    monkeypatch.setattr(agents, "GAP", 0.01)
    async with FcmStandIn() as google, aiohttp.ClientSession() as http:
        desk = Desk(Phones(office, google, http))
        yield desk
        await desk.pushes.close()
        await office.close()


def numbers(pushes: list[Mapping[str, Any]]) -> list[str]:
    return sorted(push["token"] for push in pushes)


async def test_a_customer_has_written(desk: Desk) -> None:
    """Everybody of the team with a device is told after the grace, once, and in words that a lock screen may show."""
    await desk.phone(desk.phones.office.secret, 0)
    await desk.colleague("ben", 1)
    await desk.colleague("lou", 2, team=LAKES)
    await desk.colleague("dana", 3, team=LAKES, role="admin")
    await desk.open()
    thread, message = await desk.writes()
    await desk.until_queued(2)
    desk.phones.wait(GRACE / SECOND - 0.1)
    assert [] == desk.phones.google.taken
    desk.phones.wait(0.1)
    pushes = await desk.told(2)
    assert [android(0).address, android(1).address] == numbers(pushes)
    for push in pushes:
        assert {"title": "A customer has written", "body": "Front Range"} == push["notification"]
        assert {"thread": str(thread), "message": str(message)} == push["data"]
        assert (str(thread), 1) == (
            push["android"]["collapseKey"],
            push["android"]["notification"]["notificationCount"],
        )


async def test_who_waits_already_is_not_told_of_again(desk: Desk) -> None:
    """Further messages of a customer who waits push nobody, and the badge counts the threads that wait."""
    await desk.phone(desk.phones.office.secret, 0)
    await desk.open()
    await desk.writes()
    desk.phones.wait()
    await desk.told(1)
    await desk.writes("Hello?")
    await desk.writes("Another", number=1)
    desk.phones.wait()
    pushes = await desk.told(2)
    assert [1, 2] == [push["android"]["notification"]["notificationCount"] for push in pushes]


async def test_whoever_has_claimed_it(desk: Desk) -> None:
    """A claimed thread tells its claimer alone, of each message, and of several within the grace at once; while the
    claimer is away, it is as if nobody had claimed it."""
    ana = desk.phones.office.secret
    await desk.phone(ana, 0)
    ben = await desk.colleague("ben", 1)
    thread, _ = await desk.writes()
    await desk.company.claim(ben.secret, thread)
    await desk.open()
    await desk.until_queued(0)
    await desk.writes("one")
    _, message = await desk.writes("two")
    desk.phones.wait()
    (push,) = await desk.told(1)
    assert (android(1).address, str(message)) == (push["token"], push["data"]["message"])
    await desk.company.reply(ben.secret, thread)
    await desk.company.sql("UPDATE agent SET away_at = 1 WHERE id = ?1", ben.id)
    await desk.writes("three")
    desk.phones.wait()
    assert android(0).address == (await desk.told(2))[-1]["token"]


@pytest.mark.parametrize("how", ["answered", "claimed", "done", "seen", "away", "moved", "signed out"])
async def test_nobody_is_told_of_what_is_in_hand(desk: Desk, how: str) -> None:
    """What was answered, claimed, set done or seen within the grace is not pushed, nor to who may not see it then."""
    ana = desk.phones.office.secret
    await desk.phone(ana, 0)
    await desk.open()
    thread, message = await desk.writes()
    await desk.until_queued(1)
    now = desk.company.clock()
    match how:
        case "answered":
            await desk.company.reply(ana, thread)
        case "claimed":
            await desk.company.claim(ana, thread)
        case "done":
            await desk.company.done(ana, thread)
        case "seen":
            await desk.store.write(read.read, ana, thread, message, now)
        case "away":
            await desk.company.sql("UPDATE agent SET away_at = ?1", now)
        case "moved":
            await desk.company.move(thread, LAKES)
        case "signed out":
            await desk.company.sql("DELETE FROM device")
    desk.phones.wait()
    await desk.until_queued(0)
    assert [] == desk.phones.google.taken


async def test_a_device_hears_of_what_came_after_it(desk: Desk) -> None:
    """Who turns it on is not told of what was written before, however long nobody had a device."""
    for number in range(3):
        await desk.writes(number=number)
    desk.company.clock.tick()
    await desk.phone(desk.phones.office.secret, 0)
    await desk.open()
    thread, _ = await desk.writes(number=4)
    desk.phones.wait()
    (push,) = await desk.told(1)
    assert str(thread) == push["data"]["thread"]


async def test_what_the_platform_says(desk: Desk) -> None:
    """A dead device is forgotten, a busy platform is asked again when it says, and what is wrong with our set-up is
    shown to admins."""
    await desk.phone(desk.phones.office.secret, 0)
    await desk.open()
    desk.phones.google.spoil += [BUSY, WRONG]
    await desk.writes()
    desk.phones.wait()
    now = desk.company.clock()
    await desk.until_queued(1)

    async def postponed() -> bool:
        return (await desk.queued())[0][4] >= now + 90 * SECOND

    await until(postponed)
    desk.phones.wait(90)
    await desk.until_queued(0)
    (wrong,) = await desk.store.read(status.misconfigurations)
    assert ("app", "SENDER_ID_MISMATCH", 1) == (wrong["channel"], wrong["code"], wrong["count"])
    desk.phones.google.spoil.append(GONE)
    await desk.writes(number=1)
    desk.phones.wait()
    await desk.until_queued(0)
    assert [(0,)] == await desk.company.rows("SELECT count(*) FROM device")
    assert [] == desk.phones.google.taken


async def test_what_is_newer_meanwhile(desk: Desk) -> None:
    """A message that comes while a push of its thread is under way is pushed after it."""
    ana = desk.phones.office.secret
    await desk.phone(ana, 0)
    thread, _ = await desk.writes()
    await desk.company.claim(ana, thread)
    await desk.writes("one")
    await desk.store.write(actions.follow)
    desk.company.clock.tick(3)
    (claimed,) = await desk.store.write(agent_pushes.claim, 8, desk.company.clock(), SECOND)
    _, message = await desk.writes("two")
    await desk.store.write(actions.follow)
    await desk.store.write(actions.finish, [actions.Told(claimed.id, claimed.attempt)])
    ((_, newest, *_),) = await desk.queued()
    assert message == newest


async def test_once_however_many_nodes(desk: Desk) -> None:
    """Of nodes that follow, claim and restart at once, one queues a message and one pushes it."""
    await desk.phone(desk.phones.office.secret, 0)
    await desk.open()
    others = [desk.node() for _ in range(2)]
    for node in others:
        await node.start(only_node=False)
    for number in range(12):
        await desk.writes(number=number)
        await others[number % 2].close()
        others[number % 2] = desk.node()
        await others[number % 2].start(only_node=False)
    desk.phones.wait()
    pushes = await desk.told(12)
    for node in others:
        await node.close()
    assert 12 == len({push["data"]["thread"] for push in pushes}) == len(pushes)


async def test_a_node_that_dies(desk: Desk) -> None:
    """What a node had claimed is another's when its lease is over, and is pushed once more."""
    await desk.phone(desk.phones.office.secret, 0)
    await desk.writes()
    await desk.store.write(actions.follow)
    desk.company.clock.tick(3)
    assert 1 == len(await desk.store.write(agent_pushes.claim, 8, desk.company.clock(), SECOND))
    assert [] == await desk.store.write(agent_pushes.claim, 8, desk.company.clock(), SECOND)
    await desk.company.sql("UPDATE agent_push SET lease_until = 1")
    await desk.open()
    assert 1 == len(await desk.told(1))


@pytest.mark.parametrize(
    ("state", "title"), [("booked", "A booked call is not claimed yet"), ("ringing", "A customer is to be called now")]
)
async def test_a_booking_rings(desk: Desk, state: str, title: str) -> None:
    """Whom a booking asks for, or rings, is told at once, of each step, beside what was written in its thread."""
    ben = await desk.colleague("ben", 1)
    await desk.phone(desk.phones.office.secret, 0)
    thread, _ = await desk.writes()
    await desk.open()
    await desk.until_queued(2)
    booking = await booked(desk, thread, state)
    for count in (1, 2):
        await rang(desk, thread, booking, ben)
        await desk.phones.pushes(count)
        await desk.until_queued(2)
    assert [android(1).address] * 2 == numbers(desk.phones.google.taken)
    push = desk.phones.google.taken[0]
    assert {"title": title, "body": "Front Range"} == push["notification"]
    assert {"thread": str(thread), "message": "", "booking": str(booking)} == push["data"]
    assert f"{thread}-{booking}" == push["android"]["collapseKey"]


async def test_a_booking_in_hand_is_silent(desk: Desk) -> None:
    """A booking that somebody has begun rings nobody any more."""
    ben = await desk.colleague("ben", 1)
    thread, _ = await desk.writes()
    booking = await booked(desk, thread, "begun")
    await rang(desk, thread, booking, ben)
    await desk.open()
    await desk.until_queued(1)
    assert [] == desk.phones.google.taken


async def booked(desk: Desk, thread: ThreadId, state: str) -> int:
    """A call at this moment."""
    now = desk.company.clock()
    await desk.company.sql(
        """INSERT INTO booking (uid, team_id, thread_id, kind, state, at, ends_at, zone, phone, created_at, changed_at)
           VALUES ('u', ?1, ?2, 'call', ?3, ?4, ?4, 'UTC', '+13035550142', ?4, ?4)""",
        FRONT,
        thread,
        state,
        now,
    )
    return int((await desk.company.rows("SELECT id FROM booking"))[0][0])


async def rang(desk: Desk, thread: ThreadId, booking: int, person: Person) -> None:
    at = desk.company.clock.tick(0.001)

    async def tell(tx: Tx) -> None:
        tx.event(FRONT, "booking.changed", thread, at, {"booking": booking, "what": "rang", "whom": [person.id]})

    await desk.store.write(tell)
