"""The times that a team offers for booked callbacks. This file books nothing: how many are taken is an argument.

A slot starts on a grid of the team's wall clock that is counted from midnight (17:00, 17:30 ...), so that the grid
stays where it is when hours change, and a place once taken goes on counting. It lasts `slot_minutes` of real time, and
the team is open throughout. Slots never overlap, on the nights on which the clock is set either: there the later of
two that would is not offered. The customer's zone matters only for showing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from gateway.domain.author import AgentId
from gateway.domain.days import Days, resolve
from gateway.domain.hours import DAY
from gateway.domain.instant import from_micros, micros
from gateway.errors import Invalid

Kind = Literal["call", "chat"]
Refusal = Literal["past", "too_soon", "too_far", "not_offered", "full"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
REASONS: Final[dict[Refusal, str]] = {
    "past": "that time is past",
    "too_soon": "that time is too soon for the team to be ready",
    "too_far": "that time is further ahead than the team plans",
    "not_offered": "the team does not offer that time",
    "full": "that time is taken",
}
"""In words for a person. All but "full" are bad content; a full slot is a conflict of state."""

_MINUTE: Final = timedelta(minutes=1)
_ONE_DAY: Final = timedelta(days=1)
_MINUTE_MICROS: Final = 60_000_000
_ID: Final = re.compile(r"(call|chat)-(\d{8}T\d{4}Z)", re.ASCII)
_ID_TIME: Final = "%Y%m%dT%H%MZ"


@dataclass(frozen=True, slots=True)
class Callbacks:
    """On what terms a team takes bookings. Raises ValueError for terms that cannot be kept.

    `call` and `chat` are places in one slot, 0 for none; `slot_minutes` divides a day, so that each day's grid is the
    same; `lead_minutes` is how long before its start a slot is last given; `horizon_days` counts dates after today, by
    the team's calendar.
    """

    call: int = 2
    chat: int = 4
    slot_minutes: int = 30
    lead_minutes: int = 60
    horizon_days: int = 14

    def __post_init__(self) -> None:
        if min(self.call, self.chat, self.lead_minutes) < 0:
            raise ValueError("places and lead time are not negative")
        if not 5 <= self.slot_minutes <= 240 or DAY % self.slot_minutes:
            raise ValueError("a slot has 5 to 240 minutes that divide a day, such as 15, 20, 30, 45 or 60")
        if not 1 <= self.horizon_days <= 366:
            raise ValueError("a horizon is 1 to 366 days ahead")

    def places(self, kind: Kind) -> int:
        return self.call if kind == "call" else self.chat


class SlotKey(NamedTuple):
    """What names a slot within a team: `start` in microseconds since 1970, on a whole minute."""

    kind: Kind
    start: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One time on offer. `start` and `end` in microseconds since 1970, `zone` the team's, `left` 0 when it is full."""

    kind: Kind
    start: int
    end: int
    zone: str
    left: int

    @property
    def id(self) -> str:
        return slot_id(self.kind, self.start)


def slot_id(kind: Kind, start: int) -> str:
    """Opaque to clients. It names the moment and not the wall time, so that the two of a fold have two ids."""
    return f"{kind}-{from_micros(start).isoformat()[:16].replace('-', '').replace(':', '')}Z"


