"""The team's bookings as a board, and what is looked up or looked at again for many of them at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from gateway.domain.author import AgentId
from gateway.domain.booking import OPEN, Booking, BookingId
from gateway.domain.message import TeamId, ThreadId
from gateway.store import bookings
from gateway.store.reach import in_reach
from gateway.store.statement import Sql
from gateway.store.store import Tx, Value, listed

_OPEN: Final = ", ".join(f"'{state}'" for state in OPEN)


async def page(
    tx: Tx, agent: AgentId, teams: Collection[TeamId], since: int | None, until: int, now: int
) -> list[Booking]:
    """Those of these teams that the agent may see, with their hour in since..until, by it; without `since`, those that
    are ahead and those that are open all the same."""
    if not teams:
        return []
    first = f"(booking.at >= ?2 OR booking.state IN ({_OPEN}))" if since is None else "booking.at >= ?2"
    places, values = listed(sorted(teams), first=5)
    rows = await tx.all(
        f"""SELECT booking.id FROM booking
             WHERE {first} AND booking.at < ?3 AND booking.team_id IN ({places}) AND {in_reach("booking.thread_id")}
             ORDER BY booking.at, booking.id LIMIT ?4""",  # noqa: S608  fixed words and placeholders only
        agent,
        now if since is None else since,
        until,
        bookings.PAGE,
        *values,
    )
    found = await bookings.unscoped_bookings(tx, [row["id"] for row in rows])
    return [found[row["id"]] for row in rows]


async def waits(tx: Tx, agent: AgentId, teams: Collection[TeamId], since: int, now: int) -> list[int]:
    """Of those who wanted to be called now since then: how long each waited for a person, in microseconds."""
    if not teams:
        return []
    places, values = listed(sorted(teams), first=4)
    rows = await tx.all(
        f"""SELECT booking.begun_at - booking.created_at AS waited FROM booking
             WHERE booking.at BETWEEN ?2 AND ?3 AND booking.team_id IN ({places}) AND booking.at_once = 1
               AND booking.begun_at IS NOT NULL AND {in_reach("booking.thread_id")}""",  # noqa: S608
        agent,
        since,
        now,
        *values,
    )
    return [row["waited"] for row in rows]


_LONGEST: Final = 5 * 60_000_000
"""Microseconds; it goes on sooner from every row of RINGS. By this little is read of all that is ahead."""

TAKEN: Final = {
    "state": "text",
    "step": "text",
    "step_at": "bigint",
    "due_at": "bigint",
    "fired_at": "bigint",
    "ended_at": "bigint",
    "late": "bigint",
    "broken": "bigint",
}
"""What the clock changes of a booking."""
_SAVE: Final = Sql(
    f"""UPDATE booking SET {", ".join(f"{name} = json_extract(given.value, '$.{name}')" for name in TAKEN)}
          FROM json_each(?1) AS given WHERE booking.id = json_extract(given.value, '$.id')""",  # noqa: S608  fixed words
    f"""UPDATE booking SET {", ".join(f"{name} = given.{name}" for name in TAKEN)}
          FROM json_to_recordset(?1::json)
            AS given (id bigint, {", ".join(f"{name} {kind}" for name, kind in TAKEN.items())})
         WHERE booking.id = given.id""",  # noqa: S608  fixed words
)


async def save_steps(tx: Tx, taken: Mapping[BookingId, Mapping[str, Any]]) -> None:
    """Of bookings that are held, what the clock has made of them, each with all of TAKEN; in one statement."""
    if taken:
        rows = [
            {"id": id_, **row, "late": int(row["late"]), "broken": int(row["broken"])} for id_, row in taken.items()
        ]
        await tx.run(_SAVE, orjson.dumps(rows).decode())


async def last_written(tx: Tx, threads: Collection[ThreadId]) -> dict[ThreadId, int]:
    """When somebody last wrote in each of these threads."""
    if not threads:
        return {}
    places, values = listed(sorted(threads))
    rows = await tx.all(
        f"""SELECT thread.id, message.at FROM thread JOIN message ON message.id = thread.last_message_id
             WHERE thread.id IN ({places})""",  # noqa: S608  placeholders only
        *values,
    )
    return {row["id"]: row["at"] for row in rows}


async def may_see(tx: Tx, agent: AgentId, thread: ThreadId) -> bool:
    return await tx.one(f"SELECT 1 WHERE {in_reach('?2')}", agent, thread) is not None


async def look_again(tx: Tx, teams: Collection[TeamId], now: int) -> None:
    """Whoever is rung for something in these teams may have changed: the clock looks at what rings there now."""
    if not teams:
        return
    places, values = listed(sorted(teams), first=3)
    ringing = f"due_at > ?1 AND due_at <= ?2 AND state = 'ringing' AND team_id IN ({places})"
    held = await _hold(tx, ringing, now, now + _LONGEST, *values)
    if held:
        places, values = listed(held, first=2)
        await tx.run(f"UPDATE booking SET due_at = ?1 WHERE id IN ({places})", now, *values)  # noqa: S608


async def hold_claimed(tx: Tx, agent: AgentId) -> list[Booking]:
    """What somebody has promised, or begun and not ended, held."""
    held = await _hold(
        tx, "(claimed_by = ?1 AND state IN ('claimed', 'ringing')) OR (begun_by = ?1 AND state = 'begun')", agent
    )
    found = await bookings.unscoped_bookings(tx, held)
    return [found[id_] for id_ in held]


async def _hold(tx: Tx, which: str, *values: Value) -> list[int]:
    rows = await tx.all(f"SELECT id FROM booking WHERE {which} ORDER BY id FOR NO KEY UPDATE", *values)  # noqa: S608
    return [row["id"] for row in rows]
