"""An agent's inbox: one index scan per holder (a team, or the person), merged. It stays quick at any depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.domain.thread import Thread
from gateway.store.store import Tx, certain
from gateway.store.threads import IN_REACH, get_threads

View = Literal["waiting", "mine", "all"]
MOST_COUNTED: Final = 1_000
"""A count that is reached says "so many or more"."""

Place = tuple[int, int]
"""Where a page ends: (the order's time, thread id)."""

_OF_TEAM = """(?5 IS NULL OR EXISTS (SELECT 1 FROM thread
                    WHERE thread.id = reach.thread_id AND thread.team_id = ?5))"""
_SCANS = {
    "waiting": f"""SELECT waiting_since AS at, thread_id FROM reach
                   WHERE holder = ?1 AND waiting_since IS NOT NULL AND (waiting_since, thread_id) > (?2, ?3)
                     AND {_OF_TEAM}
                   ORDER BY waiting_since, thread_id LIMIT ?4""",  # noqa: S608  fixed words only
    "all": f"""SELECT last_at AS at, thread_id FROM reach
               WHERE holder = ?1 AND (last_at, thread_id) < (?2, ?3) AND {_OF_TEAM}
               ORDER BY last_at DESC, thread_id DESC LIMIT ?4""",  # noqa: S608
}
_MINE = f"""SELECT reach.last_at AS at, thread.id AS thread_id
             FROM thread JOIN reach ON reach.thread_id = thread.id AND reach.holder = 'team:' || thread.team_id
            WHERE thread.claimed_by = ?1 AND {IN_REACH} AND (reach.last_at, thread.id) < (?2, ?3) AND {_OF_TEAM}
            ORDER BY reach.last_at DESC, thread.id DESC LIMIT ?4"""  # noqa: S608  fixed words only


async def page(
    tx: Tx, agent: AgentId, view: View, team: TeamId | None, after: Place | None, limit: int
) -> tuple[list[Thread], Place | None]:
    """Up to `limit` threads after the given place, and the place to go on from when there are more."""
    forward = view == "waiting"
    start = after or ((-1, -1) if forward else (2**63 - 1, 2**63 - 1))
    places: set[Place] = set()
    for scan, holder in await _scans(tx, agent, view, team):
        rows = await tx.all(scan, holder, start[0], start[1], limit + 1, team)
        places.update((row["at"], row["thread_id"]) for row in rows)
    ordered = sorted(places, reverse=not forward)
    chosen = ordered[:limit]
    threads = await get_threads(tx, agent, [thread for _, thread in chosen])
    return [threads[thread] for _, thread in chosen], chosen[-1] if len(ordered) > limit else None


async def _scans(tx: Tx, agent: AgentId, view: View, team: TeamId | None) -> list[tuple[str, str | int]]:
    if view == "mine":
        return [(_MINE, agent)]
    rows = await tx.all("SELECT holder FROM holding WHERE agent_id = ?1", agent)
    holders: Sequence[str] = [row["holder"] for row in rows]
    if team is not None:
        holders = [holder for holder in holders if holder in {f"team:{team}", f"agent:{agent}"}]
    return [(_SCANS[view], holder) for holder in holders]


async def counts(tx: Tx, agent: AgentId) -> dict[str, int]:
    """How many threads each view has, each at most MOST_COUNTED."""
    return {
        "waiting": await _count(tx, agent, "AND reach.waiting_since IS NOT NULL"),
        "mine": await _count_mine(tx, agent),
        "all": await _count(tx, agent, ""),
    }


async def _count(tx: Tx, agent: AgentId, only: str) -> int:
    row = certain(
        await tx.one(
            f"""SELECT count(*) AS n FROM (
                  SELECT DISTINCT reach.thread_id FROM holding JOIN reach ON reach.holder = holding.holder
                   WHERE holding.agent_id = ?1 {only} LIMIT ?2) AS counted""",  # noqa: S608  fixed words only
            agent,
            MOST_COUNTED,
        )
    )
    return int(row["n"])


async def _count_mine(tx: Tx, agent: AgentId) -> int:
    row = certain(
        await tx.one(
            f"""SELECT count(*) AS n FROM (
                  SELECT thread.id FROM thread WHERE thread.claimed_by = ?1 AND {IN_REACH} LIMIT ?2) AS counted""",  # noqa: S608
            agent,
            MOST_COUNTED,
        )
    )
    return int(row["n"])
