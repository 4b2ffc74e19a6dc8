"""Fills a gateway's database before it is served: people with open sessions, and customers who have written.

By the real actions on the real store, which is closed again before the gateway starts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.database import Database
from bench.forms import OURS
from gateway.actions.people import add_agent
from gateway.actions.receive import Arrival, receive
from gateway.channels.contract import Inbound
from gateway.domain.address import Address
from gateway.domain.author import Role
from gateway.domain.message import TeamId
from gateway.store.agents import NewAgent
from gateway.store.credentials import add_credential, secret_hash
from gateway.store.doorbell import Doorbell
from gateway.store.open import open_store
from gateway.store.store import Lane, Store, Tx

AT_ONCE: Final = 200
"""People hired in one transaction, customers who write at the same time."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an open session."""

    login: str
    teams: tuple[str, ...]
    role: Role = "agent"
    password_hash: str | None = None

    @property
    def session(self) -> str:
        """The secret itself, as the browser has it."""
        return f"session of {self.login}".replace(" ", "-")


async def fill(database: Database, work: Callable[[Store], Awaitable[None]]) -> None:
    store = await open_store(database.place, Doorbell())
    try:
        await work(store)
    finally:
        await store.close()


async def hire(store: Store, people: Sequence[Person]) -> None:
    for start in range(0, len(people), AT_ONCE):
        await store.write(_hire, tuple(people[start : start + AT_ONCE]), now())


async def _hire(tx: Tx, people: Sequence[Person], at: int) -> None:
    for person in people:
        teams = tuple(TeamId(team) for team in person.teams)
        new = NewAgent(
            person.login, person.login.title(), person.login.title(), person.role, person.password_hash, teams
        )
        agent = await add_agent(tx, new, at)
        await add_credential(tx, agent, "session", secret_hash(person.session), at)


async def write_first(store: Store, channel: str, kind: str, team: str, customers: int) -> list[int]:
    """So many customers write once; their threads."""
    threads: list[int] = []
    for start in range(0, customers, AT_ONCE):
        arrivals = [_arrival(channel, kind, team, n) for n in range(start, min(start + AT_ONCE, customers))]
        receipts = await asyncio.gather(*(store.write_each(receive, arrival, Lane.INGEST) for arrival in arrivals))
        threads += [receipt.thread for receipt in receipts]
    return threads


def _arrival(channel: str, kind: str, team: str, number: int) -> Arrival:
    sender = Address(kind, f"+1720556{number:04d}")
    return Arrival(channel, Inbound(f"first-{number}", sender, OURS, "Hello?"), TeamId(team), False, now())


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1_000
