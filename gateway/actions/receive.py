"""Customers' messages come in: each one row in one thread, once.

Takes a list, so that messages that wait together share a transaction. Deduplication is the insert itself. What only
few messages have, a meaning to the carrier or a time long past, costs the others nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.actions import opt_out
from gateway.channels.config import BY_REGION, Destination
from gateway.channels.contract import Inbound
from gateway.domain.event import SYSTEM
from gateway.domain.instant import micros
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.domain.routing import Teams
from gateway.files.kinds import kind_said
from gateway.files.names import name_by_type
from gateway.store import fetches, threads
from gateway.store.fetches import Waiting
from gateway.store.inbound import Incoming, Stored, add_inbound, before, mark_late
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

    @classmethod
    def at_door(cls, channel: str, inbound: Inbound, door: Destination, teams: Teams, at: int) -> Arrival:
        """`door`: where messages to this address of ours go."""
        own_team = door.team == BY_REGION
        team = teams.route(inbound.sender).id if own_team else TeamId(door.team)
        return cls(channel, inbound, team, own_team, at)

    @property
    def written_at(self) -> int:
        """When the customer wrote it, if it comes late; else now."""
        inbound = self.inbound
        return min(micros(inbound.at), self.at) if inbound.late and inbound.at is not None else self.at


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message ended up; `message` is None when it was there already."""

    thread: ThreadId
    message: MessageId | None


async def receive(tx: Tx, arrivals: Sequence[Arrival]) -> list[Receipt]:
    incoming = [_incoming(arrival) for arrival in arrivals]
    if any(arrival.inbound.late for arrival in arrivals):
        # Before anything is stored, so that what comes late stands in its order, of new pairs and of old.
        await _open_lines(tx, [arrival for arrival in arrivals if await _is_new(tx, arrival)])
    there = await before(tx, incoming)
    if there.strangers:
        await _open_lines(tx, [arrivals[place] for place in there.strangers])
    stored = await add_inbound(tx, incoming, there)
    new_pairs = [place for place in range(len(arrivals)) if place not in stored]
    if new_pairs:
        await _open_lines(tx, [arrivals[place] for place in new_pairs])
        more = await add_inbound(tx, [incoming[place] for place in new_pairs], there)
        stored |= {new_pairs[place]: one for place, one in more.items()}
    return await _conclude(tx, arrivals, stored)


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
        len(media),
    )


async def _open_lines(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """For pairs of addresses that have never talked; two messages of one pair open one line."""
    await threads.hold_addresses(tx, (arrival.inbound.sender for arrival in arrivals))
    for arrival in sorted(arrivals, key=lambda arrival: arrival.inbound.sender.value):  # no two lists wait in a circle
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


async def _is_new(tx: Tx, arrival: Arrival) -> bool:
    inbound = arrival.inbound
    return await threads.find_thread(tx, arrival.channel, inbound.endpoint, inbound.sender) is None


async def _conclude(tx: Tx, arrivals: Sequence[Arrival], stored: Mapping[int, Stored]) -> list[Receipt]:
    """Move the threads on, tell the teams, and say to each caller where its message is."""
    receipts: list[Receipt] = []
    told: set[MessageId] = set()
    wrote: dict[ThreadId, Wrote] = {}
    special: list[tuple[Stored, Arrival]] = []
    for place, arrival in enumerate(arrivals):
        one = stored[place]
        if not one.fresh or one.message in told:
            receipts.append(Receipt(one.thread, None))
            continue
        told.add(one.message)
        receipts.append(Receipt(one.thread, one.message))
        last = wrote.get(one.thread)
        count, first_at = (last.count, last.first_at) if last else (0, arrival.at)
        if arrival.inbound.media:
            await fetches.wait(tx, _files(one, arrival))
        if arrival.inbound.late or arrival.inbound.opt is not None:
            special.append((one, arrival))
            first_at = min(first_at, arrival.written_at)
        wrote[one.thread] = Wrote(one.thread, one.message, one.line, count + 1, first_at, arrival.at)
        tx.event(one.team, "message.received", one.thread, arrival.at, {"message": one.message})
    if wrote:
        await threads.customers_wrote(tx, list(wrote.values()))
    if special:
        await _heed(tx, special)
    return receipts


def _files(one: Stored, arrival: Arrival) -> list[Waiting]:
    """What the provider holds for us. Its word for the type is shown until the content has told."""
    kinds = [kind_said(item.content_type) for item in arrival.inbound.media]
    return [
        Waiting(one.message, one.team, place, name_by_type(kind), kind, item.url, arrival.channel, arrival.at)
        for place, (item, kind) in enumerate(zip(arrival.inbound.media, kinds, strict=True))
    ]


async def _heed(tx: Tx, special: Sequence[tuple[Stored, Arrival]]) -> None:
    """What few messages have: when they were written, if long ago, and what they mean to the carrier."""
    late = {one.message: arrival.written_at for one, arrival in special if arrival.inbound.late}
    if late:
        await mark_late(tx, late)
    for one, arrival in sorted(special, key=lambda told: told[0].line):  # no two lists wait in a circle
        if arrival.inbound.opt is not None:
            inbound = arrival.inbound
            await opt_out.heard(tx, one.line, arrival.inbound.opt, inbound.answered, arrival.written_at, arrival.at)


async def record_unrouted(tx: Tx, channel: str, endpoint: str, now: int) -> None:
    """A message for an address that is not ours was turned away: admins see which one, not what it said."""
    tx.event(TeamId(SYSTEM), "channel.unrouted", None, now, {"channel": channel, "endpoint": endpoint})
