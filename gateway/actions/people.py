"""People come, change teams and passwords, and go: what `teamline agent` and `teamline token` do."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.actions.keep import drop_claims
from gateway.domain.author import AgentId, CredentialId, Role
from gateway.domain.message import TeamId
from gateway.errors import Conflict, NotFound
from gateway.store import agents, credentials, status
from gateway.store.agents import NewAgent
from gateway.store.store import Row, Tx


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
    """Every session and token of that person ends; what they wrote stays, and what they had claimed is nobody's."""
    agent = await _find(tx, login)
    await agents.disable(tx, agent, now)
    await credentials.revoke_all(tx, agent, now)
    await drop_claims(tx, agent, now)


async def enable_agent(tx: Tx, login: str) -> None:
    """They may sign in again. What ended when they were disabled stays ended. Raises Conflict when they were not."""
    row = await _hold(tx, login)
    if row is not None and row["disabled_at"] is None:
        raise Conflict(f"{login} is not disabled")
    await agents.enable(tx, _known(row, login))


async def change_role(tx: Tx, login: str, role: Role, now: int) -> None:
    agent = await _find(tx, login)
    await agents.set_role(tx, agent, role)
    await drop_claims(tx, agent, now)


async def current_teams(tx: Tx, login: str) -> Sequence[TeamId]:
    """The teams that a person was put into; an admin sees the others as well."""
    agent = _known(_active(await agents.find_agent(tx, login)), login)
    return next(teams for row, teams in await agents.list_agents(tx) if row["id"] == agent)


async def change_teams(tx: Tx, login: str, teams: tuple[TeamId, ...], now: int) -> None:
    """Bookings they had claimed in a team that they leave are nobody's."""
    agent = await _find(tx, login)
    await agents.add_teams(tx, teams)
    await agents.set_teams(tx, agent, teams)
    await drop_claims(tx, agent, now)


async def add_token(tx: Tx, login: str, label: str, may_reply: bool, secret: bytes, now: int) -> None:
    agent = await _find(tx, login)
    await credentials.add_credential(tx, agent, "token", secret, now, label=label, may_reply=may_reply)


async def list_tokens(tx: Tx, login: str | None) -> Sequence[Row]:
    """id, login, label, may_reply, created_at of each token that is good; with a login, that person's."""
    if login is not None:
        _known(_active(await agents.find_agent(tx, login)), login)
    return [row for row in await status.tokens(tx) if login in {None, row["login"]}]


async def revoke_labelled(tx: Tx, login: str, label: str, now: int) -> int:
    """End a person's tokens of that label, and say how many there were. Raises NotFound for none."""
    found = [row["id"] for row in await list_tokens(tx, login) if row["label"] == label]
    if not found:
        raise NotFound(f"{login} has no token with that label")
    for token in found:
        await credentials.revoke(tx, CredentialId(token), now)
    return len(found)


async def revoke_token(tx: Tx, token: int, now: int) -> int:
    """End one token by its id. Raises NotFound, also for a session's id."""
    if all(row["id"] != token for row in await status.tokens(tx)):
        raise NotFound(f"there is no token {token}")
    await credentials.revoke(tx, CredentialId(token), now)
    return 1


async def _find(tx: Tx, login: str) -> AgentId:
    """Held until the transaction ends."""
    return _known(_active(await _hold(tx, login)), login)


async def _hold(tx: Tx, login: str) -> Row | None:
    row = await agents.find_agent(tx, login)
    return None if row is None else await agents.hold_agent(tx, AgentId(row["id"]))


def _active(row: Row | None) -> Row | None:
    return row if row is not None and row["disabled_at"] is None else None


def _known(row: Row | None, login: str) -> AgentId:
    if row is None:
        raise NotFound(f"nobody here has the login {login}")
    return AgentId(row["id"])
