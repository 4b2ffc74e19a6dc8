"""What a person has begun to write is kept for them, so that it is there on the next device. Nobody else sees it."""

from __future__ import annotations

from gateway.domain.message import ThreadId
from gateway.errors import DraftChanged
from gateway.store import credentials, drafts, threads
from gateway.store.store import Tx


async def draft(tx: Tx, secret: bytes, thread: ThreadId, body: str, was: str | None, now: int) -> None:
    """Keep it, or drop it when it is empty. `was` is the draft that it goes on from, "" for none; where another one is
    kept by now, nothing is changed. Without it the last one to come wins. Raises Unauthenticated, NotFound,
    DraftChanged."""
    principal = await credentials.authenticate(tx, secret, now)
    await threads.hold(tx, principal.agent, thread)
    # The same words again are a request whose answer was lost.
    if was is not None and await drafts.get(tx, principal.agent, thread) not in {None, was, body}:
        raise DraftChanged
    if body:
        await drafts.put(tx, principal.agent, thread, body, now)
    else:
        await drafts.drop(tx, principal.agent, thread)
