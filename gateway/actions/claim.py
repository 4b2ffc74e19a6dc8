"""Being on a thread, leaving it, being done with it. A claim is a courtesy to colleagues, not a lock: whoever claims
last is on it, and anyone may answer."""

from __future__ import annotations

from gateway.domain import wire
from gateway.domain.author import AgentId
from gateway.domain.message import MessageId, ThreadId
from gateway.domain.thread import Thread
from gateway.domain.wire import Json
from gateway.errors import Conflict
from gateway.store import credentials, messages, threads
from gateway.store.store import Tx


async def claim(tx: Tx, secret: bytes, thread: ThreadId, now: int) -> Json:
    """The inbox row. Claiming what one has already changes nothing and says nothing."""
    principal = await credentials.authenticate(tx, secret, now)
    team = await threads.hold(tx, principal.agent, thread)
    held = (await _row(tx, principal.agent, thread)).claim
    if held is None or held.agent != principal.agent:
        await threads.set_claim(tx, thread, principal.agent, now)
        tx.event(team, "thread.claimed", thread, now, {"by": principal.agent})
    return wire.own_thread(await _row(tx, principal.agent, thread))


async def release(tx: Tx, secret: bytes, thread: ThreadId, now: int) -> Json:
    """The inbox row; nobody is on it. Anyone in reach may release, since people go home."""
    principal = await credentials.authenticate(tx, secret, now)
    team = await threads.hold(tx, principal.agent, thread)
    if (await _row(tx, principal.agent, thread)).claim is not None:
        await threads.set_claim(tx, thread, None, now)
        tx.event(team, "thread.released", thread, now, {"by": principal.agent})
    return wire.own_thread(await _row(tx, principal.agent, thread))


async def done(tx: Tx, secret: bytes, thread: ThreadId, seen: MessageId | None, now: int) -> Json:
    """The inbox row. `done` lasts until the next message, the customer's or ours; an episode runs from a first message
    to here. `seen` is the newest message that the person has seen, where known.

    Raises Conflict, and changes nothing, when the customer has written since.
    """
    principal = await credentials.authenticate(tx, secret, now)
    team = await threads.hold(tx, principal.agent, thread)
    if (await _row(tx, principal.agent, thread)).done_at is None:
        await threads.set_done(tx, thread, now)
        # Asked only now that the thread's row is ours: a message that comes later undoes the `done` by itself.
        if seen is not None and await messages.customer_wrote_after(tx, thread, seen):
            raise Conflict("the customer has written again")
        tx.event(team, "thread.done", thread, now, {"by": principal.agent})
    return wire.own_thread(await _row(tx, principal.agent, thread))


async def _row(tx: Tx, agent: AgentId, thread: ThreadId) -> Thread:
    return (await threads.get_threads(tx, agent, [thread]))[thread]
