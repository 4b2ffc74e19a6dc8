"""A person notes something for the team; no customer ever sees it."""

from __future__ import annotations

from gateway.domain import wire
from gateway.domain.message import ThreadId
from gateway.domain.wire import Json
from gateway.store import credentials, idempotency, messages, threads
from gateway.store.store import Tx


async def note(
    tx: Tx, secret: bytes, thread: ThreadId, body: str, key: str | None, fingerprint: bytes, now: int
) -> Json:
    """The note in a message's shape with direction "note". Raises Unauthenticated, NotFound, Invalid."""
    principal = await credentials.authenticate(tx, secret, now)
    team = await threads.hold(tx, principal.agent, thread)
    before = await idempotency.recall(tx, principal.key, key, fingerprint, now)
    if before is not None:
        return before
    message = await messages.add_note(tx, team, thread, principal.author, body, now)
    tx.event(team, "note.added", thread, now, {"message": message, "by": principal.agent})
    answer = wire.message((await messages.get_messages(tx, principal.agent, [message]))[message])
    await idempotency.keep(tx, principal.key, key, answer)
    return answer
