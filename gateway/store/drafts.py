"""What a person has begun to write, one draft for each of their threads, wherever they sit down next."""

from __future__ import annotations

from gateway.domain.author import AgentId
from gateway.domain.message import ThreadId
from gateway.store.store import Tx


async def put(tx: Tx, agent: AgentId, thread: ThreadId, body: str, now: int) -> None:
    await tx.run(
        """INSERT INTO draft (agent_id, thread_id, body, updated_at) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (agent_id, thread_id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at""",
        agent,
        thread,
        body,
        now,
    )


async def drop(tx: Tx, agent: AgentId, thread: ThreadId) -> None:
    await tx.run("DELETE FROM draft WHERE agent_id = ?1 AND thread_id = ?2", agent, thread)


async def get(tx: Tx, agent: AgentId, thread: ThreadId) -> str | None:
    row = await tx.one("SELECT body FROM draft WHERE agent_id = ?1 AND thread_id = ?2", agent, thread)
    return None if row is None else row["body"]
