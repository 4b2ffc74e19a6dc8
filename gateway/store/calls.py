"""Calls through a voice channel, and what was said of them: SQL beside its function, rows into domain values.

Whoever changes a call holds its booking first, then the call; who only claims it for an attempt holds the call alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.author import AgentId, Author
from gateway.domain.booking import Booking, BookingId
from gateway.domain.call import OPEN, CallId, Leg, LegState, PhoneCall
from gateway.store import bookings, names
from gateway.store.store import Tx, Value, certain, listed

_OPEN: Final = ", ".join(f"'{state}'" for state in OPEN)
_COLUMNS: Final = """call.id, call.reference, call.booking_id, booking.team_id, booking.thread_id, call.agent_id,
       agent.name, call.channel, call.agent_number, call.customer_number, customer.name, call.state, call.agent_leg,
       call.customer_leg, call.agent_call_id, call.customer_call_id, call.pressed_at, call.unwanted_at, call.attempt,
       call.looks, call.created_at, call.first_tried_at, call.connected_at, call.ended_at, call.seconds, call.code,
       call.detail"""
_FROM: Final = """FROM call JOIN booking ON booking.id = call.booking_id JOIN agent ON agent.id = call.agent_id
  JOIN thread ON thread.id = booking.thread_id JOIN customer ON customer.id = thread.customer_id"""


async def hold_booking(tx: Tx, booking: BookingId) -> Booking:
    """As nobody in particular sees it, held: before any call of it."""
    await tx.one("SELECT id FROM booking WHERE id = ?1 FOR NO KEY UPDATE", booking)
    return (await bookings.unscoped_bookings(tx, [booking]))[booking]


async def queue(
    tx: Tx, booking: Booking, author: Author, channel: str, reference: str, numbers: tuple[str, str], now: int
) -> PhoneCall:
    """To be dialed at once; `numbers` are the agent's and the customer's. Hold the booking first."""
    row = certain(
        await tx.one(
            """INSERT INTO call (reference, booking_id, agent_id, credential_id, channel, agent_number, customer_number,
                                 state, due_at, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?8) RETURNING id""",
            reference,
            booking.id,
            author.agent,
            author.evidence.credential,
            channel,
            *numbers,
            now,
        )
    )
    return await get(tx, row["id"])


async def get(tx: Tx, call: CallId) -> PhoneCall:
    """One that is there; held until the transaction ends."""
    await tx.one("SELECT id FROM call WHERE id = ?1 FOR NO KEY UPDATE", call)
    return (await _of(tx, "call.id = ?1", call))[0]


@dataclass(frozen=True, slots=True)
class Named:
    """A call that a reference names, and its booking, for who must hold that first."""

    call: CallId
    booking: BookingId


async def by_reference(tx: Tx, channel: str, reference: str) -> Named | None:
    row = await tx.one("SELECT id, booking_id FROM call WHERE channel = ?1 AND reference = ?2", channel, reference)
    return None if row is None else Named(row["id"], row["booking_id"])


async def booking_of(tx: Tx, call: CallId) -> BookingId:
    """Of one that is there."""
    return BookingId(certain(await tx.one("SELECT booking_id FROM call WHERE id = ?1", call))["booking_id"])


async def of_bookings(tx: Tx, ids: Collection[int]) -> dict[int, PhoneCall]:
    """The latest call of each of these bookings that has one."""
    if not ids:
        return {}
    places, values = listed(sorted(ids))
    latest = f"SELECT max(id) FROM call WHERE booking_id IN ({places}) GROUP BY booking_id"  # noqa: S608
    return {one.booking: one for one in await _of(tx, f"call.id IN ({latest})", *values)}


async def latest(tx: Tx, booking: BookingId) -> PhoneCall | None:
    """The same of one."""
    return (await of_bookings(tx, [booking])).get(booking)


async def hold_caller(tx: Tx, agent: AgentId) -> None:
    """Nobody else begins a call for this person until the transaction ends; before anything else is held."""
    await names.hold(tx, (names.caller(agent),))


async def is_calling(tx: Tx, agent: AgentId) -> bool:
    """Whether a call of this person is queued, dialed or under way."""
    return await tx.one(f"SELECT id FROM call WHERE agent_id = ?1 AND state IN ({_OPEN}) LIMIT 1", agent) is not None  # noqa: S608


async def has_rung(tx: Tx, booking: BookingId, since: int) -> bool:
    """Whether any call of a booking, of those made since then, has called the customer's phone."""
    row = await tx.one(
        "SELECT id FROM call WHERE booking_id = ?1 AND created_at >= ?2 AND customer_leg IS NOT NULL LIMIT 1",
        booking,
        since,
    )
    return row is not None


async def is_owned(tx: Tx, channel: str, agent_call_id: str) -> bool:
    """Whether a call has this provider's id."""
    query = "SELECT id FROM call WHERE channel = ?1 AND agent_call_id = ?2"
    return await tx.one(query, channel, agent_call_id) is not None


