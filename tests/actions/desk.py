"""One agent who answers, and an outbox worked by hand."""

from __future__ import annotations

from typing import Any

from gateway.actions import deliver
from gateway.actions.deliver import Ending, claim_due
from gateway.actions.report import Saying, report
from gateway.channels.contract import DeliveryReport
from gateway.domain.delivery import DeliveryId, Move, Reported
from gateway.domain.message import MessageId
from gateway.store.deliveries import Delivery
from tests.company import SECOND, Company

MINUTE = 60 * SECOND


class Desk:
    """Each verb is one step of a delivery, a second after the one before."""

    def __init__(self, company: Company, secret: bytes) -> None:
        self.company, self.secret, self.store = company, secret, company.store

    async def answer(self, number: int = 0, **how: Any) -> MessageId:
        thread = (await self.company.text(sender=f"+1303555{number:04}")).thread
        return MessageId(int((await self.company.reply(self.secret, thread, **how))["id"]))

    async def claim(self, room: int = 10) -> list[Delivery]:
        now = self.company.clock.tick()
        return await self.store.write(claim_due, "sms", room, now, MINUTE)

    async def finish(self, delivery: Delivery, step: Move, **facts: Any) -> bool:
        ending = Ending(delivery.id, delivery.attempt, step, self.company.clock.tick(), **facts)
        return await self.store.write_each(deliver.finish, ending)

    async def hear(
        self, state: Reported, provider_id: str = "P1", channel: str = "sms", **facts: Any
    ) -> DeliveryId | None:
        saying = Saying(channel, DeliveryReport(state, provider_id, **facts), self.company.clock.tick())
        return await self.store.write_each(report, saying)

    async def now(self) -> dict[str, Any]:
        names = ("state", "provider_id", "code", "detail", "due_at", "lease_until", "attempt", "lookups", "updated_at")
        (row,) = await self.company.rows(f"SELECT {', '.join(names)} FROM delivery")
        return dict(zip(names, row, strict=True))

    async def changes(self) -> int:
        ((count,),) = await self.company.rows("SELECT count(*) FROM event WHERE kind = 'delivery.changed'")
        return int(count)
