"""What a team offers at this moment, from its terms, its people's shifts and what is taken already."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from itertools import islice
from typing import Final

from gateway.domain import booking_wire
from gateway.domain.booking import rings_at
from gateway.domain.instant import from_micros, rfc3339
from gateway.domain.message import TeamId
from gateway.domain.routing import Teams
from gateway.domain.slots import KINDS, REASONS, Kind, Offer, SlotKey
from gateway.domain.team import Team
from gateway.domain.wire import Json
from gateway.errors import Invalid, SlotFull
from gateway.store import bookings, duty, shifts
from gateway.store.store import Tx

MOST: Final = 1_000
"""Times in one answer."""


def team_of(teams: Teams, team: TeamId) -> Team:
    """Raises Invalid for a team that the config knows no more."""
    found = teams.get(team)
    if found is None:
        raise Invalid("this team takes no bookings any more")
    return found


async def offer(tx: Tx, team: Team) -> Offer:
    return Offer(team.days, team.callbacks, await shifts.of_team(tx, team))


async def listed(tx: Tx, team: Team, kinds: Collection[Kind], since: int | None, until: int | None, now: int) -> Json:
    """{items, zone, now, kinds, next?}: what can be booked and starts in since..until, full times too, by their start.
    Of very many the first; `next` is then where to go on."""
    offered = await offer(tx, team)
    first, last = max(since or 0, offered.opens(now)), min(offered.closes(now), until or offered.closes(now))
    of_kinds = [
        offered.slots(kind, first, last, now, await bookings.taken(tx, team.id, kind, first, last))
        for kind in KINDS
        if kind in kinds
    ]
    found = list(islice(heapq.merge(*of_kinds, key=lambda slot: slot.start), MOST + 1))
    shape: Json = {
        "zone": team.timezone.key,
        "now": {"call": await can_call_now(tx, team, now)},
        "kinds": [kind for kind in KINDS if team.callbacks.places(kind)],
    }
    if len(found) > MOST:
        edge = found[MOST].start  # a time's two kinds stay together
        found = [slot for slot in found if slot.start < edge]
        shape["next"] = rfc3339(edge)
    return shape | {"items": [booking_wire.slot(slot) for slot in found]}


async def check(tx: Tx, team: Team, key: SlotKey, now: int) -> int:
    """When the slot ends, if it can be booked: for good once it is held. Raises SlotFull with the next times, Invalid
    with the reason."""
    offered = await offer(tx, team)
    reason = offered.refusal(key, now, await bookings.taken(tx, team.id, key.kind, key.start, key.start + 1))
    if reason is None:
        return key.start + team.callbacks.slot_minutes * 60_000_000
    facts = {"reason": reason, "slots": await following(tx, team, offered, key, now)}
    raise (SlotFull if reason == "full" else Invalid)(REASONS[reason], facts=facts)


async def following(tx: Tx, team: Team, offered: Offer, key: SlotKey, now: int) -> list[Json]:
    """The next times with a place left, no earlier than this slot; where there are none, the first of all."""
    taken = await bookings.taken(tx, team.id, key.kind, now, offered.closes(now))
    found = offered.next_free(key, now, taken) or offered.next_free(SlotKey(key.kind, now), now, taken)
    return [booking_wire.slot(slot) for slot in found]


async def can_call_now(tx: Tx, team: Team, now: int) -> bool:
    """Whether "call me now" can be asked: the team takes calls and is open, and somebody could be rung."""
    if not team.callbacks.call or not team.days.is_open(from_micros(now)):
        return False
    return any(rings_at(one) is not None for one in (await duty.staff(tx, team, now)).values())
