"""Slots on the nights on which clocks are set, in every zone, for ten years. `TEAMLINE_SOAK=1` walks all of them; a
seeded sample is walked otherwise, with each size of change that there is.

What is expected is computed minute by minute from the two offsets alone, and not with what is tested.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import pytest

from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.instant import from_micros, micros
from gateway.domain.slots import Callbacks, Offer, parse_slot

SOAK: Final = os.environ.get("TEAMLINE_SOAK") == "1"
SAMPLE: Final = 40
ODD: Final = ("Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "Europe/Dublin", "America/Nuuk")
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
AROUND: Final = timedelta(hours=5)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.timeout(3_600 if SOAK else 120)


class Change(NamedTuple):
    """The moment at which the clocks of a zone go from one offset to another, both in minutes."""

    zone: str
    at: datetime
    before: int
    after: int

    def wall(self, at: datetime) -> int:
        """What clocks show at a moment near this one, in minutes since 1970 there."""
        return (at - EPOCH) // MINUTE + (self.before if at < self.at else self.after)


def offset(zone: ZoneInfo, at: datetime) -> int:
    return (at.astimezone(zone).utcoffset() or timedelta()) // MINUTE


def changes(zone: ZoneInfo) -> Iterator[Change]:
    day, before = FIRST, offset(zone, FIRST)
    while day < LAST:
        after = offset(zone, day + timedelta(days=1))
        if after != before:
            hits = (day + minute * MINUTE for minute in range(1441))
            yield Change(zone.key, next(at for at in hits if offset(zone, at) != before), before, after)
        day, before = day + timedelta(days=1), after


@cache
def walked() -> tuple[Change, ...]:
    """All changes when soaking; else some, with the first of the zones that set their clocks in odd ways."""
    names = sorted(available_timezones())
    if SOAK:
        return tuple(change for name in names for change in changes(ZoneInfo(name)))
    chance = Random(20_261_122)
    some = [change for name in chance.sample(names, 20) for change in changes(ZoneInfo(name))]
    odd = (change for name in ODD for change in islice(changes(ZoneInfo(name)), 4))
    return (*odd, *chance.sample(some, min(SAMPLE, len(some))))


def offered(change: Change, length: int) -> list[tuple[int, int, str]]:
    """Start, end and id of each slot around a change, of a team that is always open."""
    offer = Offer(Days(Hours(ZoneInfo(change.zone))), Callbacks(slot_minutes=length, lead_minutes=0))
    since, until = micros(change.at - AROUND), micros(change.at + AROUND)
    return [(slot.start, slot.end, slot.id) for slot in offer.slots("call", since, until, since, {})]


def expected(change: Change, length: int) -> list[datetime]:
    """Every moment at which clocks stand on the grid, but for those at which the slot before is not over."""
    found: list[datetime] = []
    at = change.at - 2 * AROUND
    while at < change.at + AROUND:
        if change.wall(at) % length == 0 and (not found or found[-1] + length * MINUTE <= at):
            found.append(at)
        at += MINUTE
    return [at for at in found if at >= change.at - AROUND]


@pytest.mark.parametrize("length", [15, 30, 60])
def test_slots_around_every_change(length: int) -> None:
    """Slots are where the clocks of that night stand on the grid, each time they do, and last their real length."""
    wrong = [
        change
        for change in walked()
        if [(micros(at), micros(at + length * MINUTE)) for at in expected(change, length)]
        != [slot[:2] for slot in offered(change, length)]
    ]
    assert [] == wrong


def test_no_slot_in_a_gap_and_two_in_a_fold() -> None:
    """Wall times that a change leaves out have no slot; those that it shows twice have two, with ids that differ and
    lead back to their moments."""
    seen: Counter[int] = Counter()
    for change in walked():
        slots = offered(change, 15)
        walls = Counter(change.wall(from_micros(start)) for start, _, _ in slots)
        from_, to = change.wall(change.at - MINUTE) + 1, change.wall(change.at)
        assert [] == [wall for wall in range(from_, to) if wall in walls]
        assert {2} >= {walls[wall] for wall in range(to, from_) if wall % 15 == 0}
        assert [start for start, _, _ in slots] == [parse_slot(name).start for _, _, name in slots]
        assert len(slots) == len({name for _, _, name in slots})
        seen[change.after - change.before] += 1
    assert {-120, -60, -30, 30, 60, 120} <= set(seen)
