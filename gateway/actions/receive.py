"""Customers' messages come in: each one row in one thread, once.

Takes a list, so that messages that wait together share a transaction. Deduplication is the insert itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.channels.contract import Inbound
from gateway.domain.event import SYSTEM
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.errors import Misuse
from gateway.store import messages, threads
from gateway.store.messages import Stored
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
    receipts = []
    wrote: dict[ThreadId, Wrote] = {}
    for arrival in arrivals:
        stored = await _store(tx, arrival) or await _store_from_new_pair(tx, arrival)
        if isinstance(stored, Receipt):
            receipts.append(stored)
            continue
        receipts.append(Receipt(stored.thread, stored.message))
        before = wrote.get(stored.thread)
        count, first_at = (before.count, before.first_at) if before else (0, arrival.at)
        wrote[stored.thread] = Wrote(stored.thread, stored.message, stored.line, count + 1, first_at, arrival.at)
        tx.event(stored.team, "message.received", stored.thread, arrival.at, {"message": stored.message})
    if wrote:
        await threads.customers_wrote(tx, list(wrote.values()))
    return receipts


async def _store(tx: Tx, arrival: Arrival) -> Stored | None:
    inbound = arrival.inbound
    return await messages.add_inbound(
        tx,
        arrival.channel,
        inbound.endpoint,
        inbound.sender,
        inbound.provider_id,
        inbound.body,
        inbound.media,
        arrival.at,
    )


async def _store_from_new_pair(tx: Tx, arrival: Arrival) -> Stored | Receipt:
    """Either these two addresses have never talked, or the message is there already."""
    inbound, channel = arrival.inbound, arrival.channel
    thread = await threads.find_thread(tx, channel, inbound.endpoint, inbound.sender)
    if thread is not None:
        return Receipt(thread, None)
    await threads.open_line(
        tx,
        channel,
        inbound.endpoint,
        inbound.sender,
        inbound.sender_name,
        arrival.team,
        arrival.own_team,
        arrival.at,
    )
    stored = await _store(tx, arrival)
    if stored is not None:
        return stored
    # Under this provider id it came before, from another address or to another number of ours.
    thread = await threads.find_thread(tx, channel, inbound.endpoint, inbound.sender)
    if thread is None:
        raise Misuse("a pair of addresses that was just made is not there")
    return Receipt(thread, None)


async def record_unrouted(tx: Tx, channel: str, endpoint: str, now: int) -> None:
    """A message for an address that is not ours was turned away: admins see which one, not what it said."""
    tx.event(TeamId(SYSTEM), "channel.unrouted", None, now, {"channel": channel, "endpoint": endpoint})
