"""Pushes to agents: how far the teams' logs were looked through, and what is queued for which device.

One row a device and thread, or a device and booking; what is newer takes its place. A row that is due is claimed with a
lease by the database's clock, and is gone once it was pushed. Whether it is still wanted is asked when it is claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from gateway.domain.author import AgentId
from gateway.domain.booking import BookingId
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.domain.slots import Kind
from gateway.store import claims
from gateway.store.devices import MOST_BADGE, Registered, from_row
from gateway.store.holds import RELEASED
from gateway.store.statement import Sql
from gateway.store.store import Tx, certain, listed


@dataclass(frozen=True, slots=True)
class Agenda:
    """What there is to do, and when something becomes due (microseconds since 1970)."""

    is_behind: bool
    is_due: bool
    next_due: int | None


_BEHIND: Final = """FROM team LEFT JOIN agent_push_place AS place ON place.team_id = team.id
  WHERE team.event_seq > coalesce(place.seq, 0)"""
_DUE: Final = f"""FROM agent_push AS push
  WHERE push.due_at <= ?1 AND coalesce(push.lease_until, 0) <= db_now() AND {RELEASED}"""


async def agenda(tx: Tx, now: int) -> Agenda:
    """All of it in one read. While no agent has a device, nobody is behind: see `places`."""
    behind = await tx.one(
        f"SELECT 1 {_BEHIND} AND EXISTS (SELECT 1 FROM device WHERE agent_id IS NOT NULL) LIMIT 1"  # noqa: S608
    )
    due = await tx.one(f"SELECT 1 {_DUE} LIMIT 1", now)
    coming = certain(await tx.one("SELECT min(due_at) AS at FROM agent_push WHERE due_at > ?1", now))
    return Agenda(behind is not None, due is not None, coming["at"])


@dataclass(frozen=True, slots=True)
class Place:
    """How far a team's log was looked through, and how far it goes."""

    team: TeamId
    seq: int
    head: int


async def places(tx: Tx) -> list[Place]:
    """Of the logs that go on. Until the transaction ends nobody else looks through them: those that another node is at
    are left out."""
    await tx.run(
        """INSERT INTO agent_push_place (team_id, seq)
           SELECT id, 0 FROM team WHERE event_seq > 0 AND id NOT IN (SELECT team_id FROM agent_push_place)
           ON CONFLICT (team_id) DO NOTHING"""
    )
    rows = await tx.all(
        """SELECT place.team_id, place.seq, team.event_seq
             FROM agent_push_place AS place JOIN team ON team.id = place.team_id
            WHERE team.event_seq > place.seq ORDER BY place.team_id FOR NO KEY UPDATE OF place SKIP LOCKED"""
    )
    return [Place(*row) for row in rows]


async def move(tx: Tx, team: TeamId, seq: int) -> None:
    await tx.run("UPDATE agent_push_place SET seq = ?2 WHERE team_id = ?1", team, seq)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer's message in a thread that waits."""

    message: MessageId
    thread: ThreadId
    team: TeamId
    at: int
    claimed_by: AgentId | None
    """Nobody where the one who has claimed it is away."""
    is_first: bool
    """Whether the customer began to wait with it."""


