"""Customers' messages come in: each one row in one thread, once.

Takes a list, so that messages that wait together share a transaction. Deduplication is the insert itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.channels.contract import Inbound
from gateway.domain.event import SYSTEM
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store import messages, threads
from gateway.store.store import Tx


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
    return [await _one(tx, arrival) for arrival in arrivals]


async def _one(tx: Tx, arrival: Arrival) -> Receipt:
    inbound, channel, at = arrival.inbound, arrival.channel, arrival.at
    line, thread, team = await threads.find_line(tx, channel, inbound.endpoint, inbound.sender) or (
        await threads.open_line(
            tx,
            channel,
            inbound.endpoint,
            inbound.sender,
            inbound.sender_name,
            arrival.team,
            arrival.own_team,
            at,
        )
    )
    message = await messages.add_inbound(tx, team, thread, line, inbound.provider_id, inbound.body, inbound.media, at)
    if message is not None:
        await threads.customer_wrote(tx, thread, message, line.id, at)
        tx.event(team, "message.received", thread, at, {"message": message})
    return Receipt(thread, message)


async def record_unrouted(tx: Tx, channel: str, endpoint: str, now: int) -> None:
    """A message for an address that is not ours was turned away: admins see which one, not what it said."""
    tx.event(TeamId(SYSTEM), "channel.unrouted", None, now, {"channel": channel, "endpoint": endpoint})
