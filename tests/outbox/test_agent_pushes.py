"""Agents whose console is closed: who is told by a push, when, of what, and what becomes of it."""

from __future__ import annotations

import pytest

from gateway.actions import agent_pushes as actions
from gateway.actions import read
from gateway.store import agent_pushes, status
from gateway.store.deliveries import GRACE
from tests.company import LAKES, SECOND
from tests.outbox.desk import Desk, numbers
from tests.outbox.phones import android
from tests.outbox.provider import until
from tests.standins.fcm import Answer

GONE = Answer(404, "UNREGISTERED")
BUSY = Answer(503, "UNAVAILABLE", {"Retry-After": "90"})
WRONG = Answer(403, "SENDER_ID_MISMATCH")


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
