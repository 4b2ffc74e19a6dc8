"""Bookings: SQL beside its function, rows into domain values. What may be done with one is the actions' to say.

Whoever changes a booking holds its row first; where the thread is needed too, the thread before it, and before both the
slot that is booked (see names.py). Every query that a person's request leads to names them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.domain.author import AgentId, CustomerId
from gateway.domain.booking import OPEN, Booking, BookingId, Colleague
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.slots import Kind, SlotKey
from gateway.errors import NotFound
from gateway.store import names
from gateway.store.reach import in_reach
from gateway.store.store import Tx, Value, listed
from gateway.store.visitors import Visitor

PAGE: Final = 500
"""Bookings that one list has at most."""

_OPEN: Final = ", ".join(f"'{state}'" for state in OPEN)
"""As the indexes on open bookings have it."""
_PEOPLE: Final = ("booked_by", "claimed_by", "begun_by")
_NAMED: Final = ", ".join(f"{who}.id, {who}.name, {who}.display_name" for who in _PEOPLE)
_COLUMNS: Final = f"""booking.id, booking.uid, booking.team_id, booking.thread_id, thread.customer_id,
       coalesce(customer.name, (SELECT identity.address FROM identity WHERE identity.customer_id = customer.id
                                 ORDER BY identity.id LIMIT 1), ''),
       booking.kind, booking.state, booking.at, booking.ends_at, booking.zone, booking.at_once, booking.phone,
       booking.about, booking.sequence, booking.created_at, booking.changed_at, booking.claimed_at, booking.step,
       booking.step_at, booking.due_at, booking.fired_at, booking.begun_at, booking.ended_at, booking.outcome,
       booking.late, booking.broken, {_NAMED}"""  # noqa: S608  fixed words only
_JOINS: Final = """JOIN thread ON thread.id = booking.thread_id
  JOIN customer ON customer.id = thread.customer_id
  LEFT JOIN agent AS booked_by ON booked_by.id = booking.booked_by
  LEFT JOIN agent AS claimed_by ON claimed_by.id = booking.claimed_by
  LEFT JOIN agent AS begun_by ON begun_by.id = booking.begun_by"""


def _booking(row: Iterable[Any]) -> Booking:
    """The values of _COLUMNS, by place."""
    (id_, uid, team, thread, customer, customer_name, kind, state, at, ends_at, zone, at_once, phone, about, sequence,
     created_at, changed_at, claimed_at, step, step_at, due_at, fired_at, begun_at, ended_at, outcome, late, broken,
     *people) = row  # fmt: skip
    booked_by, claimed_by, begun_by = (_colleague(people[place : place + 3]) for place in (0, 3, 6))
    return Booking(
        id_, uid, team, thread, customer, customer_name, kind, state, at, ends_at, zone, bool(at_once), phone, about,
        sequence, created_at, changed_at, booked_by, claimed_by, claimed_at, step, step_at, due_at, fired_at, begun_at,
        begun_by, ended_at, outcome, bool(late), bool(broken),
    )  # fmt: skip


def _colleague(values: Sequence[Any]) -> Colleague | None:
    return None if values[0] is None else Colleague(*values)


async def hold_slots(tx: Tx, team: TeamId, slots: Iterable[SlotKey], beside: Iterable[str] = ()) -> None:
    """Nobody else books these until the transaction ends: what is counted of them from now on stays true. `beside`:
    what else is held by its name, since all of that is held at once."""
    await names.hold(tx, (*beside, *(names.slot(team, slot.kind, slot.start) for slot in slots)))


async def hold_thread(tx: Tx, thread: ThreadId) -> None:
    """Which of its bookings are open changes nobody else until the transaction ends. For a thread that was found to be
    the caller's."""
    await tx.one("SELECT id FROM thread WHERE id = ?1 FOR NO KEY UPDATE", thread)


async def team_of(tx: Tx, thread: ThreadId, customer: CustomerId) -> TeamId | None:
    """Whose people see this thread; None where it is not that customer's."""
    row = await tx.one("SELECT team_id FROM thread WHERE id = ?1 AND customer_id = ?2", thread, customer)
    return None if row is None else row["team_id"]


