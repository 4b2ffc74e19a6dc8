"""What was said during a journey, in order: what every page, the database and the provider must agree with."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple


class Line(NamedTuple):
    """`way` is "in", "out" or "note"."""

    way: str
    words: str


class Ledger:
    """By the customer's name in the console."""

    def __init__(self) -> None:
        self.threads: defaultdict[str, list[Line]] = defaultdict(list)

    def put(self, customer: str, line: Line) -> None:
        self.threads[customer].append(line)

    def of(self, customer: str) -> list[Line]:
        return self.threads[customer]
