"""Signing in and out. Passwords are checked outside the transaction, in a thread; here only rows are moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.domain.author import AgentId, Principal
from gateway.errors import TooMany, Unauthenticated
from gateway.store import agents, attempts, credentials, names
from gateway.store.credentials import SESSION_DAYS
from gateway.store.store import Row, Tx

WINDOW: Final = timedelta(minutes=15)
MOST_BY_PAIR: Final = 10
"""Wrong passwords for one login from one address."""
MOST_BY_LOGIN: Final = 100
"""For one login from anywhere: higher, so that a stranger cannot keep somebody out."""
MOST_BY_ADDRESS: Final = 50
_MICROS: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as it was counted: by login and address together, and by each alone (hashed), at `at`."""

    pair: str
    others: tuple[str, ...]
    at: int


async def begin_sign_in(tx: Tx, login: str, subjects: Sequence[tuple[str, int]], now: int) -> Row | None:
    """Count an attempt by each subject (hashed login, hashed address, and how many each may make); raises TooMany
    before the password is looked at. The person's id, password_hash and disabled_at, or None for a login unknown."""
    since = now - WINDOW // _MICROS
    await names.hold(tx, (names.subject(subject) for subject, _ in subjects))
    for subject, most in subjects:
        if await attempts.count(tx, subject, since) >= most:
            raise TooMany("too many attempts to sign in; wait a quarter of an hour", retry_after=WINDOW.seconds)
    for subject, _ in subjects:
        await attempts.add(tx, subject, now)
    return await agents.find_agent(tx, login)


async def finish_sign_in(
    tx: Tx, agent: AgentId, password_hash: str, secret: bytes, attempt: Attempt, now: int
) -> tuple[Principal, list[str]]:
    """Open a session for a person whose password was right; what they tried before is forgotten, and this
    attempt counts against nobody who shares the address.

    Raises Unauthenticated when the password was changed or the person disabled meanwhile.
    """
    row = await agents.hold_agent(tx, agent)
    if row is None or row["disabled_at"] is not None or row["password_hash"] != password_hash:
        raise Unauthenticated
    await attempts.clear(tx, attempt.pair)
    for subject in attempt.others:
        await attempts.remove(tx, subject, attempt.at)
    expires = now + timedelta(days=SESSION_DAYS) // _MICROS
    await credentials.add_credential(tx, agent, "session", secret, now, expires_at=expires)
    principal = await credentials.authenticate(tx, secret, now)
    return principal, [str(team) for team in await agents.teams_of(tx, agent)]


async def sign_out(tx: Tx, secret: bytes, now: int) -> None:
    """End this session. A personal token is not ended by signing out."""
    principal = await credentials.authenticate(tx, secret, now)
    await agents.hold_agent(tx, principal.agent)  # and so no device is just being registered under it
    if principal.author.evidence.kind == "session":
        await credentials.revoke(tx, principal.author.evidence.credential, now)