async def thread_began(tx: Tx, thread: ThreadId, visitor: Visitor) -> None:
    """With a booking and no message: it is shown by this customer's address, and an answer goes there."""
    await tx.run(
        """UPDATE thread SET last_line_id =
                  (SELECT id FROM line WHERE identity_id = ?2 AND channel = ?3 AND endpoint = '')
            WHERE id = ?1 AND last_line_id IS NULL""",
        thread,
        visitor.identity,
        visitor.channel,
    )


async def open_one(tx: Tx, thread: ThreadId, kind: Kind) -> Booking | None:
    """The thread's open booking of a kind; there is one at most."""
    found = await _of(tx, f"booking.thread_id = ?1 AND booking.kind = ?2 AND booking.state IN ({_OPEN})", thread, kind)
    return found[0] if found else None


async def taken(tx: Tx, team: TeamId, kind: Kind, since: int, until: int) -> Mapping[int, int]:
    """Open bookings of a kind by the start of their slot, of those that start in since..until."""
    rows = await tx.all(
        f"""SELECT at, count(*) AS places FROM booking
             WHERE team_id = ?1 AND kind = ?2 AND at >= ?3 AND at < ?4 AND at_once = 0 AND state IN ({_OPEN})
             GROUP BY at""",  # noqa: S608  fixed words only
        team,
        kind,
        since,
        until,
    )
    return {row["at"]: row["places"] for row in rows}


async def add(tx: Tx, new: Booking) -> BookingId | None:
    """Its id, whatever `new` says; None where this thread has an open one of its kind."""
    row = await tx.one(
        f"""INSERT INTO booking (uid, team_id, thread_id, kind, state, at, ends_at, zone, at_once, phone, about,
                                 sequence, created_at, changed_at, booked_by, claimed_by, claimed_at, step, step_at,
                                 due_at, fired_at, late, broken)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
                    ?23)
            ON CONFLICT (thread_id, kind) WHERE state IN ({_OPEN}) DO NOTHING RETURNING id""",  # noqa: S608
        new.uid,
        new.team,
        new.thread,
        new.kind,
        new.state,
        new.at,
        new.ends_at,
        new.zone,
        int(new.at_once),
        new.phone,
        new.about,
        new.sequence,
        new.created_at,
        new.changed_at,
        _id(new.booked_by),
        _id(new.claimed_by),
        new.claimed_at,
        new.step,
        new.step_at,
        new.due_at,
        new.fired_at,
        int(new.late),
        int(new.broken),
    )
    return None if row is None else BookingId(row["id"])


async def save(tx: Tx, booking: Booking) -> None:
    """All that can change of a booking that is held."""
    await tx.run(
        """UPDATE booking SET state = ?2, at = ?3, ends_at = ?4, zone = ?5, phone = ?6, about = ?7, sequence = ?8,
                  changed_at = ?9, claimed_by = ?10, claimed_at = ?11, step = ?12, step_at = ?13, due_at = ?14,
                  fired_at = ?15, begun_at = ?16, begun_by = ?17, ended_at = ?18, outcome = ?19, late = ?20,
                  broken = ?21, at_once = ?22
            WHERE id = ?1""",
        booking.id,
        booking.state,
        booking.at,
        booking.ends_at,
        booking.zone,
        booking.phone,
        booking.about,
        booking.sequence,
        booking.changed_at,
        _id(booking.claimed_by),
        booking.claimed_at,
        booking.step,
        booking.step_at,
        booking.due_at,
        booking.fired_at,
        booking.begun_at,
        _id(booking.begun_by),
        booking.ended_at,
        booking.outcome,
        int(booking.late),
        int(booking.broken),
        int(booking.at_once),
    )


def _id(colleague: Colleague | None) -> int | None:
    return None if colleague is None else colleague.agent


async def seen(tx: Tx, agent: AgentId, booking: int) -> Booking:
    """One that an agent may see; NotFound otherwise, so that "not yours" looks like "not there"."""
    return _only(await _of(tx, f"booking.id = ?2 AND {in_reach('booking.thread_id')}", agent, booking))


