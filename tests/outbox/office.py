"""One agent who answers, and an outbox that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.channels.contract import Adapter, Capabilities
from gateway.channels.registry import Channels
from gateway.domain.message import TeamId
from gateway.files.links import Links
from gateway.outbox.worker import Outbox
from gateway.store.store import Store
from tests.company import FRONT, LAKES, START, Company
from tests.outbox.provider import configure, until

ROOMY: Mapping[str, Capabilities] = {
    "sms": Capabilities(),
    "chat": Capabilities(),
    "phone": Capabilities(),
    "app": Capabilities(),
    "web": Capabilities(),
}
LINKS = Links(b"s" * 32, lambda: START, lambda: "https://care.example.com")
NAMES: Mapping[TeamId, str] = {FRONT: "Front Range", LAKES: "Great Lakes"}


class Office:
    """The outbox over the company's store; a test makes channels live with `open`."""

    def __init__(self, company: Company, secret: bytes, store: Store | None = None) -> None:
        """`store`: another way to the company's database, for the outbox alone."""
        self.company, self.secret, self.store = company, secret, company.store
        self.channels = Channels()
        self.outbox = Outbox(
            store or company.store, self.channels, company.doorbell, company.clock, LINKS, NAMES.__getitem__
        )

    async def open(self, **adapters: Adapter) -> None:
        """Make these the live channels, and start."""
        await configure(self.channels, adapters)
        await self.outbox.start(only_node=True)

    async def close(self) -> None:
        await self.outbox.close()
        await self.channels.close()

    async def answer(self, body: str, number: int = 0, *, channel: str = "sms", kind: str = "sms") -> int:
        """A customer's text and an agent's answer to it; the id of the answer."""
        text = await self.company.text(sender=f"+1303555{number:04}", channel=channel, kind=kind)
        said = await self.company.reply(self.secret, text.thread, body, channel=channel, channels=ROOMY)
        return int(said["id"])

    async def states(self) -> dict[str, str]:
        """State by body."""
        query = "SELECT message.body, state FROM delivery JOIN message ON message.id = delivery.message_id"
        return {body: state for body, state in await self.company.rows(query)}  # noqa: C416  rows are tuples of any length

    async def delivery(self, body: str) -> dict[str, Any]:
        names = ("state", "attempt", "code", "detail", "due_at", "lookups", "provider_id")
        query = f"SELECT {', '.join('delivery.' + name for name in names)} FROM delivery"
        (row,) = await self.company.rows(f"{query} JOIN message ON message.id = message_id WHERE body = ?1", body)
        return dict(zip(names, row, strict=True))

    async def until(self, **states: str) -> None:
        """Wait until the messages with these bodies are in these states."""

        async def so() -> bool:
            return (await self.states()).items() >= states.items()

        await until(so)

    async def due(self, body: str, attempt: int) -> int:
        """When this message is tried again, once so many attempts were in vain."""

        async def so() -> bool:
            now = await self.delivery(body)
            return (now["state"], now["attempt"]) == ("queued", attempt)

        await until(so)
        return int((await self.delivery(body))["due_at"])
