"""How often somebody may ask: bounds that people do not meet and scripts do. Counted in memory, so a restart forgets.

Each bound is filled evenly again: `most` at once, and from then on `most` in `seconds`. Those who were silent longest
are forgotten first, so that the count is bounded as well; whoever is forgotten has all of their bound again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.errors import TooMany

MOST_KNOWN: Final = 20_000
"""Customers or addresses that are remembered."""
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Bound:
    most: int
    seconds: int


class _Spent(NamedTuple):
    amount: float
    at: int


class Pace:
    """One bound for each of many. Times in microseconds since 1970."""

    def __init__(self, bound: Bound, words: str, known: int = MOST_KNOWN) -> None:
        self._bound = bound
        self._words = words
        self._known = known
        self._spent: dict[str | bytes, _Spent] = {}

    def take(self, who: str | bytes, now: int, amount: int = 1) -> int:
        """What was taken: `amount`, or all that the bound ever allows. Raises TooMany, and takes nothing then."""
        most, rate = self._bound.most, self._bound.most / self._bound.seconds
        taken = min(amount, most)
        before = self._spent.pop(who, _Spent(0, now))
        left = max(0.0, before.amount - max(0, now - before.at) / _SECOND * rate)
        over = left + taken - most
        self._spent[who] = _Spent(left if over > 0 else left + taken, now)
        if len(self._spent) > self._known:
            del self._spent[next(iter(self._spent))]
        if over > 0:
            raise TooMany(self._words, retry_after=max(1, math.ceil(over / rate - 1e-3)))
        return taken

    def give_back(self, who: str | bytes, amount: int) -> None:
        """What was taken and not used."""
        if (spent := self._spent.get(who)) is not None:
            self._spent[who] = _Spent(max(0.0, spent.amount - amount), spent.at)


def _messages_of_one() -> Pace:
    return Pace(Bound(60, 60), "too many messages in a minute; wait a moment")


def _messages() -> Pace:
    return Pace(Bound(300, 60), "too many messages come from this address; wait a moment")


def _uploads() -> Pace:
    return Pace(Bound(120, 900), "too many files come from this address; wait a moment")


def _upload_bytes() -> Pace:
    return Pace(Bound(250_000_000, 900), "too many megabytes come from this address; wait a moment")


@dataclass(frozen=True, slots=True)
class Paces:
    """Customers' bounds: of each token, and of each address, where a school or an office may be behind one."""

    messages_of_one: Pace = field(default_factory=_messages_of_one)
    messages: Pace = field(default_factory=_messages)
    uploads: Pace = field(default_factory=_uploads)
    upload_bytes: Pace = field(default_factory=_upload_bytes)