async def own(tx: Tx, customer: CustomerId, booking: int) -> Booking:
    """The same for a customer."""
    return _only(await _of(tx, "booking.id = ?2 AND thread.customer_id = ?1", customer, booking))


def _only(found: Sequence[Booking]) -> Booking:
    if not found:
        raise NotFound
    return found[0]


async def hold_in_reach(tx: Tx, agent: AgentId, booking: int) -> Booking:
    """The same as `seen`, held."""
    return await _hold(tx, f"booking.id = ?2 AND {in_reach('booking.thread_id')}", agent, booking)


async def hold_own(tx: Tx, customer: CustomerId, booking: int) -> Booking:
    """The same as `own`, held."""
    mine = "EXISTS (SELECT 1 FROM thread WHERE thread.id = booking.thread_id AND thread.customer_id = ?1)"
    return await _hold(tx, f"booking.id = ?2 AND {mine}", customer, booking)


async def _hold(tx: Tx, which: str, *values: Value) -> Booking:
    """Held first and read then: whoever has waited for the row must see the people who are in it now."""
    row = await tx.one(f"SELECT booking.id FROM booking WHERE {which} FOR NO KEY UPDATE", *values)  # noqa: S608
    if row is None:
        raise NotFound
    return (await unscoped_bookings(tx, [row["id"]]))[row["id"]]


async def in_reach_of(tx: Tx, agent: AgentId, since: int, until: int, limit: int = PAGE) -> list[Booking]:
    """The board: what an agent may see of since..until, by its hour."""
    return await _of(
        tx,
        f"""booking.at >= ?2 AND booking.at < ?3 AND {in_reach("booking.thread_id")}
            ORDER BY booking.at, booking.id LIMIT ?4""",
        agent,
        since,
        until,
        limit,
    )


async def of_customer(tx: Tx, customer: CustomerId, limit: int = 50) -> list[Booking]:
    """A customer's own, the newest first."""
    return await _of(tx, "thread.customer_id = ?1 ORDER BY booking.id DESC LIMIT ?2", customer, limit)


async def phone_of(tx: Tx, customer: CustomerId) -> str | None:
    """The number that this customer texts from, else the one that the company vouches for in its app."""
    row = await tx.one(
        """SELECT identity.address AS number FROM identity
            WHERE identity.customer_id = ?1 AND identity.kind IN ('sms', 'whatsapp', 'rcs')
            ORDER BY identity.kind = 'sms' DESC, identity.id DESC LIMIT 1""",
        customer,
    ) or await tx.one(
        """SELECT profile.phone AS number FROM identity JOIN profile ON profile.identity_id = identity.id
            WHERE identity.customer_id = ?1 AND profile.phone_verified = 1 AND profile.phone IS NOT NULL
            ORDER BY profile.seen_at DESC LIMIT 1""",
        customer,
    )
    return None if row is None else row["number"]


async def unscoped_bookings(tx: Tx, ids: Collection[int]) -> dict[int, Booking]:
    """By id, as nobody in particular sees them: for the feed and the clock."""
    if not ids:
        return {}
    places, values = listed(sorted(ids), first=1)
    return {one.id: one for one in await _of(tx, f"booking.id IN ({places})", *values)}


async def hold_due(tx: Tx, now: int, limit: int) -> list[Booking]:
    """Those with something to be done by itself by now, the longest due first, held; without those that somebody else
    holds. Of one moment a team's come together: the fewer teams, the fewer logs are written in."""
    rows = await tx.all(
        """SELECT id FROM booking WHERE due_at <= ?1 ORDER BY due_at, team_id, id LIMIT ?2
             FOR NO KEY UPDATE SKIP LOCKED""",
        now,
        limit,
    )
    found = await unscoped_bookings(tx, [row["id"] for row in rows])
    return [found[row["id"]] for row in rows]


async def next_due(tx: Tx) -> int | None:
    """When something is next to be done by itself."""
    row = await tx.one("SELECT due_at FROM booking WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")
    return None if row is None else row["due_at"]


async def _of(tx: Tx, which: str, *values: Value) -> list[Booking]:
    rows = await tx.all(f"SELECT {_COLUMNS} FROM booking {_JOINS} WHERE {which}", *values)  # noqa: S608
    return [_booking(row) for row in rows]
