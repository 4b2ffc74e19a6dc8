"""Booked chats that were opened: which devices of the customer are still to be told, a row each until it is.

A row that is due is claimed by moving it on in time; a push that is made twice takes its own place on the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.booking import Booking, BookingId
from gateway.domain.message import TeamId, ThreadId
from gateway.store import claims
from gateway.store.devices import MOST_BADGE, Registered, from_row
from gateway.store.holds import RELEASED
from gateway.store.store import Tx, listed

_UNREAD: Final = """(SELECT count(*) FROM (
    SELECT 1 FROM message AS newer
     WHERE newer.thread_id = booking.thread_id AND newer.direction = 'out'
       AND newer.id > coalesce(customer_seen.read_id, 0) LIMIT ?1) AS counted)"""


@dataclass(frozen=True, slots=True)
class Opening:
    """One device to be told, and of what."""

    id: int
    tries: int
    booking: BookingId
    thread: ThreadId
    team: TeamId
    name: str
    """Of whoever has opened it, as customers know them."""
    unread: int
    device: Registered


async def queue(tx: Tx, booking: Booking, now: int) -> None:
    """For each device that the customer has."""
    await tx.run(
        """INSERT INTO opening (booking_id, device_id, due_at)
           SELECT ?1, device.id, ?3 FROM device WHERE device.customer_id = ?2 ORDER BY device.id""",
        booking.id,
        booking.customer,
        now,
    )


async def next_due(tx: Tx) -> int | None:
    """None also while the outbox is held."""
    row = await tx.one(f"SELECT due_at FROM opening WHERE {RELEASED} ORDER BY due_at LIMIT 1")  # noqa: S608
    return None if row is None else row["due_at"]


async def claim(tx: Tx, room: int, now: int, until: int) -> list[Opening]:
    """Up to `room` that are due, for the caller until then. What was opened and is over is dropped instead."""
    rows = await tx.all(
        "SELECT id FROM opening WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2 FOR NO KEY UPDATE SKIP LOCKED",
        now,
        room,
    )
    due = [row["id"] for row in rows]
    if not due:
        return []
    places, values = listed(due, first=2)
    await tx.run(
        f"UPDATE opening SET due_at = ?1, tries = tries + 1 WHERE id IN ({places})",  # noqa: S608  placeholders only
        until,
        *values,
    )
    await tx.run(
        f"""DELETE FROM opening WHERE id IN ({places}) AND due_at = ?1
               AND booking_id IN (SELECT id FROM booking WHERE state <> 'begun')""",  # noqa: S608
        until,
        *values,
    )
    found = await tx.all(
        f"""SELECT opening.id, opening.tries, booking.id, booking.thread_id, booking.team_id, agent.display_name,
                   {_UNREAD}, device.id, device.channel, device.platform, device.address, device.keys
              FROM opening JOIN device ON device.id = opening.device_id
              JOIN booking ON booking.id = opening.booking_id
              JOIN agent ON agent.id = booking.begun_by
              LEFT JOIN customer_seen ON customer_seen.thread_id = booking.thread_id
             WHERE opening.id IN ({places}) ORDER BY opening.id""",  # noqa: S608  fixed words and placeholders
        MOST_BADGE,
        *values,
    )
    return [_opening(row) for row in found]


async def still_claimed(tx: Tx, claimed: Sequence[Opening]) -> list[Opening]:
    """Those of a claim whose COMMIT got no answer that it has. What another node has claimed instead is taken for ours,
    and told twice at worst."""
    return await claims.kept(tx, "opening", "tries", claimed)


def _opening(row: Iterable[Any]) -> Opening:
    id_, tries, booking, thread, team, name, unread, *device = row
    return Opening(id_, tries, booking, thread, team, name, unread, from_row(device))


async def done(tx: Tx, opening: int) -> None:
    await tx.run("DELETE FROM opening WHERE id = ?1", opening)


async def postpone(tx: Tx, opening: int, due_at: int) -> None:
    await tx.run("UPDATE opening SET due_at = ?2 WHERE id = ?1", opening, due_at)