async def waiting(tx: Tx, messages: Sequence[MessageId]) -> list[Waiting]:
    """Those of these messages, by id, in whose threads the customer waits now, and that nobody has claimed since."""
    if not messages:
        return []
    places_, values = listed(messages)
    rows = await tx.all(
        f"""SELECT message.id, message.thread_id, thread.team_id, message.at, claimer.id,
                   coalesce(message.sent_at, message.at) <= reach.waiting_since
              FROM message JOIN thread ON thread.id = message.thread_id
              JOIN reach ON reach.thread_id = thread.id AND reach.holder = 'team:' || thread.team_id
              LEFT JOIN agent AS claimer ON claimer.id = thread.claimed_by AND claimer.away_at IS NULL
             WHERE message.id IN ({places_}) AND message.direction = 'in' AND reach.waiting_since IS NOT NULL
               AND (thread.claimed_by IS NULL OR thread.claimed_at <= message.at)
             ORDER BY message.id""",  # noqa: S608  placeholders only
        *values,
    )
    return [Waiting(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]


async def on_call(tx: Tx, teams: Collection[TeamId]) -> dict[TeamId, list[AgentId]]:
    """Who of each team has a device and is not away. An admin who works in no team is called for none."""
    found: dict[TeamId, list[AgentId]] = {team: [] for team in teams}
    if found:
        places_, values = listed(sorted(found))
        rows = await tx.all(
            f"""SELECT agent_team.team_id, agent.id FROM agent_team JOIN agent ON agent.id = agent_team.agent_id
                 WHERE agent_team.team_id IN ({places_}) AND agent.disabled_at IS NULL AND agent.away_at IS NULL
                   AND EXISTS (SELECT 1 FROM device WHERE device.agent_id = agent.id)
                 ORDER BY agent.id""",  # noqa: S608  placeholders only
            *values,
        )
        for team, agent in rows:
            found[team].append(agent)
    return found


@dataclass(frozen=True, slots=True)
class Call:
    """What an agent is to be told of: a message, or a booking. Times in microseconds since 1970."""

    agent: AgentId
    thread: ThreadId
    message: MessageId | None
    booking: BookingId | None
    at: int
    due_at: int


async def add(tx: Tx, calls: Sequence[Call]) -> None:
    """For each of the people's devices that was registered by then. At most one for a person and a thread, and one for
    a person and a booking, in the list. What is under way is pushed again with what is newer."""
    for conflict, of_bookings in ((_OF_THREADS, False), (_OF_BOOKINGS, True)):
        some = [asdict(call) for call in calls if (call.booking is not None) == of_bookings]
        if some:
            await tx.run(conflict, orjson.dumps(some).decode())


def _adding(conflict: str) -> Sql:
    take_over = """DO UPDATE
       SET agent_id = excluded.agent_id, thread_id = excluded.thread_id, message_id = excluded.message_id,
           at = excluded.at, attempt = agent_push.attempt + 1, lease_until = NULL,
           due_at = CASE WHEN agent_push.lease_until IS NULL
                          AND (agent_push.tries > 0 OR agent_push.due_at < excluded.due_at)
                         THEN agent_push.due_at ELSE excluded.due_at END"""
    into = "INSERT INTO agent_push (agent_id, device_id, thread_id, message_id, booking_id, at, due_at)"
    fields = ("agent", "thread", "message", "booking", "at", "due_at")
    agent, *told = (f"json_extract(call.value, '$.{field}')" for field in fields)
    sqlite = f"""{into} SELECT device.agent_id, device.id, {", ".join(told)}
       FROM json_each(?1) AS call JOIN device ON device.agent_id = {agent}
      WHERE device.created_at <= json_extract(call.value, '$.at') ON CONFLICT {conflict} {take_over}"""  # noqa: S608
    typed = ", ".join(f"{field} bigint" for field in fields)
    postgres = f"""{into} SELECT device.agent_id, device.id, {", ".join(f"call.{field}" for field in fields[1:])}
       FROM json_to_recordset(?1::json) AS call ({typed}) JOIN device ON device.agent_id = call.agent
      WHERE device.created_at <= call.at ORDER BY device.id, call.thread ON CONFLICT {conflict} {take_over}"""  # noqa: S608
    return Sql(sqlite, postgres)


_OF_THREADS: Final = _adding("(device_id, thread_id) WHERE booking_id IS NULL")
_OF_BOOKINGS: Final = _adding("(device_id, booking_id) WHERE booking_id IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Push:
    """A claimed row, with what a push needs to know."""

    id: int
    attempt: int
    tries: int
    agent: AgentId
    thread: ThreadId
    team: TeamId
    message: MessageId | None
    booking: BookingId | None
    kind: Kind | None
    """Of the booking."""
    rings: bool
    """Whether the booking does, or only asks to be claimed."""
    device: Registered
    badge: int
    """Threads that wait, of those that the agent may see."""


_TRIED: Final = """UPDATE agent_push SET attempt = attempt + 1, tries = tries + 1, lease_until = db_now() + ?1
 WHERE id IN ({places})"""
_REACHED: Final = """EXISTS (
  SELECT 1 FROM reach JOIN holding ON holding.holder = reach.holder
   WHERE reach.thread_id = push.thread_id AND holding.agent_id = push.agent_id {more})"""
_IN_REACH: Final = _REACHED.format(more="")
_WAITS: Final = _REACHED.format(more="AND reach.waiting_since IS NOT NULL")
_WANTED: Final = f"""device.agent_id = push.agent_id AND CASE
  WHEN push.booking_id IS NOT NULL THEN booking.state IN ('booked', 'ringing') AND {_IN_REACH}
  ELSE agent.away_at IS NULL AND {_WAITS}
       AND (thread.claimed_by IS NULL OR thread.claimed_at <= push.at)
       AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.agent_id = push.agent_id AND seen.thread_id = push.thread_id
                                            AND seen.message_id >= push.message_id)
  END"""  # noqa: S608  fixed words only

_CLAIMED: Final = f"""SELECT push.id, push.attempt, push.tries, push.agent_id, push.thread_id, thread.team_id,
       push.message_id, push.booking_id, booking.kind, booking.state,
       device.id, device.channel, device.platform, device.address, device.keys
  FROM agent_push AS push
  JOIN device ON device.id = push.device_id
  JOIN thread ON thread.id = push.thread_id
  JOIN agent ON agent.id = push.agent_id
  LEFT JOIN booking ON booking.id = push.booking_id
 WHERE push.id IN ({{places}}) AND {_WANTED} ORDER BY push.id"""  # noqa: S608  fixed words only


async def claim(tx: Tx, room: int, now: int, lease: int) -> list[Push]:
    """Up to `room` that are due, for `lease` microseconds. What is not wanted any more is dropped instead: somebody has
    answered, claimed it or set it done, the agent has seen it or went away, the booking is in somebody's hands."""
    rows = await tx.all(
        f"SELECT push.id {_DUE} ORDER BY push.due_at, push.id LIMIT ?2 FOR NO KEY UPDATE OF push SKIP LOCKED", now, room
    )
    due = [row["id"] for row in rows]
    if not due:
        return []
    places_, values = listed(due, first=2)
    await tx.run(_TRIED.format(places=places_), lease, *values)
    places_, values = listed(due)
    wanted = [tuple(row) for row in await tx.all(_CLAIMED.format(places=places_), *values)]
    await _drop(tx, set(due) - {row[0] for row in wanted})
    badges = {agent: await _badge(tx, agent) for agent in sorted({row[3] for row in wanted})}
    return [_push(row, badges[row[3]]) for row in wanted]


async def still_claimed(tx: Tx, claimed: Sequence[Push]) -> list[Push]:
    """Those of a claim whose COMMIT got no answer that it has. What another node has claimed instead is taken for ours,
    and pushed twice at worst."""
    return await claims.kept(tx, "agent_push", "attempt", claimed)


def _push(row: tuple[Any, ...], badge: int) -> Push:
    id_, attempt, tries, agent, thread, team, message, booking, kind, state, *device = row
    rings = state == "ringing"
    return Push(id_, attempt, tries, agent, thread, team, message, booking, kind, rings, from_row(device), badge)


async def _badge(tx: Tx, agent: AgentId) -> int:
    row = certain(
        await tx.one(
            """SELECT count(*) AS n FROM (
                 SELECT DISTINCT reach.thread_id FROM holding JOIN reach ON reach.holder = holding.holder
                  WHERE holding.agent_id = ?1 AND reach.waiting_since IS NOT NULL LIMIT ?2) AS counted""",
            agent,
            MOST_BADGE,
        )
    )
    return int(row["n"])


async def _drop(tx: Tx, ids: Collection[int]) -> None:
    if ids:
        places_, values = listed(sorted(ids))
        await tx.run(f"DELETE FROM agent_push WHERE id IN ({places_})", *values)  # noqa: S608  placeholders only


async def done(tx: Tx, push: int, attempt: int) -> None:
    """It needs no more pushing, unless something newer took its place meanwhile."""
    await tx.run("DELETE FROM agent_push WHERE id = ?1 AND attempt = ?2", push, attempt)


async def postpone(tx: Tx, push: int, attempt: int, due_at: int) -> None:
    await tx.run(
        "UPDATE agent_push SET due_at = ?3, lease_until = NULL WHERE id = ?1 AND attempt = ?2", push, attempt, due_at
    )


async def release(tx: Tx) -> None:
    """For the only node of a database, at its start: whoever was at something is gone."""
    await tx.run("UPDATE agent_push SET lease_until = NULL WHERE lease_until IS NOT NULL")
