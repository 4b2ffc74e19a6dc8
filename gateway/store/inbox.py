"""An agent's inbox: one index scan per holder (a team, or the person), merged. It stays quick at any depth, and
reads little more than the page however many teams a person holds."""

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
_Scan = tuple[str, str | int]
"""A statement that reads one list in order, and whose it is."""

_OF_TEAM = "AND EXISTS (SELECT 1 FROM thread WHERE thread.id = reach.thread_id AND thread.team_id = ?5)"
_SCANS = {
    "waiting": """SELECT waiting_since AS at, thread_id FROM reach
                   WHERE holder = ?1 AND waiting_since IS NOT NULL AND (waiting_since, thread_id) > (?2, ?3) {of_team}
                   ORDER BY waiting_since, thread_id LIMIT ?4""",
    "all": """SELECT last_at AS at, thread_id FROM reach
               WHERE holder = ?1 AND (last_at, thread_id) < (?2, ?3) {of_team}
               ORDER BY last_at DESC, thread_id DESC LIMIT ?4""",
    "mine": f"""SELECT reach.last_at AS at, thread.id AS thread_id
                 FROM thread
                 JOIN reach ON reach.thread_id = thread.id AND reach.holder = 'team:' || thread.team_id
                WHERE thread.claimed_by = ?1 AND {IN_REACH} AND (reach.last_at, thread.id) < (?2, ?3) {{of_team}}
                ORDER BY reach.last_at DESC, thread.id DESC LIMIT ?4""",  # noqa: S608  fixed words only
}
"""By the first two places, `?1` being the holder, or for "mine" the person; `of_team` is `_OF_TEAM` or nothing."""


async def page(
    tx: Tx, agent: AgentId, view: View, team: TeamId | None, after: Place | None, limit: int
) -> tuple[list[Thread], Place | None]:
    """Up to `limit` threads after the given place, and the place to go on from when there are more."""
    forward = view == "waiting"
    start = after or ((-1, -1) if forward else (2**63 - 1, 2**63 - 1))
    ordered = await _merged(tx, await _scans(tx, agent, view, team), team, start, limit + 1, forward)
    chosen = ordered[:limit]
    threads = await get_threads(tx, agent, [thread for _, thread in chosen])
    return [threads[thread] for _, thread in chosen], chosen[-1] if len(ordered) > limit else None


async def _merged(
    tx: Tx, scans: Sequence[_Scan], team: TeamId | None, start: Place, wanted: int, forward: bool
) -> list[Place]:
    """The first `wanted` places of all scans together, in order.

    Each is asked for a little more than its share, and those of which all of that is on the page once more: of fifty
    teams few are.
    """
    share = min(wanted, 2 * wanted // max(1, len(scans)) + 2)
    found: set[Place] = set()  # who holds a thread twice finds it twice
    cut: list[tuple[_Scan, Place]] = []
    for scan in scans:
        places = await _places(tx, scan, team, start, share)
        found.update(places)
        if len(places) == share:
            cut.append((scan, places[-1]))
    ordered = sorted(found, reverse=not forward)[:wanted]
    inside = set(ordered[: wanted - 1])
    for scan, last in cut:
        if last in inside:
            found.update(await _places(tx, scan, team, last, wanted))
    return sorted(found, reverse=not forward)[:wanted]


async def _places(tx: Tx, scan: _Scan, team: TeamId | None, start: Place, limit: int) -> list[Place]:
    sql, holder = scan
    of_team = () if team is None else (team,)
    return [(at, thread) for at, thread in await tx.all(sql, holder, *start, limit, *of_team)]


async def _scans(tx: Tx, agent: AgentId, view: View, team: TeamId | None) -> list[_Scan]:
    sql = _SCANS[view].format(of_team="" if team is None else _OF_TEAM)
    if view == "mine":
        return [(sql, agent)]
    rows = await tx.all("SELECT holder FROM holding WHERE agent_id = ?1", agent)
    holders: Sequence[str] = [row["holder"] for row in rows]
    if team is not None:
        holders = [holder for holder in holders if holder in {f"team:{team}", f"agent:{agent}"}]
    return [(sql, holder) for holder in holders]


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