async def is_contested(tx: Tx, call: PhoneCall) -> bool:
    """Whether another call to the same agent's phone is being dialed or of unknown fate as well: the provider's list
    cannot tell the two apart."""
    row = await tx.one(
        "SELECT id FROM call WHERE agent_number = ?1 AND state IN ('dialing', 'unknown') AND id <> ?2 LIMIT 1",
        call.agent_number,
        call.id,
    )
    return row is not None


async def next_due(tx: Tx) -> int | None:
    """When there is next something to do."""
    row = await tx.one("SELECT due_at FROM call WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")
    return None if row is None else row["due_at"]


async def hold_due(tx: Tx, now: int, room: int) -> list[PhoneCall]:
    """What is to be dialed, looked up or asked about by now, held; without what another node holds."""
    rows = await tx.all(
        "SELECT id FROM call WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2 FOR NO KEY UPDATE SKIP LOCKED", now, room
    )
    return await _by_ids(tx, [row["id"] for row in rows])


async def take(tx: Tx, call: CallId, now: int, lease: int) -> int:
    """Claim one that is queued and held for one attempt, for `lease` microseconds by the database's clock; the
    attempt's number is what completion must name. Until when, which no two claims of a call have in common."""
    row = await tx.one(
        """UPDATE call SET state = 'dialing', attempt = attempt + 1, due_at = NULL, lease_until = db_now() + ?3,
                  first_tried_at = coalesce(first_tried_at, ?2)
            WHERE id = ?1 AND state = 'queued' RETURNING lease_until""",
        call,
        now,
        lease,
    )
    return int(certain(row)["lease_until"])


async def look_later(tx: Tx, call: CallId, due_at: int | None) -> None:
    """The provider is being asked; again at `due_at`, unless something is heard before."""
    await tx.run("UPDATE call SET looks = looks + 1, due_at = ?2 WHERE id = ?1", call, due_at)


async def has_expired(tx: Tx) -> bool:
    """Whether a lease has run out: nobody knows whether a phone rings."""
    return await tx.one("SELECT id FROM call WHERE state = 'dialing' AND lease_until <= db_now() LIMIT 1") is not None


async def hold_expired(tx: Tx, *, all_leases: bool) -> list[PhoneCall]:
    """Those whose lease ran out, or all that have one; a bounded number."""
    rows = await tx.all(
        """SELECT id FROM call WHERE state = 'dialing' AND (lease_until <= db_now() OR ?1 = 1)
            ORDER BY id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED""",
        int(all_leases),
    )
    return await _by_ids(tx, [row["id"] for row in rows])


async def ask_all(tx: Tx, now: int) -> None:
    """How every call that is under way stands is asked now: what was said of it while nobody listened is not known."""
    await tx.run("UPDATE call SET due_at = ?1 WHERE state = 'under_way'", now)


async def save(tx: Tx, call: PhoneCall, due_at: int | None) -> None:
    """All that can change of one that is held; whoever was dialing it is done."""
    await tx.run(
        """UPDATE call SET state = ?2, agent_leg = ?3, customer_leg = ?4, agent_call_id = ?5, customer_call_id = ?6,
                  pressed_at = ?7, unwanted_at = ?8, looks = ?9, due_at = ?10, ended_at = ?11, seconds = ?12,
                  code = ?13, detail = ?14, connected_at = ?15,
                  lease_until = CASE WHEN ?2 = 'dialing' THEN lease_until ELSE NULL END
            WHERE id = ?1""",
        call.id,
        call.state,
        call.agent_leg,
        call.customer_leg,
        call.agent_call_id,
        call.customer_call_id,
        call.pressed_at,
        call.unwanted_at,
        call.looks,
        due_at,
        call.ended_at,
        call.seconds,
        call.code,
        call.detail,
        call.connected_at,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider said of a leg."""

    call_id: str
    leg: Leg
    state: LegState
    digits: str = ""
    seconds: int | None = None
    code: str | None = None
    detail: str | None = None


async def keep_report(tx: Tx, reference: str, said: Said, now: int) -> bool:
    """Every report is kept, also one that changes nothing or speaks of what we do not know; False for one that came
    before."""
    row = await tx.one(
        """INSERT INTO call_report (reference, provider_id, leg, state, digits, seconds, code, detail, at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
           ON CONFLICT (reference, provider_id, leg, state, digits) DO NOTHING RETURNING at""",
        reference,
        said.call_id,
        said.leg,
        said.state,
        said.digits,
        said.seconds,
        said.code,
        said.detail,
        now,
    )
    return row is not None


async def _by_ids(tx: Tx, ids: Sequence[int]) -> list[PhoneCall]:
    """In the order of these."""
    if not ids:
        return []
    places, values = listed(ids)
    found = {one.id: one for one in await _of(tx, f"call.id IN ({places})", *values)}
    return [found[CallId(id_)] for id_ in ids]


async def _of(tx: Tx, which: str, *values: Value) -> list[PhoneCall]:
    rows = await tx.all(f"SELECT {_COLUMNS} {_FROM} WHERE {which}", *values)
    return [_call(row) for row in rows]


def _call(row: Iterable[Any]) -> PhoneCall:
    """The values of _COLUMNS, by place."""
    return PhoneCall(*row)
