"""What a person has begun to write is kept for them, so that it is there on the next device. Nobody else sees it."""

from __future__ import annotations

from gateway.domain.message import ThreadId
from gateway.store import credentials, drafts, threads
from gateway.store.store import Tx


async def draft(tx: Tx, secret: bytes, thread: ThreadId, body: str, now: int) -> None:
    """Keep it, or drop it when it is empty. The last one to come wins. Raises Unauthenticated, NotFound."""
    principal = await credentials.authenticate(tx, secret, now)
    await threads.team_in_reach(tx, principal.agent, thread)
    if body:
        await drafts.put(tx, principal.agent, thread, body, now)
    else:
        await drafts.drop(tx, principal.agent, thread)
