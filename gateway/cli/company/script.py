"""Reads the company's TOML files into values. It knows how a line is written, and nothing of clocks or databases.

A line is [when, who, words, what became of it], the last two where there is need:
    when    "-3 18:42", three working days back by the team's own clock; "18:44", the same day as the line before;
            or "12 min ago"
    who     "customer"; a login such as "ana", who replies; or "ana notes", "ana claims", "ana releases", "ana is done"
    fate    of a reply: "delivered" (left out), "sent", or "failed: ..." and "unknown: ..." with what an agent reads
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any, Final, Literal, cast

from gateway.domain.author import Role

Verb = Literal["writes", "replies", "notes", "claims", "releases", "is done"]
Fate = Literal["delivered", "sent", "failed", "unknown"]

FILES: Final = ("today.toml", "front_range.toml", "regular.toml", "great_lakes.toml")
_WHEN: Final = re.compile(r"(?:(?:-(?P<days>\d+) )?(?P<clock>\d\d:\d\d)|(?P<minutes>\d+) min ago)")
_WHO: Final = re.compile(r"(?P<who>[a-z]+)(?: (?P<verb>notes|claims|releases|is done))?")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works here. `desk` is a place in the list of teams; None sits at none of them."""

    login: str
    name: str
    role: Role
    desk: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that somebody did. Either `minutes` ago, or on a day (`days` back, None: as before) at `clock`."""

    minutes: int | None
    days: int | None
    clock: time | None
    who: str
    """A login, or "customer"."""
    verb: Verb
    words: str
    fate: Fate
    detail: str | None
    """What an agent reads of a delivery that failed or is unknown."""

    @property
    def by_customer(self) -> bool:
        return self.verb == "writes"


@dataclass(frozen=True, slots=True)
class Customer:
    """A number, a name if somebody vouched for one, whose customer it is, and all that was said."""

    number: str
    name: str | None
    desk: int
    talk: tuple[Line, ...]


def read_people() -> tuple[Person, ...]:
    return tuple(Person(**table) for table in _read("people.toml")["person"])


def read_customers() -> tuple[Customer, ...]:
    return tuple(customer for name in FILES for customer in _customers(_read(name)))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _customers(file: dict[str, Any]) -> Iterator[Customer]:
    for table in file["customer"]:
        talk = tuple(_line(line) for line in table["talk"])
        yield Customer(table["number"], table.get("name"), file["desk"], talk)


def _line(parts: Sequence[str]) -> Line:
    """Raises ValueError for a line that is not written as above."""
    when, who = _WHEN.fullmatch(parts[0]), _WHO.fullmatch(parts[1])
    if when is None or who is None or not 2 <= len(parts) <= 4:
        raise ValueError(f"this is not how a line is written: {parts}")
    fate, _, detail = (parts[3] if len(parts) == 4 else "delivered").partition(": ")
    verb = who["verb"] or ("writes" if who["who"] == "customer" else "replies")
    return Line(
        minutes=int(when["minutes"]) if when["minutes"] else None,
        days=int(when["days"]) if when["days"] else None,
        clock=time.fromisoformat(when["clock"]) if when["clock"] else None,
        who=who["who"],
        verb=cast("Verb", verb),
        words=parts[2] if len(parts) > 2 else "",
        fate=cast("Fate", fate),
        detail=detail or None,
    )
