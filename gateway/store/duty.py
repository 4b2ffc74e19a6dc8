"""Who could keep a booking's promise at this moment: the people of its team as the tables of `domain.booking` see them.

On shift is whoever has one now; in a team where nobody's shifts are written down, everybody of it while it is open. Its
leads are those of the team; where it has none, the admins. Whoever has claimed it counts while they may see it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.author import AgentId
from gateway.domain.booking import Booking, BookingId, Person
from gateway.domain.days import Days
from gateway.domain.instant import from_micros
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.routing import Teams
from gateway.domain.team import Team
from gateway.store import shifts
from gateway.store.store import Row, Tx, certain, listed


async def people(tx: Tx, promises: Collection[Booking], teams: Teams, now: int) -> dict[BookingId, tuple[Person, ...]]:
    """By booking, in the order of their ids."""
    there = await _staff(tx, {team: teams.get(team) for team in sorted({one.team for one in promises})}, now)
    known = await _known(tx, {one.thread for one in promises})
    claimers = await _claimers(tx, [one.id for one in promises if one.claimed_by is not None])
    return {one.id: _of(there[one.team], known.get(one.thread, frozenset()), claimers.get(one.id)) for one in promises}


def _of(staff: Mapping[AgentId, Person], known: Collection[AgentId], claimer: Person | None) -> tuple[Person, ...]:
    theirs = {agent: replace(one, knows_customer=True) if agent in known else one for agent, one in staff.items()}
    if claimer is not None:
        theirs[claimer.agent] = replace(theirs.get(claimer.agent, claimer), is_claimer=True)
    return tuple(theirs[agent] for agent in sorted(theirs))


@dataclass(frozen=True, slots=True)
class _Member:
    agent: AgentId
    role: str
    is_away: bool
    team: TeamId | None
    """One of those that are asked about; None for an admin who is in none of them."""


async def staff(tx: Tx, team: Team, now: int) -> dict[AgentId, Person]:
    """Of one team, as nobody's customer knows them."""
    return (await _staff(tx, {team.id: team}, now))[team.id]


async def _staff(tx: Tx, asked: Mapping[TeamId, Team | None], now: int) -> dict[TeamId, dict[AgentId, Person]]:
    members, moment = await _members(tx, list(asked)), from_micros(now)
    days = await shifts.of_teams(tx, [team for team in asked.values() if team is not None])
    return {id_: _of_team(id_, team, members, days.get(id_, {}), moment) for id_, team in asked.items()}


def _of_team(
    id_: TeamId, team: Team | None, people: Sequence[_Member], days: Mapping[AgentId, Days], moment: datetime
) -> dict[AgentId, Person]:
    """A team that the config has no more has no hours either: whoever is left of it is there."""
    members = {one.agent for one in people if one.team == id_}
    leads = {one.agent for one in people if one.team == id_ and one.role == "lead"}
    leads = leads or {one.agent for one in people if one.role == "admin"}
    is_open = team is None or team.days.is_open(moment)
    return {
        one.agent: Person(
            one.agent,
            on_shift=one.agent in days and days[one.agent].is_open(moment)
            if days
            else one.agent in members and is_open,
            away=one.is_away,
            is_lead=one.agent in leads,
        )
        for one in people
        if one.agent in members or one.agent in days or one.agent in leads
    }


async def _members(tx: Tx, teams: Sequence[TeamId]) -> list[_Member]:
    """Those of the teams, and the admins, who see every team; somebody may be in several."""
    if not teams:
        return []
    places, values = listed(teams)
    rows = await tx.all(
        f"""SELECT agent.id, agent.role, agent.away_at, agent_team.team_id
              FROM agent LEFT JOIN agent_team ON agent_team.agent_id = agent.id AND agent_team.team_id IN ({places})
             WHERE agent.disabled_at IS NULL AND (agent_team.agent_id IS NOT NULL OR agent.role = 'admin')
             ORDER BY agent.id""",  # noqa: S608  placeholders only
        *values,
    )
    return [_Member(row["id"], row["role"], row["away_at"] is not None, row["team_id"]) for row in rows]


async def _known(tx: Tx, threads: Collection[ThreadId]) -> dict[ThreadId, set[AgentId]]:
    """Who has replied in which of these threads."""
    found: dict[ThreadId, set[AgentId]] = {}
    if threads:
        places, values = listed(sorted(threads))
        for row in await tx.all(
            f"""SELECT DISTINCT thread_id, agent_id FROM message
                 WHERE thread_id IN ({places}) AND direction = 'out'""",  # noqa: S608  placeholders only
            *values,
        ):
            found.setdefault(row["thread_id"], set()).add(row["agent_id"])
    return found


async def _claimers(tx: Tx, bookings: Collection[BookingId]) -> dict[BookingId, Person]:
    """Those who claimed and may still see the thread: who was disabled or has left the team keeps nobody waiting."""
    if not bookings:
        return {}
    places, values = listed(sorted(bookings))
    rows = await tx.all(
        f"""SELECT booking.id, agent.id AS agent, agent.away_at
              FROM booking JOIN agent ON agent.id = booking.claimed_by
             WHERE booking.id IN ({places})
               AND EXISTS (SELECT 1 FROM reach JOIN holding ON holding.holder = reach.holder
                            WHERE reach.thread_id = booking.thread_id
                              AND holding.agent_id = booking.claimed_by)""",  # noqa: S608  placeholders only
        *values,
    )
    return {row["id"]: Person(row["agent"], away=row["away_at"] is not None) for row in rows}


async def own(tx: Tx, agent: AgentId) -> Row:
    """phone (E.164) and away_at, each None where there is none."""
    return certain(await tx.one("SELECT phone, away_at FROM agent WHERE id = ?1", agent))


async def set_phone(tx: Tx, agent: AgentId, phone: str | None) -> None:
    await tx.run("UPDATE agent SET phone = ?2 WHERE id = ?1", agent, phone)


async def set_away(tx: Tx, agent: AgentId, since: int | None) -> None:
    await tx.run("UPDATE agent SET away_at = ?2 WHERE id = ?1", agent, since)
