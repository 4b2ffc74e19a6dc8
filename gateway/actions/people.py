"""People come, change teams and passwords, and go: what `teamline agent` and `teamline token` do."""

from __future__ import annotations

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.errors import Conflict, NotFound
from gateway.store import agents, credentials
from gateway.store.agents import NewAgent
from gateway.store.store import Tx


async def add_agent(tx: Tx, new: NewAgent, now: int) -> AgentId:
    """Raises Conflict when the login is taken."""
    await agents.add_teams(tx, new.teams)
    agent = await agents.add_agent(tx, new, now)
    if agent is None:
        raise Conflict(f"the login {new.login} is taken")
    return agent


async def change_password(tx: Tx, login: str, password_hash: str, now: int) -> None:
    """Every session of that person ends."""
    agent = await _find(tx, login)
    await agents.set_password(tx, agent, password_hash)
    await credentials.revoke_sessions(tx, agent, now)


async def disable_agent(tx: Tx, login: str, now: int) -> None:
    """Every session and token of that person ends; what they wrote stays."""
    agent = await _find(tx, login)
    await agents.disable(tx, agent, now)
    await credentials.revoke_all(tx, agent, now)


async def change_teams(tx: Tx, login: str, teams: tuple[TeamId, ...]) -> None:
    agent = await _find(tx, login)
    await agents.add_teams(tx, teams)
    await agents.set_teams(tx, agent, teams)


async def add_token(tx: Tx, login: str, label: str, may_reply: bool, secret: bytes, now: int) -> None:
    agent = await _find(tx, login)
    await credentials.add_credential(tx, agent, "token", secret, now, label=label, may_reply=may_reply)


async def _find(tx: Tx, login: str) -> AgentId:
    row = await agents.find_agent(tx, login)
    if row is None or row["disabled_at"] is not None:
        raise NotFound(f"nobody here has the login {login}")
    return AgentId(row["id"])
