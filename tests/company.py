"""A small company for tests: a migrated store with teams, people and their sessions, customers' texts and replies.

Every verb here is the real action on the real engine. Time is the company's own clock: it stands still between verbs,
and each of them is one second after the one before.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.actions import claim, note
from gateway.actions.people import add_agent, add_token
from gateway.actions.receive import Arrival, Receipt, receive
from gateway.actions.reply import Reply, reply
from gateway.channels.contract import Capabilities, Inbound
from gateway.domain.address import Address
from gateway.domain.author import AgentId, Role
from gateway.domain.message import Media, MessageId, TeamId, ThreadId
from gateway.domain.wire import Json
from gateway.store.agents import NewAgent, add_teams
from gateway.store.credentials import add_credential, secret_hash
from gateway.store.doorbell import Doorbell
from gateway.store.store import Lane, Store, Tx, Value
from tests.engines import ENGINES, open_engine

START: Final = 1_795_338_000_000_000
"""2026-11-22T09:00:00Z in microseconds."""
SECOND: Final = 1_000_000
FRONT, LAKES = TeamId("front-range"), TeamId("great-lakes")
CHANNELS: Final[Mapping[str, Capabilities]] = {"sms": Capabilities(1_600), "chat": Capabilities(4_000)}
"""The live channels, and what each takes."""


class Clock:
    """Microseconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at

    def tick(self, seconds: float = 1) -> int:
        self.at += int(seconds * SECOND)
        return self.at


@dataclass(frozen=True)
class Person:
    """An agent with an open session; `secret` is its hash, as every action takes it."""

    id: AgentId
    login: str
    secret: bytes


class Company:
    """Two teams, `front-range` and `great-lakes`, and whoever a test hires."""

    def __init__(self, store: Store, doorbell: Doorbell, folder: Path) -> None:
        self.store, self.doorbell, self.folder = store, doorbell, folder
        self.clock = Clock()
        self._numbers = itertools.count(1)

    async def hire(self, login: str, *teams: TeamId, role: Role = "agent") -> Person:
        person = NewAgent(login, login.title() + " Ortiz", login.title(), role, "argon2id", teams)
        agent = await self.store.write(add_agent, person, self.clock())
        secret = secret_hash(f"session of {login}")

        async def sign_in(tx: Tx) -> None:
            await add_credential(tx, agent, "session", secret, self.clock())

        await self.store.write(sign_in)
        return Person(agent, login, secret)

    async def token(self, person: Person, *, may_reply: bool) -> bytes:
        secret = secret_hash(f"token {next(self._numbers)}")
        await self.store.write(add_token, person.login, "a test", may_reply, secret, self.clock())
        return secret

    def arrival(
        self,
        body: str = "No signal since the storm",
        sender: str = "+13035550142",
        *,
        kind: str = "sms",
        channel: str = "sms",
        endpoint: str = "+13035550100",
        team: TeamId = FRONT,
        own_team: bool = False,
        id: str | None = None,  # noqa: A002
        media: tuple[Media, ...] = (),
        name: str | None = None,
        **meaning: Any,
    ) -> Arrival:
        provider_id = f"SM{next(self._numbers)}" if id is None else id
        inbound = Inbound(provider_id, Address(kind, sender), endpoint, body, media, sender_name=name, **meaning)
        return Arrival(channel, inbound, team, own_team, self.clock.tick())

    async def text(self, *args: Any, **facts: Any) -> Receipt:
        """A customer's text comes in; facts as for `arrival`."""
        return await self.take(self.arrival(*args, **facts))

    async def take(self, arrival: Arrival) -> Receipt:
        return await self.store.write_each(receive, arrival, Lane.INGEST)

    async def reply(
        self,
        secret: bytes,
        thread: ThreadId,
        body: str = "We are on it",
        *,
        channel: str | None = None,
        channels: Mapping[str, Capabilities] = CHANNELS,
        key: str | None = None,
        fingerprint: bytes = b"the same request",
        **more: Any,
    ) -> Json:
        salt = next(self._numbers).to_bytes(16, "big")
        order = Reply(secret, thread, body, channel, channels, key, fingerprint, salt, self.clock.tick(), **more)
        return await self.store.write(reply, order)

    async def note(self, secret: bytes, thread: ThreadId, body: str = "Third time this week", **key: Any) -> Json:
        facts = {"key": None, "fingerprint": b"the same request"} | key
        return await self.store.write(note.note, secret, thread, body, now=self.clock.tick(), **facts)

    async def claim(self, secret: bytes, thread: ThreadId) -> Json:
        return await self.store.write(claim.claim, secret, thread, self.clock.tick())

    async def release(self, secret: bytes, thread: ThreadId) -> Json:
        return await self.store.write(claim.release, secret, thread, self.clock.tick())

    async def done(self, secret: bytes, thread: ThreadId, seen: MessageId | None = None) -> Json:
        return await self.store.write(claim.done, secret, thread, seen, self.clock.tick())

    async def move(self, thread: ThreadId, team: TeamId) -> None:
        """By hand: no verb moves a thread yet."""
        await self.sql(
            "UPDATE reach SET holder = ?2 WHERE thread_id = ?1 AND holder LIKE 'team:%'", thread, f"team:{team}"
        )
        await self.sql("UPDATE thread SET team_id = ?2 WHERE id = ?1", thread, team)

    async def invite(self, person: Person, thread: ThreadId) -> None:
        """By hand: no verb brings a colleague in yet."""
        await self.sql(
            """INSERT INTO reach (thread_id, holder, waiting_since, last_at)
               SELECT thread_id, ?2, waiting_since, last_at FROM reach WHERE thread_id = ?1 LIMIT 1""",
            thread,
            f"agent:{person.id}",
        )

    async def sql(self, statement: str, *values: Value) -> int:
        async def run(tx: Tx) -> int:
            return await tx.run(statement, *values)

        return await self.store.write(run)

    async def rows(self, query: str, *values: Value) -> list[tuple[Any, ...]]:
        async def run(tx: Tx) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await tx.all(query, *values)]

        return await self.store.read(run)


@asynccontextmanager
async def found(engine: str, folder: Path) -> AsyncIterator[Company]:
    """A company whose two teams are there, and nobody else yet."""
    doorbell = Doorbell()
    store = await open_engine(engine, folder, doorbell)
    try:
        await store.write(add_teams, (FRONT, LAKES))
        yield Company(store, doorbell, folder)
    finally:
        await store.close()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def company(engine: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with found(engine, tmp_path) as made:
        yield made
