"""People and their teams: rows, not config."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.author import AgentId, Role
from gateway.domain.event import SYSTEM
from gateway.domain.message import TeamId
from gateway.store.store import Row, Tx


@dataclass(frozen=True, slots=True)
class NewAgent:
    """A person to add. `login` is lower case, `password_hash` argon2id or None."""

    login: str
    name: str
    display_name: str
    role: Role
    password_hash: str | None
    teams: tuple[TeamId, ...]
    demo: bool = False
    """One of the demo's, whose password everyone knows: never served beyond this machine."""


async def add_agent(tx: Tx, new: NewAgent, now: int) -> AgentId | None:
    """The new person's id, or None when the login is taken."""
    row = await tx.one(
        """INSERT INTO agent (login, name, display_name, role, password_hash, demo, created_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (login) DO NOTHING RETURNING id""",
        new.login,
        new.name,
        new.display_name,
        new.role,
        new.password_hash,
        int(new.demo),
        now,
    )
    if row is None:
        return None
    agent = AgentId(row["id"])
    await set_teams(tx, agent, new.teams)
    return agent


async def set_teams(tx: Tx, agent: AgentId, teams: Iterable[TeamId]) -> None:
    await tx.run("UPDATE agent SET reach_version = reach_version + 1 WHERE id = ?1", agent)  # and holds it
    await tx.run("DELETE FROM agent_team WHERE agent_id = ?1", agent)
    for team in sorted(set(teams)):
        await tx.run("INSERT INTO agent_team (agent_id, team_id) VALUES (?1, ?2)", agent, team)


async def find_agent(tx: Tx, login: str) -> Row | None:
    """id, login, password_hash, disabled_at."""
    return await tx.one("SELECT id, login, password_hash, disabled_at FROM agent WHERE login = ?1", login)


async def set_password(tx: Tx, agent: AgentId, password_hash: str) -> None:
    await tx.run("UPDATE agent SET password_hash = ?2 WHERE id = ?1", agent, password_hash)


async def disable(tx: Tx, agent: AgentId, now: int) -> None:
    await tx.run("UPDATE agent SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL", agent, now)


async def enable(tx: Tx, agent: AgentId) -> None:
    await tx.run("UPDATE agent SET disabled_at = NULL, reach_version = reach_version + 1 WHERE id = ?1", agent)


async def set_role(tx: Tx, agent: AgentId, role: Role) -> None:
    await tx.run("UPDATE agent SET role = ?2, reach_version = reach_version + 1 WHERE id = ?1", agent, role)


async def list_agents(tx: Tx) -> list[tuple[Row, list[TeamId]]]:
    """Everyone by login, with the ids of their teams."""
    people = await tx.all("SELECT id, login, name, display_name, role, disabled_at FROM agent ORDER BY login")
    teams: dict[int, list[TeamId]] = {}
    for row in await tx.all("SELECT agent_id, team_id FROM agent_team ORDER BY team_id"):
        teams.setdefault(row["agent_id"], []).append(row["team_id"])
    return [(person, teams.get(person["id"], [])) for person in people]


async def teams_of(tx: Tx, agent: AgentId) -> list[TeamId]:
    """The teams whose threads this person holds, by id; for an admin all of them."""
    rows = await tx.all("SELECT holder FROM holding WHERE agent_id = ?1 AND holder LIKE 'team:%'", agent)
    return sorted(TeamId(row["holder"].removeprefix("team:")) for row in rows)


async def add_teams(tx: Tx, teams: Sequence[TeamId]) -> None:
    """A counter row for each team of the config, and for the log that is no team's; those that are there stay."""
    for team in sorted({*teams, TeamId(SYSTEM)}):
        await tx.run("INSERT INTO team (id) VALUES (?1) ON CONFLICT (id) DO NOTHING", team)


async def teams_with_customers(tx: Tx) -> list[TeamId]:
    """Whoever has threads, also when the config knows them no more."""
    rows = await tx.all(
        """SELECT team.id FROM team
            WHERE EXISTS (SELECT 1 FROM reach WHERE reach.holder = 'team:' || team.id) ORDER BY team.id"""
    )
    return [TeamId(row["id"]) for row in rows]


async def hold_agent(tx: Tx, agent: AgentId) -> Row | None:
    """The same by id, and nobody else changes or disables this person until the transaction ends: whoever gives them
    a credential is either seen by who ends them all, or sees why not."""
    return await tx.one(
        "SELECT id, login, password_hash, disabled_at FROM agent WHERE id = ?1 FOR NO KEY UPDATE", agent
    )


async def has_demo_accounts(tx: Tx) -> bool:
    return await tx.one("SELECT id FROM agent WHERE demo = 1 AND disabled_at IS NULL LIMIT 1") is not None
