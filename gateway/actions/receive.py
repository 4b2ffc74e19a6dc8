"""Customers' messages come in: each one row in one thread, once.

Takes a list, so that messages that wait together share a transaction. Deduplication is the insert itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.channels.contract import Inbound
from gateway.domain.event import SYSTEM
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store import messages, threads
from gateway.store.messages import Incoming, Stored
from gateway.store.store import Tx
from gateway.store.threads import Wrote


@dataclass(frozen=True, slots=True)
class Arrival:
    """An inbound message with what the gateway knows of it."""

    channel: str
    inbound: Inbound
    team: TeamId
    """For a customer nobody knows yet."""
    own_team: bool
    """Whether a customer who is known goes to the team they have ("by-region"), or to `team` (a team's own number)."""
    at: int
    """Microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message ended up; `message` is None when it was there already."""

    thread: ThreadId
    message: MessageId | None


async def receive(tx: Tx, arrivals: Sequence[Arrival]) -> list[Receipt]:
    incoming = [_incoming(arrival) for arrival in arrivals]
    before, stored = await messages.add_inbound(tx, incoming)
    new_pairs = [place for place in range(len(arrivals)) if place not in stored]
    if new_pairs:
        await _open_lines(tx, [arrivals[place] for place in new_pairs])
        _, more = await messages.add_inbound(tx, [incoming[place] for place in new_pairs])
        stored |= {new_pairs[place]: one for place, one in more.items()}
    return await _conclude(tx, arrivals, before, stored)


def _incoming(arrival: Arrival) -> Incoming:
    inbound = arrival.inbound
    media = [{"url": item.url, "content_type": item.content_type} for item in inbound.media]
    return Incoming(
        arrival.channel,
        inbound.endpoint,
        inbound.sender.kind,
        inbound.sender.value,
        inbound.provider_id,
        inbound.body,
        json.dumps(media) if media else "[]",
        arrival.at,
    )


async def _open_lines(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """For pairs of addresses that have never talked; two messages of one pair open one line."""
    for arrival in arrivals:
        await threads.open_line(
            tx,
            arrival.channel,
            arrival.inbound.endpoint,
            arrival.inbound.sender,
            arrival.inbound.sender_name,
            arrival.team,
            arrival.own_team,
            arrival.at,
        )


async def _conclude(
    tx: Tx, arrivals: Sequence[Arrival], before: MessageId, stored: Mapping[int, Stored]
) -> list[Receipt]:
    """Move the threads on, tell the teams, and say to each caller where its message is."""
    receipts: list[Receipt] = []
    told: set[MessageId] = set()
    wrote: dict[ThreadId, Wrote] = {}
    for place, arrival in enumerate(arrivals):
        one = stored[place]
        if one.message <= before or one.message in told:
            receipts.append(Receipt(one.thread, None))
            continue
        told.add(one.message)
        receipts.append(Receipt(one.thread, one.message))
        last = wrote.get(one.thread)
        count, first_at = (last.count, last.first_at) if last else (0, arrival.at)
        wrote[one.thread] = Wrote(one.thread, one.message, one.line, count + 1, first_at, arrival.at)
        tx.event(one.team, "message.received", one.thread, arrival.at, {"message": one.message})
    if wrote:
        await threads.customers_wrote(tx, list(wrote.values()))
    return receipts


async def record_unrouted(tx: Tx, channel: str, endpoint: str, now: int) -> None:
    """A message for an address that is not ours was turned away: admins see which one, not what it said."""
    tx.event(TeamId(SYSTEM), "channel.unrouted", None, now, {"channel": channel, "endpoint": endpoint})
