"""The people of a company, with phones that are pushed to while their consoles are closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.actions import devices
from gateway.domain.message import MessageId, ThreadId
from gateway.outbox.agents import AgentPushes
from gateway.store import agent_pushes
from tests.company import FRONT, Person
from tests.outbox.office import NAMES
from tests.outbox.phones import Phones, android
from tests.outbox.provider import configure, until

COLUMNS = "agent_id, message_id, attempt, tries, due_at"


class Desk:
    """Ana's company, whose people have phones, with the pushes of one node."""

    def __init__(self, phones: Phones) -> None:
        self.phones, self.company, self.store = phones, phones.company, phones.office.store
        self.pushes = self.node()

    def node(self) -> AgentPushes:
        office = self.phones.office
        return AgentPushes(self.store, office.channels, self.company.doorbell, self.company.clock, NAMES.__getitem__)

    async def open(self) -> None:
        await configure(self.phones.office.channels, {"app": self.phones.app()})
        await self.pushes.start(only_node=True)

    async def colleague(self, login: str, number: int, *, team: Any = FRONT, **facts: Any) -> Person:
        """With a phone."""
        person = await self.company.hire(login, team, **facts)
        await self.phone(person.secret, number)
        return person

    async def phone(self, secret: bytes, number: int) -> None:
        device, now = android(number), self.company.clock()
        await self.store.write(devices.register_agents, secret, "app", device, now)

    async def writes(self, body: str = "No signal", number: int = 0) -> tuple[ThreadId, MessageId]:
        text = await self.company.text(body, sender=f"+1303555{number:04}")
        assert text.message is not None
        return text.thread, text.message

    async def queued(self) -> list[tuple[Any, ...]]:
        return await self.company.rows(f"SELECT {COLUMNS} FROM agent_push ORDER BY id")

    async def until_queued(self, count: int) -> list[tuple[Any, ...]]:
        """Once the logs have been looked through."""

        async def so() -> bool:
            self.company.doorbell.ring()
            behind = (await self.store.read(agent_pushes.agenda, self.company.clock())).is_behind
            return not behind and len(await self.queued()) == count

        await until(so)
        return await self.queued()

    async def told(self, count: int) -> list[Mapping[str, Any]]:
        """What was pushed, once it is so many and nothing more is queued."""
        await self.phones.pushes(count)
        await self.until_queued(0)
        return list(self.phones.google.taken)


def numbers(pushes: list[Mapping[str, Any]]) -> list[str]:
    return sorted(push["token"] for push in pushes)