def parse_slot(text: str) -> SlotKey:
    """The slot that an id names, whether or not it was ever offered: see `Offer.refusal`. Raises Invalid."""
    if match := _ID.fullmatch(text):
        kind: Kind = "call" if match[1] == "call" else "chat"
        try:
            return SlotKey(kind, micros(datetime.strptime(match[2], _ID_TIME).replace(tzinfo=UTC)))
        except ValueError:
            pass  # the 31st of February: no more an id than any other text
    raise Invalid("that is not the id of a slot")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a team offers: its days, its terms, and the shifts of its people, in the same form as its days.

    A person takes one call in a slot, so the people on shift for all of it bound the calls. One person chats with
    several customers, so a single one on shift is enough for the chats. Without any shifts the terms alone decide.
    """

    days: Days
    terms: Callbacks = Callbacks()
    shifts: Mapping[AgentId, Days] = field(default_factory=lambda: MappingProxyType({}))

    def slots(self, kind: Kind, since: int, until: int, now: int, taken: Mapping[int, int]) -> Iterator[Slot]:
        """The slots that can be booked now and start in since..until, in order; full ones too, with none left.

        `taken` counts the open bookings of this kind by the start of their slot. Times in microseconds since 1970.
        """
        for day, start in self._starts(max(since, self.opens(now)), min(until, self.closes(now))):
            if places := self._places(kind, day, start):
                end, left = start + self._length, max(0, places - taken.get(start, 0))
                yield Slot(kind, start, end, self.days.zone.key, left)

    def next_free(self, key: SlotKey, now: int, taken: Mapping[int, int], most: int = 5) -> list[Slot]:
        """What to choose from instead of this slot: the first with a place left, no earlier than it."""
        ahead = self.slots(key.kind, key.start, self.closes(now), now, taken)
        return list(islice((slot for slot in ahead if slot.left), most))

    def refusal(self, key: SlotKey, now: int, taken: Mapping[int, int]) -> Refusal | None:
        """Why this slot cannot be booked now, or None. It is looked up anew: hours change, and ids can be made up."""
        if key.start < now:
            return "past"
        if key.start < self.opens(now):
            return "too_soon"
        if key.start >= self.closes(now):
            return "too_far"
        slot = next(self.slots(key.kind, key.start, key.start + 1, now, taken), None)
        if slot is None:
            return "not_offered"
        return None if slot.left else "full"

    def opens(self, now: int) -> int:
        """The earliest start that can be booked now, in microseconds since 1970."""
        return now + self.terms.lead_minutes * _MINUTE_MICROS

    def closes(self, now: int) -> int:
        """When the team's last bookable date has ended, in microseconds since 1970."""
        after = from_micros(now).astimezone(self.days.zone).date() + (self.terms.horizon_days + 1) * _ONE_DAY
        return micros(datetime.combine(after, time(), self.days.zone))

    def _starts(self, since: int, until: int) -> Iterator[tuple[date, int]]:
        """Dates and starts of slots in since..until. It looks from the day before: a night slot may reach over midnight
        when the clock is set, and so take the first one of the next day."""
        if since >= until:
            return
        zone, busy_until = self.days.zone, since - 2 * DAY * _MINUTE_MICROS
        day, last = (from_micros(at).astimezone(zone).date() for at in (since, until))
        day -= _ONE_DAY
        while day <= last:
            for start in _grid(self.days, self.terms.slot_minutes, day):
                if start < busy_until:
                    continue
                busy_until = start + self._length
                if since <= start < until:
                    yield day, start
            day += _ONE_DAY

    def _places(self, kind: Kind, day: date, start: int) -> int:
        places = self.terms.places(kind)
        if not self.shifts:
            return places
        step = self.terms.slot_minutes
        on_shift = islice((shift for shift in self.shifts.values() if start in _grid(shift, step, day)), places)
        people = sum(1 for _ in on_shift)
        return places if people and kind == "chat" else people

    @property
    def _length(self) -> int:
        return self.terms.slot_minutes * _MINUTE_MICROS


@lru_cache(maxsize=4096)
def _grid(days: Days, step: int, day: date) -> Mapping[int, None]:
    """Where slots of so many minutes would start on a date if each were alone, in order of time and not of the wall
    clock; in microseconds since 1970. Kept, since whoever looks for a time asks for the same fortnight."""
    midnight = datetime.combine(day, time())
    walls = {
        midnight + minute * _MINUTE
        for opens, closes in days.spans(day)
        for minute in range(-(-opens // step) * step, closes, step)
    }
    moments = (moment for wall in walls for moment in resolve(wall, days.zone))
    return dict.fromkeys(sorted(micros(at) for at in moments if days.covers(at, at + step * _MINUTE)))
