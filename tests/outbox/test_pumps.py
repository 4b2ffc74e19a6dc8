"""The pumps: bounded, apart from each other, and ended without losing what they hold."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.actions import deliver
from gateway.channels.contract import Outbound, SendResult
from gateway.outbox.worker import Outbox
from tests.company import FRONT, SECOND, Company
from tests.outbox.office import LINKS, NAMES, Office
from tests.outbox.provider import PATIENCE, Provider, configure, refuse, until


async def test_no_more_are_under_way_than_the_channel_takes(office: Office) -> None:
    """Sends of one channel are bounded by its adapter's concurrency, and use it."""
    provider, gate = Provider(concurrency=3), asyncio.Event()

    async def wait(outbound: Outbound) -> SendResult:
        await gate.wait()
        return await provider.accept(outbound)

    provider.on_send = wait
    for number in range(10):
        await office.answer(f"{number}", number)
    await office.open(sms=provider)
    await until(lambda: provider.under_way == 3)
    gate.set()
    await office.until(**{f"{number}": "sent" for number in range(10)})
    assert 3 == provider.most_under_way


async def test_a_restart_releases_its_own_leases_at_once(office: Office) -> None:
    """What was being sent when the process ended is unknown as soon as it is back, and is not sent again."""
    await office.answer("one")
    now = office.company.clock()
    await office.store.write(deliver.claim_due, "sms", 1, now, 60 * SECOND)
    provider = Provider()
    await office.open(sms=provider)
    assert "unknown" == (await office.states())["one"]
    await office.answer("two")
    await office.until(two="sent")
    assert ["two"] == provider.bodies


async def test_a_lease_that_ran_out_is_given_up(office: Office) -> None:
    """A send that another node never finished becomes unknown when its lease is over."""
    await office.open(sms=Provider())
    await office.answer("one")
    await office.until(one="sent")
    await office.company.sql("UPDATE delivery SET state = 'sending', lease_until = db_now() + 100000")
    await office.until(one="unknown")


async def test_a_provider_that_hangs_holds_up_nobody_else(office: Office) -> None:
    """A channel whose provider does not answer leaves the others alone, also when it is taken away meanwhile."""
    stuck, quick, gate = Provider(concurrency=1), Provider(), asyncio.Event()

    async def hang(outbound: Outbound) -> SendResult:
        await gate.wait()
        return await stuck.accept(outbound)

    stuck.on_send = hang
    await office.open(sms=stuck, chat=quick)
    await office.answer("one", 0)
    await until(lambda: stuck.under_way == 1)
    await office.answer("two", 1, channel="chat", kind="whatsapp")
    await office.until(two="sent")
    late = Provider()
    await configure(office.channels, {"chat": quick, "late": late})
    await office.answer("four", 3)
    await office.until(one="sending", four="failed")
    assert not stuck.closed
    gate.set()
    await office.until(one="sent")
    await until(lambda: stuck.closed)


async def test_a_removed_channel_gives_its_messages_back(office: Office) -> None:
    """What waits for a channel that is taken away fails with words for the agent."""
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "503", timedelta(minutes=5))

    provider.on_send = busy
    await office.open(sms=provider)
    await office.answer("one")
    await office.due("one", 1)
    await configure(office.channels, {})
    await office.until(one="failed")
    assert "The channel sms is not configured any more." == (await office.delivery("one"))["detail"]


async def test_a_channel_that_comes_back_sends_again(office: Office) -> None:
    """A channel that was away for a moment, noticed by its pump or not, sends what is written from then on."""
    for number in range(5):
        provider = Provider()
        if number == 0:
            await office.open(sms=provider)
        else:
            await configure(office.channels, {})
            office.company.doorbell.ring()
            for _ in range(number):
                await asyncio.sleep(0.015)
            await configure(office.channels, {"sms": provider})
        await office.answer(f"{number}", number)
        await office.until(**{f"{number}": "sent"})
        assert [f"{number}"] == provider.bodies


async def test_closing_waits_for_what_is_under_way(office: Office) -> None:
    """Closing claims nothing more, and returns when what was handed over has its answer in the database."""
    provider, gate = Provider(concurrency=2), asyncio.Event()

    async def wait(outbound: Outbound) -> SendResult:
        await gate.wait()
        return await provider.accept(outbound)

    provider.on_send = wait
    await office.open(sms=provider)
    for number in range(3):
        await office.answer(f"{number}", number)
    await until(lambda: provider.under_way == 2)
    closing = asyncio.create_task(office.outbox.close())
    gate.set()
    await asyncio.wait_for(closing, PATIENCE)
    states = await office.states()
    assert [f"{number}" for number in range(len(provider.handed))] == [
        body for body, state in states.items() if state == "sent"
    ]
    assert "sending" not in states.values()


@pytest.mark.parametrize("pause", [0, 1, 2, 3, 5, 8])
async def test_closing_strands_no_claim(company: Company, pause: int) -> None:
    """Whenever it is closed, nothing is left claimed and not sent."""
    office = Office(company, (await company.hire("ana", FRONT)).secret)
    for number in range(20):
        await office.answer(f"{number}", number)
    provider = Provider(concurrency=20)
    await office.open(sms=provider)
    for _ in range(pause):
        await asyncio.sleep(0.001)
    await office.close()
    states = await office.states()
    assert {"sent", "queued"} >= set(states.values())
    assert len(provider.handed) == list(states.values()).count("sent")


async def test_a_held_message_costs_nothing(office: Office) -> None:
    """While a thread's message waits for its next attempt, the one behind it does not keep the outbox busy."""
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "503", timedelta(minutes=5))

    provider.on_send = busy
    await office.answer("one")
    await office.answer("two")
    await office.open(sms=provider)
    await office.due("one", 1)
    (pump,) = office.outbox._pumps.values()
    assert 0 < await pump._turn() <= 0.05


async def test_two_nodes_send_each_message_once(office: Office) -> None:
    """Two outboxes over one database share the work, and nothing is sent twice."""
    provider = Provider(concurrency=4)
    other = Outbox(
        office.store, office.channels, office.company.doorbell, office.company.clock, LINKS, NAMES.__getitem__
    )
    await office.open(sms=provider)
    await other.start(only_node=False)
    try:
        expected = {f"{number}" for number in range(40)}
        for body in expected:
            await office.answer(body, int(body))
        await office.until(**dict.fromkeys(expected, "sent"))
        assert sorted(expected) == sorted(provider.bodies)
    finally:
        await other.close()
