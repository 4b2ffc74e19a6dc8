"""An agent's inbox: one index scan per holder (a team, or the person), merged. It stays quick at any depth, and
reads little more than the page however many teams a person holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Final, Literal

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.domain.thread import Thread
from gateway.store.statement import Sql
from gateway.store.store import Tx, certain
from gateway.store.threads import IN_REACH, get_threads

View = Literal["waiting", "mine", "all"]
MOST_COUNTED: Final = 1_000
"""A count that is reached says "so many or more"."""

Place = tuple[int, int]
"""Where a page ends: (the order's time, thread id)."""
_Start = tuple[str | int, Place]
"""Whose list, and after which of its places."""

_AT_ONCE: Final = 64
"""Lists read by one statement: each costs a way to the server and back."""
_OF_TEAM: Final = "AND EXISTS (SELECT 1 FROM thread WHERE thread.id = reach.thread_id AND thread.team_id = {team})"
_SCANS: Final = {
    "waiting": """SELECT waiting_since AS at, thread_id FROM reach
                   WHERE holder = {holder} AND waiting_since IS NOT NULL
                     AND (waiting_since, thread_id) > ({at}, {thread}) {of_team}
                   ORDER BY waiting_since, thread_id LIMIT {limit}""",
    "all": """SELECT last_at AS at, thread_id FROM reach
               WHERE holder = {holder} AND (last_at, thread_id) < ({at}, {thread}) {of_team}
               ORDER BY last_at DESC, thread_id DESC LIMIT {limit}""",
    "mine": f"""SELECT reach.last_at AS at, thread.id AS thread_id
                 FROM thread
                 JOIN reach ON reach.thread_id = thread.id AND reach.holder = 'team:' || thread.team_id
                WHERE thread.claimed_by = {{holder}} AND {IN_REACH}
                  AND (reach.last_at, thread.id) < ({{at}}, {{thread}}) {{of_team}}
                ORDER BY reach.last_at DESC, thread.id DESC LIMIT {{limit}}""",  # noqa: S608  fixed words only
}
"""How each view reads one list in order; the holder of "mine" is the person, who has the placeholder ?1."""


async def page(
    tx: Tx, agent: AgentId, teams: Collection[TeamId], view: View, team: TeamId | None, after: Place | None, limit: int
) -> tuple[list[Thread], Place | None]:
    """Up to `limit` threads after the given place, and the place to go on from when there are more. `teams` are those
    that the agent holds; only threads of `team`, if one is named."""
    start = after or ((-1, -1) if view == "waiting" else (2**63 - 1, 2**63 - 1))
    held = sorted(one for one in teams if team in {None, one})
    holders = [agent] if view == "mine" else [*(f"team:{one}" for one in held), f"agent:{agent}"]
    ordered = await _merged(tx, view, holders, team, start, limit + 1)
    chosen = ordered[:limit]
    threads = await get_threads(tx, agent, [thread for _, thread in chosen])
    return [threads[thread] for _, thread in chosen], chosen[-1] if len(ordered) > limit else None


async def _merged(
    tx: Tx, view: View, holders: Sequence[str | int], team: TeamId | None, start: Place, wanted: int
) -> list[Place]:
    """The first `wanted` places of all lists together, in order.

    Each is asked for a little more than its share, and those of which all of that is on the page once more: of fifty
    teams few are.
    """
    backward = view != "waiting"
    share = min(wanted, 2 * wanted // len(holders) + 4)
    lists = await _places(tx, view, [(holder, start) for holder in holders], team, share)
    found = {place for places in lists for place in places}  # who holds a thread twice finds it twice
    inside = set(sorted(found, reverse=backward)[: wanted - 1])
    cut = [
        (holder, places[-1])
        for holder, places in zip(holders, lists, strict=True)
        if len(places) == share and places[-1] in inside
    ]
    for places in await _places(tx, view, cut, team, wanted):
        found.update(places)
    return sorted(found, reverse=backward)[:wanted]


async def _places(tx: Tx, view: View, starts: Sequence[_Start], team: TeamId | None, limit: int) -> list[list[Place]]:
    """Up to `limit` places of each list."""
    lists: list[list[Place]] = []
    for first in range(0, len(starts), _AT_ONCE):
        some = starts[first : first + _AT_ONCE]
        size = 1 << (len(some) - 1).bit_length()  # few statements, which stay prepared
        values = [
            value for holder, place in [*some, *([("", (0, 0))] * (size - len(some)))] for value in (holder, *place)
        ]
        of_team = () if team is None else (team,)
        found: list[list[Place]] = [[] for _ in some]
        for number, at, thread in await tx.all(_reading(view, size, team is not None), *values, limit, *of_team):
            found[number].append((at, thread))
        lists += found
    return lists


@cache
def _reading(view: View, lists: int, of_team: bool) -> Sql:
    """One statement that reads so many lists; each list's number stands in front of its places.

    PostgreSQL sets up every part of a statement before it reads a row, which for fifty takes longer than to read them:
    there it is one scan, begun anew for each list.
    """
    limit = 3 * lists + 1
    common = {"limit": f"?{limit}", "of_team": _OF_TEAM.format(team=f"?{limit + 1}") if of_team else ""}
    firsts = [3 * n + 1 for n in range(lists)]
    scans = (_SCANS[view].format(holder=f"?{n}", at=f"?{n + 1}", thread=f"?{n + 2}", **common) for n in firsts)
    joined = " UNION ALL ".join(
        f"SELECT {n} AS number, at, thread_id FROM ({scan}) AS list{n}"  # noqa: S608  fixed words only
        for n, scan in enumerate(scans)
    )
    if view == "mine":
        return Sql(joined, joined)
    starts = ", ".join(f"({n}, ?{at}, ?{at + 1}::bigint, ?{at + 2}::bigint)" for n, at in enumerate(firsts))
    scan = _SCANS[view].format(holder="list.holder", at="list.at", thread="list.thread", **common)
    return Sql(
        joined,
        f"""SELECT list.number, found.at, found.thread_id
              FROM (VALUES {starts}) AS list (number, holder, at, thread) CROSS JOIN LATERAL ({scan}) AS found""",  # noqa: S608
    )


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
