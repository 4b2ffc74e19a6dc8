"""Nodes race for deliveries: each attempt is one node's, and what is said of it is heard once, whenever it comes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.actions import deliver
from gateway.actions.deliver import Ending, claim_due
from gateway.actions.report import Saying, reference, report
from gateway.channels.contract import DeliveryReport
from gateway.domain.message import MessageId, ThreadId
from gateway.store.deliveries import Delivery
from tests.company import FRONT, SECOND, Person
from tests.races.town import RACE, Town, refusals

LEASE = 60 * SECOND

pytestmark = list(RACE)


class Desk:
    """One agent, and threads to answer in."""

    def __init__(self, town: Town, person: Person, threads: list[ThreadId]) -> None:
        self.town, self.person, self.threads = town, person, threads

    async def answer(self, number: int = 0) -> MessageId:
        return MessageId(int((await self.town.company.reply(self.person.secret, self.threads[number]))["id"]))

    def claim(self) -> tuple[Any, ...]:
        return claim_due, "sms", 10, self.town.company.clock.tick(), LEASE

    async def sending(self, count: int) -> list[Delivery]:
        for number in range(count):
            await self.answer(number)
        action, *arguments = self.claim()
        claimed: list[Delivery] = await self.town.company.store.write(action, *arguments)
        return claimed

    def ending(self, delivery: Delivery, provider_id: str, **facts: Any) -> Ending:
        now = self.town.company.clock()
        return Ending(delivery.id, delivery.attempt, "accepted", now, provider_id=provider_id, **facts)

    async def state(self, delivery: Delivery) -> tuple[str, str | None]:
        query = "SELECT state, provider_id FROM delivery WHERE id = ?1"
        ((state, provider_id),) = await self.town.company.rows(query, delivery.id)
        return state, provider_id


@pytest.fixture
async def desk(town: Town) -> Desk:
    texts = [await town.company.text(sender=f"+1303555{number:04}") for number in range(6)]
    return Desk(town, await town.company.hire("ana", FRONT), [text.thread for text in texts])


async def test_one_outbox_row(town: Town, desk: Desk) -> None:
    """A message is claimed by one node, for one attempt."""
    for _ in town.rounds():
        await desk.answer()
        claims = await town.race(*[desk.claim()] * 3)
        assert 0 == refusals(claims, BaseException)
        ((claimed,),) = [claim for claim in claims if claim]
        assert 1 == claimed.attempt
        await town.company.store.write_each(deliver.finish, desk.ending(claimed, f"P{claimed.id}"))


async def test_a_report_that_comes_with_the_answer(town: Town, desk: Desk) -> None:
    """A provider's report is heard, though it comes without a reference in the moment in which its id becomes known."""
    for number in town.rounds():
        (sent,) = await desk.sending(1)
        ending = desk.ending(sent, f"P{number}")
        saying = Saying("sms", DeliveryReport("delivered", f"P{number}"), town.company.clock())
        results = await town.race((deliver.finish, [ending]), (report, [saying]))
        assert 0 == refusals(results, BaseException)
        assert ("delivered", f"P{number}") == await desk.state(sent)


async def test_twins_of_unknown_fate(town: Town, desk: Desk) -> None:
    """Of two messages of unknown fate one is what the provider's list shows, and the other stays unknown."""
    for number in town.rounds():
        lost = await desk.sending(2)
        for delivery in lost:
            ending = Ending(delivery.id, delivery.attempt, "lost", town.company.clock())
            await town.company.store.write_each(deliver.finish, ending)
        now = town.company.clock()
        results = await town.race(*((deliver.resolve, one, (f"P{number}",), now) for one in lost))
        assert 0 == refusals(results, BaseException)
        assert [("sent", f"P{number}"), ("unknown", None)] == sorted([await desk.state(one) for one in lost])


async def test_a_channel_that_only_one_node_knows(town: Town, desk: Desk) -> None:
    """What waits for a channel is sent by the node that has it, or given back by the one that has not; never both."""
    for number in town.rounds():
        await desk.answer()
        claimed, stranded = await town.race(desk.claim(), (deliver.strand, ("chat",), town.company.clock()))
        assert 0 == refusals([claimed, stranded], BaseException)
        assert 1 == len(claimed) + stranded
        for delivery in claimed:
            assert ("sending", None) == await desk.state(delivery)
            await town.company.store.write_each(deliver.finish, desk.ending(delivery, f"P{number}"))


async def test_lists_in_opposite_order(town: Town, desk: Desk) -> None:
    """Lists of the same things in opposite orders, on both nodes, are all done, and no deadlock had to be broken."""
    for number in town.rounds(4):
        sent = await desk.sending(6)
        refusal = {"verdict": "configuration", "code": "2"}
        endings = [desk.ending(one, f"P{number}.{one.id}") for one in sent]
        sayings = [
            Saying("sms", DeliveryReport("failed", f"P{number}.{one.id}", reference(one.id, 1), **verdict), 1)  # type: ignore[arg-type]
            for one, verdict in zip(sent, [refusal, {"verdict": "opted_out"}, refusal | {"code": "1"}] * 2, strict=True)
        ]
        finishes = [(deliver.finish, one) for one in (endings, endings[::-1])]
        reports = [(report, one) for one in (sayings, sayings[::-1])]
        results = await town.race(*finishes, *reports)
        assert 0 == refusals(results, BaseException)
        await town.company.sql("UPDATE line SET opted_out_at = NULL")
    assert 0 == town.retries()
