"""A person replies: the message with its author and evidence, one queued delivery, one event, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.actions.attach import fits
from gateway.actions.opt_out import REASON
from gateway.channels.contract import Capabilities
from gateway.domain import wire
from gateway.domain.attachment import Owner
from gateway.domain.author import Author
from gateway.domain.message import Message, MessageId, TeamId, ThreadId, Writer
from gateway.domain.thread import Line
from gateway.domain.wire import Json
from gateway.errors import Conflict, Forbidden, Invalid, OptedOut, Unreachable
from gateway.store import attachments, credentials, deliveries, drafts, idempotency, lines, messages, threads
from gateway.store.attachments import Loose
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wants said. `secret` is the hash of the session or token that the words came under."""

    secret: bytes
    thread: ThreadId
    body: str
    channel: str | None
    """Where to; None: where the customer last wrote."""
    channels: Mapping[str, Capabilities]
    """The live channels, and what each takes."""
    key: str | None
    fingerprint: bytes
    salt: bytes
    now: int
    way: int | None = None
    """The very line to write by; None: as `channel` says."""
    attachments: tuple[int, ...] = ()
    """Uploads of theirs, in order."""


async def replies(tx: Tx, orders: Sequence[Reply]) -> list[Json]:
    """Replies that wait together, by thread, since each holds its own; one that is refused leaves the others to be made
    one by one."""
    places = sorted(range(len(orders)), key=lambda place: orders[place].thread)
    made = {place: await reply(tx, orders[place]) for place in places}
    return [made[place] for place in range(len(orders))]


async def reply(tx: Tx, order: Reply) -> Json:
    """The message in the contract's shape. Raises Unauthenticated, Forbidden, NotFound, Unreachable, OptedOut,
    Invalid."""
    principal = await credentials.authenticate(tx, order.secret, order.now)
    team = await threads.hold(tx, principal.agent, order.thread)
    if not principal.may_reply:
        raise Forbidden("this token was made without --may-reply: it reads and writes notes")
    before = await idempotency.recall(tx, principal.key, order.key, order.fingerprint, order.now)
    if before is not None:
        return before
    ways = await lines.lines_of(tx, principal.agent, order.thread)
    line = choose_line(ways, order.channel, order.way, order.channels)
    can = order.channels[line.channel]
    if len(order.body) > can.max_body:
        raise Invalid(f"this channel takes {can.max_body:,} characters at most")
    files = await attachments.loose(tx, Owner.of_agent(principal.agent), order.attachments)
    fits(can, files)
    message = await say(tx, team, order.thread, line, principal.author, order.body, order.salt, order.now, files)
    answer = wire.message(await _said(tx, principal.author, order, line, message))
    await drafts.drop(tx, principal.agent, order.thread)
    await idempotency.keep(tx, principal.key, order.key, answer)
    return answer


async def _said(tx: Tx, author: Author, order: Reply, line: Line, message: MessageId) -> Message:
    """The message as anybody will read it. One without files is known by heart; reading it back costs a fifth."""
    if order.attachments:
        return (await messages.get_messages(tx, author.agent, [message]))[message]
    writer = Writer("agent", author.agent, author.name, author.display_name, author.evidence.kind == "token")
    at = order.now
    return Message(message, order.thread, "out", writer, line.channel, order.body, (), at, "queued", None, at)


async def say(
    tx: Tx,
    team: TeamId,
    thread: ThreadId,
    line: Line,
    author: Author,
    body: str,
    salt: bytes,
    now: int,
    files: Sequence[Loose] = (),
) -> MessageId:
    """A person's message goes on its way by a line that was found open in this transaction."""
    hashes = [file.hash for file in files]
    message = await messages.add_outbound(tx, team, thread, line, author, body, salt, now, hashes)
    await messages.take_up(tx, files, team, message)
    await deliveries.queue(tx, team, thread, message, line, now)
    await threads.agent_wrote(tx, thread, message, now)
    tx.event(team, "message.sent", thread, now, {"message": message, "by": author.agent})
    return message


def choose_line(ways: Sequence[Line], channel: str | None, way: int | None, live: Collection[str]) -> Line:
    """Where an answer goes: the first that fits what was asked for, and no other in its place. Raises Unreachable or
    OptedOut, saying why and what can be reached instead."""
    fitting = [line for line in ways if channel in {None, line.channel} and way in {None, line.id}]
    if not fitting:
        raise Unreachable(_with_others("this customer has never written on that channel", ways, live))
    problem = obstacle(fitting[0], live)
    if problem is not None:
        raise type(problem)(_with_others(problem.detail, ways, live))
    return fitting[0]


def obstacle(line: Line, live: Collection[str]) -> Conflict | None:
    """Why nothing can be sent by this line now."""
    if line.channel not in live:
        return Unreachable(f"the channel {line.channel} is not configured any more")
    return OptedOut(REASON) if line.opted_out_at is not None else None


def _with_others(why: str, ways: Sequence[Line], live: Collection[str]) -> str:
    """Without anyone's number: by channel, and by our own address where a channel has several."""
    open_ways = [f"{line.channel} {line.endpoint}".strip() for line in ways if obstacle(line, live) is None]
    return f"{why}; what can be reached instead: {', '.join(open_ways)}" if open_ways else why
