"""Agents whose console is closed, and a booking: whom it rings is told at once, until somebody has begun it."""

from __future__ import annotations

import pytest

from gateway.domain.message import ThreadId
from gateway.store.store import Tx
from tests.company import FRONT, Person
from tests.outbox.desk import Desk, numbers
from tests.outbox.phones import android


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
