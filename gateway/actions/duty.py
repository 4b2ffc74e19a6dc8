"""Who is there: people say when they are away and which phone of theirs rings, leads say when somebody works.

Whatever changes who is rung has the clock look at once at what rings in that team: nobody who has left is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.actions.keep import keeper
from gateway.domain.author import AgentId, Principal
from gateway.domain.days import read_exceptions
from gateway.domain.hours import HoursError, read_week
from gateway.domain.message import TeamId
from gateway.domain.wire import Json
from gateway.errors import Forbidden, Invalid, NotFound
from gateway.store import agents, board, credentials, duty, events, shifts
from gateway.store.shifts import Table
from gateway.store.store import Row, Tx


@dataclass(frozen=True, slots=True)
class Me:
    """`phone` is E.164."""

    principal: Principal
    teams: list[TeamId]
    phone: str | None
    away: bool


async def me(tx: Tx, secret: bytes, now: int) -> Me:
    return await _me(tx, await credentials.authenticate(tx, secret, now))


async def _me(tx: Tx, principal: Principal) -> Me:
    own = await duty.own(tx, principal.agent)
    teams = await agents.teams_of(tx, principal.agent)
    return Me(principal, teams, own["phone"], own["away_at"] is not None)


async def change_me(tx: Tx, secret: bytes, changes: Mapping[str, Any], now: int) -> Me:
    """`changes` has "away" (bool) or "phone" (E.164, None for none) or both; what it has not stays."""
    principal = await keeper(tx, secret, now)
    if "phone" in changes:
        await duty.set_phone(tx, principal.agent, changes["phone"])
    if "away" in changes:
        await duty.set_away(tx, principal.agent, now if changes["away"] else None)
        _, heads = await events.audience(tx, principal.agent)
        await board.look_again(tx, heads, now)
    return await _me(tx, principal)


@dataclass(frozen=True, slots=True)
class Shift:
    """When somebody works for a team; without a `week`, nothing is written down."""

    agent: AgentId
    team: TeamId
    week: Table | None
    dates: Table


async def list_shifts(tx: Tx, secret: bytes, team: TeamId | None, now: int) -> list[Json]:
    """Those that are written down in a person's teams: {agent: {id, name}, team, week, dates}."""
    principal = await credentials.authenticate(tx, secret, now)
    teams = [one for one in await agents.teams_of(tx, principal.agent) if team in {None, one}]
    return [_shape(*each) for each in await shifts.written(tx, teams)]


async def put_shift(tx: Tx, secret: bytes, shift: Shift, now: int) -> list[Json]:
    """All that is written down for the team now. Raises Forbidden, NotFound, Invalid."""
    principal = await keeper(tx, secret, now)
    if shift.team not in await agents.teams_of(tx, principal.agent):
        raise NotFound
    if principal.role == "agent":
        raise Forbidden("a lead or an admin says when people work")
    await set_shift(tx, shift, now)
    return [_shape(*each) for each in await shifts.written(tx, [shift.team])]


async def set_shift(tx: Tx, shift: Shift, now: int) -> None:
    """For whoever may. Raises NotFound for somebody who is not of the team, Invalid for hours that are none."""
    if shift.team not in await agents.teams_of(tx, shift.agent):
        raise NotFound("that is nobody of this team")
    if shift.week is None:
        await shifts.remove(tx, shift.agent, shift.team)
    else:
        refuse_wrong_hours(shift.week, shift.dates)
        await shifts.put(tx, shift.agent, shift.team, shift.week, shift.dates)
    await board.look_again(tx, [shift.team], now)


def refuse_wrong_hours(week: Table, dates: Table) -> None:
    """Raises Invalid with the first of the mistakes."""
    try:
        if week:
            read_week(week)
        read_exceptions(dates)
    except HoursError as error:
        first = error.faults[0]
        raise Invalid(f"{first.key}: {first.problem}; {first.remedy}") from None


async def phone_of(tx: Tx, login: str) -> str | None:
    phone: str | None = (await duty.own(tx, await _find(tx, login)))["phone"]
    return phone


async def set_phone(tx: Tx, login: str, phone: str | None) -> None:
    """E.164, or None for no phone."""
    await duty.set_phone(tx, await _find(tx, login), phone)


async def shift_of(tx: Tx, login: str, team: TeamId) -> tuple[Table, Table] | None:
    """Week and dates; None where nothing is written down."""
    agent = await _find(tx, login)
    found = [(week, dates) for row, week, dates in await shifts.written(tx, [team]) if row["agent_id"] == agent]
    return found[0] if found else None


async def set_shift_of(tx: Tx, login: str, team: TeamId, tables: tuple[Table, Table] | None, now: int) -> None:
    week, dates = tables or (None, {})
    await set_shift(tx, Shift(await _find(tx, login), team, week, dates), now)


async def _find(tx: Tx, login: str) -> AgentId:
    """Raises NotFound, also for one who is disabled."""
    row = await agents.find_agent(tx, login)
    if row is None or row["disabled_at"] is not None:
        raise NotFound(f"nobody here has the login {login}")
    return AgentId(row["id"])


def _shape(row: Row, week: Table, dates: Table) -> Json:
    who = {"id": str(row["agent_id"]), "name": row["name"]}
    return {"agent": who, "team": row["team_id"], "week": week, "dates": dates}
