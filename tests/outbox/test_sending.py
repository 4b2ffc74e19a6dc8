"""Sending: what a person wrote reaches the provider once and in order, and what it answers is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.actions.report import Saying, report
from gateway.channels.contract import DeliveryReport, Outbound, SendResult, Verdict
from gateway.domain.retry import MOST_ATTEMPTS
from gateway.outbox import attempt
from tests.company import SECOND
from tests.outbox.office import Office
from tests.outbox.provider import Provider, make_loopback, refuse, until


async def test_an_answer_reaches_the_provider(office: Office) -> None:
    """A reply is handed over once, from our address to theirs, as it was written, and is then `sent`."""
    provider = Provider()
    await office.open(sms=provider)
    await office.answer("Hello")
    await office.until(Hello="sent")
    (outbound,) = provider.handed
    assert ("Hello", "+13035550000", "+13035550100") == (outbound.body, outbound.to.value, outbound.endpoint)
    assert ("P1.1", 1) == ((await office.delivery("Hello"))["provider_id"], (await office.delivery("Hello"))["attempt"])


async def test_the_phone_on_the_screen_shows_an_answer(office: Office) -> None:
    """Through the real loopback adapter an answer arrives on the phone, and its report makes it `delivered`."""
    phone = make_loopback("phone")
    await office.open(phone=phone)
    await office.answer("Hello", channel="phone", kind="phone")
    await office.until(Hello="sent")
    provider_id = (await office.delivery("Hello"))["provider_id"]
    said = Saying("phone", DeliveryReport("delivered", provider_id), office.company.clock())
    await office.store.write_each(report, said)
    assert "delivered" == (await office.delivery("Hello"))["state"]


async def test_answers_of_a_thread_keep_their_order(office: Office) -> None:
    """However many sends may be under way, a thread's messages go one after the other as they were written."""
    provider = Provider(concurrency=8)
    await office.open(sms=provider)
    expected = [f"{n}" for n in range(12)]
    for body in expected:
        await office.answer(body)
    await until(lambda: len(provider.handed) == 12)
    assert expected == provider.bodies


async def test_a_message_that_is_tried_again_holds_the_next(office: Office) -> None:
    """While a message waits for its next attempt the later one of its thread waits too, and goes after it."""
    provider = Provider()
    refusals = [refuse("transient", "503"), refuse("transient", "503")]

    async def busy(outbound: Outbound) -> SendResult:
        if refusals:
            raise refusals.pop()
        return await provider.accept(outbound)

    provider.on_send = busy
    await office.answer("one")
    await office.answer("two")
    await office.open(sms=provider)
    await until(lambda: len(provider.handed) == 1)
    await office.answer("other", 1)
    await office.until(other="queued")
    assert "queued" == (await office.states())["two"]
    while refusals or (await office.states())["two"] != "sent":
        office.company.clock.tick(10)
        await asyncio.sleep(0.01)
    order = [body for body in provider.bodies if body != "other"]
    assert ["one", "one", "one", "two"] == order[-4:]


@pytest.mark.parametrize(
    ("verdict", "state"), [("permanent", "failed"), ("configuration", "failed"), ("ambiguous", "unknown")]
)
async def test_a_message_whose_fate_is_settled_lets_the_next_go(office: Office, verdict: Verdict, state: str) -> None:
    """Refused for good or lost, a message says why, and the next of its thread goes."""
    provider = Provider()

    async def first_is_refused(outbound: Outbound) -> SendResult:
        if outbound.body == "one":
            raise refuse(verdict, "21610")
        return await provider.accept(outbound)

    provider.on_send = first_is_refused
    await office.open(sms=provider)
    await office.answer("one")
    await office.answer("two")
    await office.until(one=state, two="sent")
    said = await office.delivery("one")
    assert ("21610", "The provider said 21610.", 1) == (said["code"], said["detail"], said["attempt"])
    assert ["one", "two"] == provider.bodies


async def test_back_off_goes_by_the_clock(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transient refusal is tried again after a jittered wait, and not before."""
    monkeypatch.setattr(attempt.random, "random", lambda: 0.5)
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "503")

    provider.on_send = busy
    await office.open(sms=provider)
    await office.answer("one")
    waits = []
    for tried in range(1, 5):
        await until(lambda tried=tried: len(provider.handed) == tried)
        await office.until(one="queued")
        await until(lambda: provider.under_way == 0)
        due_at = await office.due("one", tried)
        waits.append((due_at - office.company.clock()) / SECOND)
        office.company.clock.at = due_at - 1
        office.company.doorbell.ring()
        assert tried == len(provider.handed)
        office.company.clock.tick(0.000_001)
    assert [1, 2, 4, 8] == waits


async def test_the_provider_s_wish_to_wait_is_kept(office: Office) -> None:
    """A provider that says Retry-After is left in peace for so long."""
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "429", timedelta(seconds=90))

    provider.on_send = busy
    await office.open(sms=provider)
    await office.answer("one")
    assert await office.due("one", 1) >= office.company.clock() + 90 * SECOND


async def test_a_message_is_not_tried_for_ever(office: Office) -> None:
    """After the last attempt a message that is always refused for now has failed, in words."""
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "503")

    provider.on_send = busy
    await office.answer("one")
    await office.company.sql("UPDATE delivery SET tries = ?1", MOST_ATTEMPTS - 1)
    await office.open(sms=provider)
    await office.until(one="failed")
    assert f"Tried {MOST_ATTEMPTS} times without success." == (await office.delivery("one"))["detail"]
