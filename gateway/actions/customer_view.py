"""What a customer may see: their own thread without the desk's part of it, and facts about the team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain import customer_wire
from gateway.domain.instant import rfc3339
from gateway.domain.message import Message, MessageId, TeamId
from gateway.domain.wire import Json
from gateway.store import conversations, events, visitors
from gateway.store.events import Heads
from gateway.store.store import Tx
from gateway.store.visitors import Token, Visitor


@dataclass(frozen=True, slots=True)
class Facts:
    """The team that is theirs, and what the database knows for the head of the page."""

    team: TeamId
    channel: str | None
    """That the visitor writes on; None for somebody who has not written."""
    shape: Json
    heads: Heads


@dataclass(frozen=True, slots=True)
class Said:
    """A part of a thread, oldest first. `next` is where to go on, `news` what the client has now for the first time."""

    items: list[Json]
    next: MessageId | None
    heads: Heads
    news: tuple[MessageId, ...]


async def facts(tx: Tx, token: Token | None, team: TeamId, now: int) -> Facts:
    """Facts for this customer, or for somebody without a token, whose team would be `team`. Raises Unauthenticated."""
    if token is None:
        return Facts(team, None, _times(None, await conversations.team_last_reply(tx, team)) | {"unread": 0}, {})
    visitor = await visitors.authenticate(tx, token, now)
    stands = await conversations.standing(tx, visitor)
    shape = _times(stands.last_reply, await conversations.team_last_reply(tx, visitor.team))
    shape |= {"customer": customer_wire.customer(visitor), "unread": stands.unread}
    if stands.read:
        shape["read"] = str(stands.read)
    return Facts(visitor.team, visitor.channel, shape, await _heads(tx, visitor))


async def page(tx: Tx, token: Token, before: int | None, after: int | None, limit: int, now: int) -> Said:
    """Raises Unauthenticated. Somebody who has not written yet has no messages."""
    visitor = await visitors.authenticate(tx, token, now)
    if visitor.thread is None:
        return Said([], None, {}, ())
    heads = await _heads(tx, visitor)
    found = await conversations.page(tx, visitor, before=before, after=after, limit=limit + 1)
    more = len(found) > limit
    if more:
        found = found[:limit] if after is not None else found[1:]
    edge = (found[-1] if after is not None else found[0]).id if more else None
    return Said([customer_wire.message(one) for one in found], edge, heads, await _news(tx, visitor, found))


async def _news(tx: Tx, visitor: Visitor, found: Sequence[Message]) -> tuple[MessageId, ...]:
    """Those that were sent to this very address and are not known to have come there."""
    out = [one.id for one in found if one.direction == "out" and one.state not in {"delivered", "read"}]
    rows = await conversations.deliveries_of(tx, visitor, out) if out else ()
    return tuple(row["message_id"] for row in rows)


async def _heads(tx: Tx, visitor: Visitor) -> Heads:
    return {} if visitor.thread is None else await events.heads(tx, [visitor.team])


def _times(last_reply: int | None, team_last_reply: int | None) -> Json:
    times = {"last_reply": last_reply, "team_last_reply": team_last_reply}
    return {name: rfc3339(at) for name, at in times.items() if at is not None}
