"""The outbox: what a person wrote reaches the provider once, in order, and its fate is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.actions import deliver
from gateway.actions.report import Saying, report
from gateway.channels.contract import DeliveryReport, Outbound, SendError, SendResult, Verdict
from gateway.outbox import attempt
from gateway.outbox.worker import Outbox
from tests.company import FRONT, SECOND, Company
from tests.outbox.office import Office
from tests.outbox.provider import PATIENCE, Provider, configure, make_loopback, until


def refuse(verdict: Verdict, code: str = "400", retry_after: timedelta | None = None) -> SendError:
    return SendError(verdict, f"The provider said {code}.", code=code, retry_after=retry_after)


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
        due_at = await _due(office, tried)
        waits.append((due_at - office.company.clock()) / SECOND)
        office.company.clock.at = due_at - 1
        office.company.doorbell.ring()
        assert tried == len(provider.handed)
        office.company.clock.tick(0.000_001)
    assert [1, 2, 4, 8] == waits


async def _due(office: Office, attempt_number: int) -> int:
    async def so() -> bool:
        now = await office.delivery("one")
        return (now["state"], now["attempt"]) == ("queued", attempt_number)

    await until(so)
    return int((await office.delivery("one"))["due_at"])


async def test_the_provider_s_wish_to_wait_is_kept(office: Office) -> None:
    """A provider that says Retry-After is left in peace for so long."""
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "429", timedelta(seconds=90))

    provider.on_send = busy
    await office.open(sms=provider)
    await office.answer("one")
    assert await _due(office, 1) >= office.company.clock() + 90 * SECOND


async def test_a_message_is_not_tried_for_ever(office: Office) -> None:
    """After the last attempt a message that is always refused for now has failed, in words."""
    provider = Provider()

    async def busy(outbound: Outbound) -> SendResult:
        raise refuse("transient", "503")

    provider.on_send = busy
    await office.answer("one")
    await office.company.sql("UPDATE delivery SET attempt = 11")
    await office.open(sms=provider)
    await office.until(one="failed")
    assert "Tried for an hour without success." == (await office.delivery("one"))["detail"]


@pytest.mark.parametrize(
    "error", [refuse("ambiguous"), RuntimeError("a bug"), TimeoutError(), asyncio.CancelledError()]
)
async def test_what_may_have_been_sent_is_looked_up_and_not_sent_again(office: Office, error: BaseException) -> None:
    """Whatever an adapter raises that is not a sure no, the message is unknown, looked up, and settled if it is there."""
    provider = Provider(lookup=True)

    async def lose(outbound: Outbound) -> SendResult:
        raise error

    async def find(outbound: Outbound) -> tuple[SendResult, ...]:
        return (SendResult("P9"),)

    provider.on_send, provider.on_look_up = lose, find
    await office.open(sms=provider)
    await office.answer("one")
    await office.until(one="sent")
    assert ("P9", 1, ["one"]) == ((await office.delivery("one"))["provider_id"], len(provider.asked), provider.bodies)
    assert office.company.clock() >= (provider.asked[0].first_tried.timestamp() - 1) * SECOND


async def test_what_is_not_found_stays_unknown(office: Office) -> None:
    """A message that no look-up shows is never sent again by itself: after the fifth it is a person's turn."""
    provider = Provider(lookup=True)

    async def lose(outbound: Outbound) -> SendResult:
        raise refuse("ambiguous")

    provider.on_send = lose
    await office.open(sms=provider)
    await office.answer("one")

    async def given_up() -> bool:
        office.company.clock.tick(60)
        now = await office.delivery("one")
        return (now["lookups"], now["due_at"]) == (5, None)

    await until(given_up)
    assert (["one"], 5, "unknown") == (provider.bodies, len(provider.asked), (await office.states())["one"])


async def test_a_look_up_that_breaks_does_not_stop_the_channel(office: Office) -> None:
    """Whatever a look-up raises, the channel goes on sending, and the look-up comes again."""
    provider = Provider(lookup=True)

    async def lose(outbound: Outbound) -> SendResult:
        if outbound.body == "one":
            raise refuse("ambiguous")
        return await provider.accept(outbound)

    async def broken(outbound: Outbound) -> tuple[SendResult, ...]:
        raise KeyError("a bug") if len(provider.asked) == 1 else refuse("transient")

    provider.on_send, provider.on_look_up = lose, broken
    await office.open(sms=provider)
    await office.answer("one")
    await until(lambda: len(provider.asked) == 1)
    await office.answer("two")
    await office.until(one="unknown", two="sent")
    office.company.clock.tick(60)
    await until(lambda: len(provider.asked) >= 2)


async def test_a_look_up_that_hangs_holds_up_no_message(office: Office) -> None:
    """While the provider's list is slow to come, the channel's other messages go."""
    provider, gate = Provider(lookup=True), asyncio.Event()

    async def lose(outbound: Outbound) -> SendResult:
        if outbound.body == "one":
            raise refuse("ambiguous")
        return await provider.accept(outbound)

    async def hang(outbound: Outbound) -> tuple[SendResult, ...]:
        await gate.wait()
        return (SendResult("P9"),)

    provider.on_send, provider.on_look_up = lose, hang
    await office.open(sms=provider)
    await office.answer("one")
    await until(lambda: provider.asked != [])
    await office.answer("two")
    await office.until(two="sent")
    assert 1 == len(provider.asked)
    gate.set()
    await office.until(one="sent")


async def test_a_restart_releases_its_own_leases_at_once(office: Office) -> None:
    """What was being sent when the process ended is unknown as soon as it is back, and is not sent again."""
    await office.answer("one")
    now = office.company.clock()
    await office.store.write(deliver.claim_due, "sms", 1, now, now + 60 * SECOND)
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
    await office.company.sql("UPDATE delivery SET state = 'sending', lease_until = ?1", office.company.clock() + SECOND)
    office.company.clock.tick(2)
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
    await _due(office, 1)
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
    await _due(office, 1)
    (pump,) = office.outbox._pumps.values()
    assert 0 < await pump._turn() <= 0.05


async def test_two_nodes_send_each_message_once(office: Office) -> None:
    """Two outboxes over one database share the work, and nothing is sent twice."""
    provider = Provider(concurrency=4)
    other = Outbox(office.store, office.channels, office.company.doorbell, office.company.clock)
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
