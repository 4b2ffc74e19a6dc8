"""Sessions and personal tokens: the evidence under which people write. The only place that makes a Principal.

What ends takes the devices with it that were registered under it: whoever is signed out is told of nothing.
"""

from __future__ import annotations

import hashlib
from typing import Final

from gateway.domain.author import AgentId, Author, CredentialId, Evidence, EvidenceKind, Principal
from gateway.errors import Unauthenticated
from gateway.store import devices
from gateway.store.store import Tx, certain

SESSION_DAYS: Final = 30


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret. Plain SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def authenticate(tx: Tx, secret: bytes, now: int) -> Principal:
    """The person behind a hashed session or token, or Unauthenticated: expired, revoked, disabled and unknown alike."""
    row = await tx.one(
        """SELECT credential.id, credential.kind, credential.may_reply,
                  agent.id AS agent_id, agent.login, agent.name, agent.display_name, agent.role
             FROM credential JOIN agent ON agent.id = credential.agent_id
            WHERE credential.secret_hash = ?1 AND credential.revoked_at IS NULL
              AND (credential.expires_at IS NULL OR credential.expires_at > ?2)
              AND agent.disabled_at IS NULL""",
        secret,
        now,
    )
    if row is None:
        raise Unauthenticated
    evidence = Evidence(row["kind"], CredentialId(row["id"]))
    author = Author.human(AgentId(row["agent_id"]), row["name"], row["display_name"], evidence)
    return Principal(author, row["login"], row["role"], bool(row["may_reply"]))


async def add_credential(
    tx: Tx,
    agent: AgentId,
    kind: EvidenceKind,
    secret: bytes,
    now: int,
    *,
    label: str = "",
    may_reply: bool = True,
    expires_at: int | None = None,
) -> CredentialId:
    row = certain(
        await tx.one(
            """INSERT INTO credential (agent_id, kind, label, secret_hash, may_reply, created_at, expires_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id""",
            agent,
            kind,
            label,
            secret,
            int(may_reply),
            now,
            expires_at,
        )
    )
    return CredentialId(row["id"])


async def revoke(tx: Tx, credential: CredentialId, now: int) -> None:
    await tx.run("UPDATE credential SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", credential, now)
    await devices.end_credential(tx, credential)


async def revoke_sessions(tx: Tx, agent: AgentId, now: int) -> None:
    """End every session of a person, as a changed password must."""
    await tx.run(
        "UPDATE credential SET revoked_at = ?2 WHERE agent_id = ?1 AND kind = 'session' AND revoked_at IS NULL",
        agent,
        now,
    )
    await devices.end_sessions(tx, agent)


async def revoke_every_session(tx: Tx, now: int) -> None:
    """Of everybody: they sign in again."""
    await tx.run("UPDATE credential SET revoked_at = ?1 WHERE kind = 'session' AND revoked_at IS NULL", now)
    await devices.end_every_session(tx)


async def revoke_all(tx: Tx, agent: AgentId, now: int) -> None:
    await tx.run("UPDATE credential SET revoked_at = ?2 WHERE agent_id = ?1 AND revoked_at IS NULL", agent, now)
    await devices.end_agent(tx, agent)
