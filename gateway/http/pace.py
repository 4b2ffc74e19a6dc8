"""How often somebody may ask: bounds that people do not meet and scripts do.

Each bound is filled evenly again: `most` at once, and from then on `most` in `seconds`. It is counted in memory, so
that it costs nothing. Those who were silent longest are forgotten first, so that the count is bounded as well; whoever
is forgotten has all of their bound again.

Several nodes share a bound, each telling the others once a second what was taken (`gateway/http/spending.py`). A node
hears of somebody once they have spent half a minute's worth, within about two seconds. So whoever asks all of N nodes
at once can take the bound N times before they agree, and is then refused until all of that is refilled: over any longer
time the bound holds for all nodes together. While the database is away each node counts by itself, and tells later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Final

from gateway.errors import TooMany

MOST_KNOWN: Final = 20_000
"""Customers or addresses that are remembered."""
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Bound:
    most: int
    seconds: int


class Pace:
    """One bound for each of many. Times in microseconds since 1970."""

    def __init__(self, bound: Bound, words: str, known: int = MOST_KNOWN) -> None:
        self._bound = bound
        self._words = words
        self._known = known
        self._refilled: dict[str, int] = {}
        """When nothing is spent any more, by digest, who was silent longest first."""
        self._news: dict[str, int] | None = None
        """What was taken and no other node knows, in microseconds of refilling; None: there are no others."""

    def take(self, who: str | bytes, now: int, amount: int = 1) -> int:
        """What was taken: `amount`, or all that the bound ever allows. Raises TooMany, and takes nothing then."""
        key, taken = _digest(who), min(amount, self._bound.most)
        before, cost = max(self._refilled.pop(key, now), now), self._cost(taken)
        over = before + cost - now - self._bound.seconds * _SECOND
        self._refilled[key] = before if over > 0 else before + cost
        if len(self._refilled) > self._known:
            del self._refilled[next(iter(self._refilled))]
        if over > 0:
            raise TooMany(self._words, retry_after=max(1, math.ceil(over / _SECOND - 1e-3)))
        self._note(key, cost)
        return taken

    def give_back(self, who: str | bytes, amount: int) -> None:
        """What was taken and not used."""
        key, cost = _digest(who), self._cost(amount)
        if key in self._refilled:
            self._refilled[key] -= cost
            self._note(key, -cost)

    def share(self) -> None:
        """There are other nodes: note from now on what is taken, for them."""
        self._news = {}

    def tell(self) -> dict[str, int]:
        """What was taken since the last time, by digest, in microseconds of refilling."""
        told, self._news = self._news or {}, {}
        return told

    def untell(self, told: dict[str, int]) -> None:
        """The others could not be told: it is still to be."""
        for key, cost in told.items():
            self._note(key, cost)

    def hear(self, who: str, refilled_at: int) -> None:
        """What one of many has spent on all nodes, but for what was taken here and not told yet."""
        self._refilled[who] = refilled_at + (self._news or {}).get(who, 0)
        if len(self._refilled) > self._known:
            del self._refilled[next(iter(self._refilled))]

    def _cost(self, amount: int) -> int:
        return amount * self._bound.seconds * _SECOND // self._bound.most

    def _note(self, key: str, cost: int) -> None:
        if self._news is not None and (key in self._news or len(self._news) < self._known):
            self._news[key] = self._news.get(key, 0) + cost


def _digest(who: str | bytes) -> str:
    """A microsecond's work, and no token or address in the database."""
    return blake2b(who.encode() if isinstance(who, str) else who, digest_size=16).hexdigest()


def _messages_of_one() -> Pace:
    return Pace(Bound(60, 60), "too many messages in a minute; wait a moment")


def _messages() -> Pace:
    return Pace(Bound(300, 60), "too many messages come from this address; wait a moment")


def _uploads() -> Pace:
    return Pace(Bound(120, 900), "too many files come from this address; wait a moment")


def _upload_bytes() -> Pace:
    return Pace(Bound(250_000_000, 900), "too many megabytes come from this address; wait a moment")


def _devices() -> Pace:
    return Pace(Bound(20, 60), "too many devices in a minute; wait a moment")


def _bookings_of_one() -> Pace:
    return Pace(Bound(20, 3_600), "that is 20 bookings and changes in an hour; try again later, or write to the team")


def _bookings() -> Pace:
    return Pace(Bound(60, 3_600), "too many bookings come from this address; try again later")


@dataclass(frozen=True, slots=True)
class Paces:
    """Customers' bounds: of each token, or of each customer in the app, whatever token they have just now; and of each
    address, where a school or an office may be behind one. `devices` is each agent's as well."""

    messages_of_one: Pace = field(default_factory=_messages_of_one)
    messages: Pace = field(default_factory=_messages)
    uploads: Pace = field(default_factory=_uploads)
    upload_bytes: Pace = field(default_factory=_upload_bytes)
    devices: Pace = field(default_factory=_devices)
    bookings_of_one: Pace = field(default_factory=_bookings_of_one)
    bookings: Pace = field(default_factory=_bookings)

    def by_name(self) -> dict[str, Pace]:
        return {one.name: getattr(self, one.name) for one in fields(self)}
