"""A person replies: the message with its author and evidence, one queued delivery, one event, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.domain import wire
from gateway.domain.message import ThreadId
from gateway.domain.thread import Line
from gateway.domain.wire import Json
from gateway.errors import Forbidden, Invalid, Unreachable
from gateway.store import credentials, deliveries, drafts, idempotency, messages, threads
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wants said. `secret` is the hash of the session or token that the words came under."""

    secret: bytes
    thread: ThreadId
    body: str
    channel: str | None
    """Where to; None: where the customer last wrote."""
    channels: Mapping[str, int]
    """The live channels, and how many characters each takes."""
    key: str | None
    fingerprint: bytes
    salt: bytes
    now: int


async def reply(tx: Tx, order: Reply) -> Json:
    """The message in the contract's shape. Raises Unauthenticated, Forbidden, NotFound, Unreachable, Invalid."""
    principal = await credentials.authenticate(tx, order.secret, order.now)
    team = await threads.team_in_reach(tx, principal.agent, order.thread)
    if not principal.may_reply:
        raise Forbidden("this token was made without --may-reply: it reads and writes notes")
    before = await idempotency.recall(tx, principal.key, order.key, order.fingerprint, order.now)
    if before is not None:
        return before
    lines = await threads.lines_of(tx, principal.agent, order.thread)
    line = choose_line(lines, order.channel, order.channels)
    if len(order.body) > order.channels[line.channel]:
        raise Invalid(f"this channel takes {order.channels[line.channel]:,} characters at most")
    message = await messages.add_outbound(
        tx, team, order.thread, line, principal.author, order.body, order.salt, order.now
    )
    await deliveries.queue(tx, team, order.thread, message, line, order.now)
    await threads.agent_wrote(tx, order.thread, message, order.now)
    tx.event(team, "message.sent", order.thread, order.now, {"message": message, "by": principal.agent})
    answer = wire.message((await messages.get_messages(tx, principal.agent, [message]))[message])
    await drafts.drop(tx, principal.agent, order.thread)
    await idempotency.keep(tx, principal.key, order.key, answer)
    return answer


def choose_line(lines: Sequence[Line], channel: str | None, live: Mapping[str, int]) -> Line:
    """Where an answer goes. Raises Unreachable, saying why."""
    fitting = [line for line in lines if channel in {None, line.channel}]
    if not fitting:
        raise Unreachable("this customer has never written on that channel")
    if fitting[0].channel not in live:
        raise Unreachable(f"the channel {fitting[0].channel} is not configured any more")
    return fitting[0]
