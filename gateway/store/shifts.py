"""When people work for a team: SQL beside its function, rows into the same kind of days as the team's own.

A shift is told by the wall clock of the team. Whoever has left the team, or was disabled, has none; whoever is away for
an hour keeps theirs, since what is booked now is for another day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson

from gateway.domain.author import AgentId
from gateway.domain.days import Days, read_exceptions
from gateway.domain.hours import Hours
from gateway.domain.message import TeamId
from gateway.domain.team import Team
from gateway.store.store import Row, Tx, listed


async def of_team(tx: Tx, team: Team) -> Mapping[AgentId, Days]:
    """Each person's days; empty where nobody's are written down, which means all of them while the team is open."""
    return (await of_teams(tx, [team]))[team.id]


async def of_teams(tx: Tx, teams: Collection[Team]) -> Mapping[TeamId, Mapping[AgentId, Days]]:
    """The same for each of these teams."""
    found: dict[TeamId, dict[AgentId, Days]] = {team.id: {} for team in teams}
    if found:
        zones = {team.id: team.timezone for team in teams}
        places, values = listed(sorted(found))
        rows = await tx.all(
            f"""SELECT shift.team_id, shift.agent_id, shift.week, shift.dates
                 FROM shift JOIN agent ON agent.id = shift.agent_id AND agent.disabled_at IS NULL
                WHERE shift.team_id IN ({places})
                  AND EXISTS (SELECT 1 FROM holding
                               WHERE holding.agent_id = shift.agent_id AND holding.holder = 'team:' || shift.team_id)
                ORDER BY shift.agent_id""",  # noqa: S608  placeholders only
            *values,
        )
        for row in rows:
            found[row["team_id"]][row["agent_id"]] = _days(zones[row["team_id"]], row["week"], row["dates"])
    return found


@lru_cache(maxsize=1024)
def _days(zone: ZoneInfo, week: str, dates: str) -> Days:
    """From what was written down as `hours` and `dates` of a team are; a week that names no day has none."""
    table = orjson.loads(week)
    return Days(Hours.of(zone, table) if table else Hours(zone, ()), read_exceptions(orjson.loads(dates)))


Table = Mapping[str, Sequence[str]]
"""Of a week or of dates, as `hours` and `dates` of a team: {"mon-fri": ["09:00-17:00"]}, {"2026-12-24": []}."""


async def put(tx: Tx, agent: AgentId, team: TeamId, week: Table, dates: Table) -> None:
    """Write down when somebody works for a team; the caller has read both tables."""
    await tx.run(
        """INSERT INTO shift (agent_id, team_id, week, dates) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (agent_id, team_id) DO UPDATE SET week = excluded.week, dates = excluded.dates""",
        agent,
        team,
        orjson.dumps(week).decode(),
        orjson.dumps(dates).decode(),
    )


async def remove(tx: Tx, agent: AgentId, team: TeamId) -> None:
    """As if it had never been written down."""
    await tx.run("DELETE FROM shift WHERE agent_id = ?1 AND team_id = ?2", agent, team)


async def written(tx: Tx, teams: Collection[TeamId]) -> list[tuple[Row, Table, Table]]:
    """agent_id, name and team_id of each that is written down for these teams, with its week and dates; by name."""
    if not teams:
        return []
    places, values = listed(sorted(teams))
    rows = await tx.all(
        f"""SELECT shift.agent_id, agent.name, shift.team_id, shift.week, shift.dates
              FROM shift JOIN agent ON agent.id = shift.agent_id AND agent.disabled_at IS NULL
             WHERE shift.team_id IN ({places})
             ORDER BY agent.name, agent.id, shift.team_id""",  # noqa: S608  placeholders only
        *values,
    )
    return [(row, orjson.loads(row["week"]), orjson.loads(row["dates"])) for row in rows]
