"""A team's log and its heads: what feeds read, and what a list's cursor is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.author import AgentId
from gateway.domain.event import QUIET_LINES
from gateway.domain.message import TeamId, ThreadId
from gateway.store.reach import in_reach
from gateway.store.store import Row, Tx, listed

Heads = dict[TeamId, int]
"""The number of the newest event of each team's log."""

PAGE: Final = 500
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a log; `data` is JSON as stored, `at` in microseconds since 1970."""

    team: TeamId
    seq: int
    thread: ThreadId | None
    kind: str
    at: int
    data: str
    home: bool
    """Whether everybody of the team may see it: it has no thread, or the team (still) holds that thread."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What a person may follow: whole teams' logs, and single threads in the logs of others."""

    teams: frozenset[TeamId]
    guest_threads: frozenset[ThreadId]


async def audience(tx: Tx, agent: AgentId) -> tuple[Audience, Heads]:
    """Whom an agent follows, and where those logs stand, in the same snapshot."""
    rows = await tx.all(
        """SELECT team.id, team.event_seq, NULL AS thread_id
             FROM holding JOIN team ON team.id = substr(holding.holder, 6)
            WHERE holding.agent_id = ?1 AND holding.holder LIKE 'team:%'
            UNION ALL
           SELECT team.id, team.event_seq, reach.thread_id
             FROM reach JOIN thread ON thread.id = reach.thread_id JOIN team ON team.id = thread.team_id
            WHERE reach.holder = ?2""",
        agent,
        f"agent:{agent}",
    )
    heads: Heads = {row["id"]: row["event_seq"] for row in rows}
    teams = frozenset(row["id"] for row in rows if row["thread_id"] is None)
    threads = frozenset(row["thread_id"] for row in rows if row["thread_id"] is not None and row["id"] not in teams)
    return Audience(teams, threads), heads


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a credential is, and the version of what that person may see."""

    agent: AgentId
    reach_version: int


async def still_good(tx: Tx, secrets: Sequence[bytes], now: int) -> dict[bytes, Standing]:
    """Which of these hashed sessions and tokens are (still) good."""
    good: dict[bytes, Standing] = {}
    for start in range(0, len(secrets), PAGE):
        places, values = listed(secrets[start : start + PAGE], first=2)
        rows = await tx.all(
            f"""SELECT credential.secret_hash, credential.agent_id, agent.reach_version
                  FROM credential JOIN agent ON agent.id = credential.agent_id
                 WHERE credential.revoked_at IS NULL AND agent.disabled_at IS NULL
                   AND (credential.expires_at IS NULL OR credential.expires_at > ?1)
                   AND credential.secret_hash IN ({places})""",  # noqa: S608  placeholders only
            now,
            *values,
        )
        good |= {bytes(row["secret_hash"]): Standing(row["agent_id"], row["reach_version"]) for row in rows}
    return good


async def heads(tx: Tx, teams: Sequence[TeamId]) -> Heads:
    if not teams:
        return {}
    places, values = listed(teams)
    rows = await tx.all(f"SELECT id, event_seq FROM team WHERE id IN ({places})", *values)  # noqa: S608
    return {row["id"]: row["event_seq"] for row in rows}


async def after(tx: Tx, team: TeamId, seq: int, limit: int = PAGE) -> list[Event]:
    """A team's events after `seq`, in order, each with whether the team as a whole may see it now."""
    rows = await tx.all(
        """SELECT event.team_id, event.seq, event.thread_id, event.kind, event.at, event.data,
                  event.thread_id IS NULL OR EXISTS (
                    SELECT 1 FROM reach
                     WHERE reach.thread_id = event.thread_id AND reach.holder = 'team:' || event.team_id) AS home
             FROM event WHERE event.team_id = ?1 AND event.seq > ?2 ORDER BY event.seq LIMIT ?3""",
        team,
        seq,
        limit,
    )
    return [Event(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6])) for row in rows]


async def of_thread(
    tx: Tx, team: TeamId, thread: ThreadId, kinds: Sequence[str], after_: int, through: int
) -> list[Event]:
    """One thread's events of these kinds in a stretch of its team's log, in order."""
    places, values = listed(kinds, first=5)
    rows = await tx.all(
        f"""SELECT team_id, seq, thread_id, kind, at, data, 0 FROM event
             WHERE team_id = ?1 AND seq > ?2 AND seq <= ?3 AND +thread_id = ?4 AND kind IN ({places})
             ORDER BY seq""",  # noqa: S608  placeholders only
        team,
        after_,
        through,
        thread,
        *values,
    )
    return [Event(*row) for row in rows]


async def quiet_lines(tx: Tx, agent: AgentId, thread: ThreadId, since: int, until: int) -> list[Row]:
    """kind, at, data of a thread's claims, releases and dones from `since` until before `until`, oldest first; of very
    many, the newest."""
    kinds = ", ".join(f"'{kind}'" for kind in QUIET_LINES)
    return list(
        await tx.all(
            f"""SELECT kind, at, data FROM event
                 WHERE thread_id = ?2 AND at >= ?3 AND at < ?4 AND kind IN ({kinds}) AND {in_reach("?2")}
                 ORDER BY at DESC, team_id DESC, seq DESC LIMIT ?5""",  # noqa: S608  fixed words only
            agent,
            thread,
            since,
            until,
            PAGE,
        )
    )[::-1]


async def names(tx: Tx, people: Sequence[int]) -> dict[int, str]:
    """Agents' names by id."""
    if not people:
        return {}
    places, values = listed(people)
    rows = await tx.all(f"SELECT id, name FROM agent WHERE id IN ({places})", *values)  # noqa: S608
    return {row["id"]: row["name"] for row in rows}
