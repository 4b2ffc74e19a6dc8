"""How far a person has read a thread: their own marker, seen by nobody else."""

from __future__ import annotations

from gateway.domain import wire
from gateway.domain.message import MessageId, ThreadId
from gateway.domain.wire import Json
from gateway.store import credentials, seen, threads
from gateway.store.store import Tx


async def read(tx: Tx, secret: bytes, thread: ThreadId, message: MessageId, now: int) -> Json:
    """The inbox row with what is still unread. The marker only moves forward, and never past the newest message."""
    principal = await credentials.authenticate(tx, secret, now)
    await threads.hold(tx, principal.agent, thread)
    await seen.mark(tx, principal.agent, thread, message)
    return wire.own_thread((await threads.get_threads(tx, principal.agent, [thread]))[thread])
