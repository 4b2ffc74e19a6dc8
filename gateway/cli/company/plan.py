"""All that happens in the company's weeks, in order, as values: made outside the transaction that then plays it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.cli.company.diary import Diary
from gateway.cli.company.script import Customer, Line, Person, read_customers, read_people
from gateway.domain.hours import Hours
from gateway.domain.instant import micros


@dataclass(frozen=True, slots=True)
class Step:
    """A line at its time (microseconds since 1970). `salt` is a reply's own."""

    at: int
    number: int
    customer: Customer
    line: Line
    salt: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """The people, each with the secret of the session they write under (a hash that fits nothing), and every step."""

    people: tuple[tuple[Person, bytes], ...]
    steps: tuple[Step, ...]
    now: int


def make_plan(hours: Sequence[Hours], now: datetime) -> Plan:
    """`hours` of each desk; a company has more desks than a config may have teams, so the last one is several."""
    people = tuple((person, secrets.token_bytes(32)) for person in read_people())
    diaries = [Diary(each, now) for each in hours]
    happened = [
        (micros(at), customer, line)
        for customer in read_customers()
        for at, line in zip(
            diaries[min(customer.desk, len(hours) - 1)].times(customer.talk), customer.talk, strict=True
        )
    ]
    happened.sort(key=lambda step: step[0])
    steps = (Step(at, n, who, line, secrets.token_bytes(16)) for n, (at, who, line) in enumerate(happened))
    return Plan(people, tuple(steps), micros(now))
