"""The last statements of a transaction: numbers its events without a gap and chains its signatures.

Nothing else touches `team.event_seq`, `chain_seq` and `chain_hash`. One bump per team, teams in ascending order (so
that two transactions never wait for each other in a circle), and last (so that a team's row is locked briefly).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from gateway.domain.chain import link_hash
from gateway.domain.event import Kind
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.errors import Misuse
from gateway.store.statement import Sql
from gateway.store.store import Row, Tx

SKIPPED: Final = 10_000_000
"""More events than a team has between two backups."""


class Event(NamedTuple):
    """One buffered line of a team's log; `data` is JSON already."""

    team: TeamId
    kind: Kind
    thread: ThreadId | None
    at: int
    data: str


class Signature(NamedTuple):
    """One buffered link of a team's authorship chain."""

    team: TeamId
    message: MessageId
    agent: int
    credential: int
    digest: bytes


async def close_books(tx: Tx, events: Sequence[Event], signatures: Sequence[Signature]) -> None:
    """Write what the action buffered: two statements for the events of any number of teams; beside signatures two for
    each team, and three more for each of them."""
    teams = sorted({event.team for event in events} | {link.team for link in signatures})
    if len(teams) > 1 and not signatures:
        await _close_teams(tx, events)
        return
    for team in teams:
        await _close_team(
            tx,
            team,
            [event for event in events if event.team == team],
            [link for link in signatures if link.team == team],
        )


async def skip_ahead(tx: Tx) -> None:
    """After a restore: numbers that were given out since the backup are not given again, so that whoever holds a cursor
    of that time is told to read everything anew. It is the only gap in a log."""
    await tx.run("UPDATE team SET event_seq = event_seq + ?1", SKIPPED)


async def _close_teams(tx: Tx, events: Sequence[Event]) -> None:
    """Events of several teams: what is due to a thousand bookings is told in one log for each of fifty."""
    counts = Counter(event.team for event in events)
    behind, lines = dict(counts), []
    for event in events:
        behind[event.team] -= 1
        lines.append(event._asdict() | {"behind": behind[event.team]})
    bumps, said = orjson.dumps(sorted(counts.items())).decode(), orjson.dumps(lines).decode()
    bumped = {row["id"] for row in await tx.all(_BUMP_ALL, bumps, said)}
    if missing := counts.keys() - bumped:
        raise Misuse(f"an event for team {min(missing)!r}, which does not exist")
    await tx.run(_APPEND_ALL, said)


_BUMP_ALL: Final = Sql(
    """UPDATE team SET event_seq = event_seq + json_extract(given.value, '$[1]') FROM json_each(?1) AS given
        WHERE team.id = json_extract(given.value, '$[0]') AND ?2 IS NOT NULL RETURNING team.id""",
    # Held in the order of their ids first, whatever order the update would take.
    """WITH given AS MATERIALIZED (SELECT value ->> 0 AS id, (value ->> 1)::bigint AS more
                                     FROM json_array_elements(?1::json) AS bump (value)),
            held AS MATERIALIZED (
              SELECT id FROM team WHERE id IN (SELECT id FROM given) ORDER BY id FOR NO KEY UPDATE),
            head AS (
              UPDATE team SET event_seq = event_seq + given.more FROM held JOIN given ON given.id = held.id
               WHERE team.id = held.id RETURNING team.id, team.event_seq),
            written AS (
              INSERT INTO event (team_id, seq, thread_id, kind, at, data)
              SELECT head.id, head.event_seq - line.behind, line.thread, line.kind, line.at, line.data
                FROM json_to_recordset(?2::json)
                  AS line (team text, behind bigint, thread bigint, kind text, at bigint, data text)
                JOIN head ON head.id = line.team)
       SELECT id FROM head""",
)
_APPEND_ALL: Final = Sql(
    """INSERT INTO event (team_id, seq, thread_id, kind, at, data)
       SELECT team.id, team.event_seq - json_extract(line.value, '$.behind'), json_extract(line.value, '$.thread'),
              json_extract(line.value, '$.kind'), json_extract(line.value, '$.at'), json_extract(line.value, '$.data')
         FROM json_each(?1) AS line JOIN team ON team.id = json_extract(line.value, '$.team')""",
    "",
)


async def _close_team(tx: Tx, team: TeamId, events: Sequence[Event], signatures: Sequence[Signature]) -> None:
    lines = orjson.dumps([(event.thread, event.kind, event.at, event.data) for event in events]).decode()
    head = await tx.one(_BUMP, team, len(events), len(signatures), lines)
    if head is None:
        raise Misuse(f"an event for team {team!r}, which does not exist")
    if events:
        await tx.run(_APPEND, team, head["event_seq"] - len(events) + 1, lines)
    if signatures:
        await _chain(tx, team, head, signatures)


_HEAD: Final = """UPDATE team SET event_seq = event_seq + ?2, chain_seq = chain_seq + ?3 WHERE id = ?1
  RETURNING event_seq, chain_seq, chain_hash"""
_BUMP: Final = Sql(
    _HEAD.replace("= ?1", "= ?1 AND ?4 IS NOT NULL"),
    f"""WITH head AS ({_HEAD}),
             written AS (
               INSERT INTO event (team_id, seq, thread_id, kind, at, data)
               SELECT ?1, head.event_seq - ?2 + entry.place, (entry.value ->> 0)::bigint, entry.value ->> 1,
                      (entry.value ->> 2)::bigint, entry.value ->> 3
                 FROM head CROSS JOIN json_array_elements(?4::json) WITH ORDINALITY AS entry (value, place))
        SELECT event_seq, chain_seq, chain_hash FROM head""",  # noqa: S608  fixed words only
)
_APPEND: Final = Sql(
    """INSERT INTO event (team_id, seq, thread_id, kind, at, data)
       SELECT ?1, ?2 + entry.key, json_extract(entry.value, '$[0]'), json_extract(entry.value, '$[1]'),
              json_extract(entry.value, '$[2]'), json_extract(entry.value, '$[3]')
         FROM json_each(?3) AS entry""",
    "",
)
"""A list of events is one statement: on SQLite each costs a change of threads besides its own work, on PostgreSQL a
round trip."""


async def _chain(tx: Tx, team: TeamId, head: Row, signatures: Sequence[Signature]) -> None:
    prev: bytes = head["chain_hash"]
    for seq, link in enumerate(signatures, head["chain_seq"] - len(signatures) + 1):
        digest = link_hash(prev, team, seq, link.message, link.agent, link.credential, link.digest)
        await tx.run(
            "INSERT INTO authorship (team_id, seq, message_id, agent_id, credential_id, digest, prev, hash) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            team,
            seq,
            link.message,
            link.agent,
            link.credential,
            link.digest,
            prev,
            digest,
        )
        prev = digest
    await tx.run("UPDATE team SET chain_hash = ?2 WHERE id = ?1", team, prev)
