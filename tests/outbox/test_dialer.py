"""The dialer: what a person asked for is rung once, and what nobody knows is looked up and never rung again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.actions import dial
from gateway.channels.contract import Adapter
from gateway.channels.voice import CallReport, CallVerdict, Ring
from gateway.errors import Unavailable
from gateway.outbox import dialer, ringing
from gateway.store.store import Tx
from tests.company import FRONT, Company
from tests.outbox.provider import Provider, configure, until
from tests.outbox.telephone import ANAS, Exchange, refuse


@pytest.fixture
async def exchange(company: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Exchange]:
    monkeypatch.setattr(dialer, "POLL", 0.05)
    made = Exchange(company, await company.hire("ana", FRONT))
    await made.phone(made.ana)
    yield made
    await made.close()


async def test_a_call_is_rung_once(exchange: Exchange) -> None:
    """The agent's phone and the customer's go to the channel with whom it is for, once, and the leg's id is kept."""
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    (rung,) = exchange.voice.rung
    assert (ANAS, "+13035550142", "ref1.1") == (rung.agent_number, rung.customer_number, rung.reference)
    assert "CA-ref1.1" == (await exchange.get(booking)).agent_call_id
    assert (2, {"taken": 1}) == (await exchange.changes(), exchange.dialer.endings)


async def test_a_busy_provider_is_asked_again(exchange: Exchange) -> None:
    """A 429 surely rang nobody: another attempt with another reference comes when the provider wishes."""
    refusals = [refuse("transient", "429", timedelta(seconds=7))]

    async def busy(ring: Ring) -> str:
        if refusals:
            raise refusals.pop()
        return await exchange.voice.take(ring)

    exchange.voice.on_ring = busy
    await exchange.open()
    booking = await exchange.call()
    await until(lambda: len(exchange.voice.rung) == 1)
    await exchange.until(booking, state="queued")
    exchange.company.clock.tick(8)
    await exchange.until(booking, state="under_way")
    assert ["ref1.1", "ref1.2"] == [rung.reference for rung in exchange.voice.rung]


async def test_a_provider_that_stays_busy(exchange: Exchange) -> None:
    """After two minutes nobody's phone is rung any more; the call has failed and the booking rings on."""

    async def busy(_ring: Ring) -> str:
        exchange.company.clock.tick(50)
        raise refuse("transient", "429")

    exchange.voice.on_ring = busy
    await exchange.open()
    booking = await exchange.call()

    async def over() -> bool:
        exchange.company.clock.tick(1)
        return (await exchange.get(booking)).state == "failed"

    await until(over)
    assert "ringing" == (await exchange.promises.get(booking)).state
    assert "The provider said 429." == (await exchange.get(booking)).detail


@pytest.mark.parametrize("verdict", ["permanent", "configuration"])
async def test_a_refusal(exchange: Exchange, verdict: CallVerdict) -> None:
    """What will never go through has failed, with the reason, and the booking rings on; our own fault is told."""

    async def no(_ring: Ring) -> str:
        raise refuse(verdict, "21211")

    exchange.voice.on_ring = no
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="failed", detail="The provider said 21211.", code="21211")
    promise = await exchange.promises.get(booking)
    assert ("ringing", None) == (promise.state, promise.begun_by)
    assert ["failed"] == await exchange.fell_back(booking)
    ours = await exchange.company.rows("SELECT code FROM misconfiguration")
    assert ([("21211",)] if verdict == "configuration" else []) == ours


async def test_a_call_that_may_have_rung_is_looked_up(exchange: Exchange) -> None:
    """After a 5xx or no answer the provider's list is asked; what it shows is the call, and nothing is rung again."""

    async def lost(_ring: Ring) -> str:
        raise refuse("ambiguous", "500")

    async def found(_ring: Ring) -> tuple[str, ...]:
        return ("CA-known", "CA-found")

    exchange.voice.on_ring, exchange.voice.on_find = lost, found
    other = await exchange.call()
    await exchange.company.sql("UPDATE call SET state = 'ended', due_at = NULL, agent_call_id = 'CA-known'")
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way", agent_call_id="CA-found")
    await until(lambda: "CA-found" in exchange.voice.asked)
    assert (1, "CA-known") == (len(exchange.voice.rung), (await exchange.get(other)).agent_call_id)
    assert "begun" == (await exchange.promises.get(booking)).state


async def test_what_cannot_be_found_is_a_persons(exchange: Exchange) -> None:
    """A call that no list shows stays unknown after five looks; it is never rung again, until a person calls again."""

    async def lost(_ring: Ring) -> str:
        raise OSError("the line broke")

    exchange.voice.on_ring = lost
    await exchange.open()
    booking = await exchange.call()

    async def given_up() -> bool:
        exchange.company.clock.tick(10)
        return len(exchange.voice.found) == 5

    await until(given_up)
    exchange.company.clock.tick(10_000)
    await asyncio.sleep(0)
    call = await exchange.get(booking)
    assert ("unknown", ringing.LOST, "begun") == (
        call.state,
        call.detail,
        (await exchange.promises.get(booking)).state,
    )
    assert [(None,)] == await exchange.company.rows("SELECT due_at FROM call")
    exchange.voice.on_ring = exchange.voice.take
    await exchange.order(booking)
    await exchange.until(booking, state="under_way")
    assert ["ref1.1", "ref2.1"] == [rung.reference for rung in exchange.voice.rung]


async def test_two_lost_calls_to_one_phone(exchange: Exchange) -> None:
    """Where the provider's list cannot tell two lost rings to one phone apart, neither is taken for the other."""

    async def lost(_ring: Ring) -> str:
        raise refuse("ambiguous", "500")

    async def found(_ring: Ring) -> tuple[str, ...]:
        return ("CA-either",)

    exchange.voice.on_ring, exchange.voice.on_find = lost, found
    one, other = await exchange.call(), await exchange.call()
    await exchange.open()

    async def given_up() -> bool:
        exchange.company.clock.tick(10)
        return len(exchange.voice.found) == 10

    await until(given_up)
    assert ["unknown"] * 2 == [(await exchange.get(booking)).state for booking in (one, other)]


async def test_a_node_that_died_while_dialing(exchange: Exchange) -> None:
    """Whatever was being dialed when the process died may have rung: it is looked up at the next start, not rung."""
    booking = await exchange.call()
    await exchange.company.sql("UPDATE call SET state = 'dialing', attempt = 1, due_at = NULL, first_tried_at = 1")
    await exchange.open()
    await until(lambda: len(exchange.voice.found) == 1)
    call = await exchange.get(booking)
    assert ("unknown", []) == (call.state, exchange.voice.rung)


async def test_a_lease_that_ran_out(exchange: Exchange) -> None:
    """Of several nodes, one whose lease ran out has lost its call, and what it says of it afterwards changes nothing
    but for the provider's id."""
    held = asyncio.Event()

    async def slow(ring: Ring) -> str:
        await held.wait()
        return await exchange.voice.take(ring)

    exchange.voice.on_ring = slow
    await exchange.open(only_node=False)
    booking = await exchange.call()
    await until(lambda: len(exchange.voice.rung) == 1)
    await exchange.company.sql("UPDATE call SET lease_until = 1")
    await exchange.until(booking, state="unknown")
    held.set()
    await exchange.until(booking, state="under_way", agent_call_id="CA-ref1.1")
    assert 1 == len(exchange.voice.rung)


async def test_nodes_do_not_dial_twice(exchange: Exchange) -> None:
    """Two nodes on one database ring each of twenty calls once between them."""
    second = exchange.another()
    bookings = [await exchange.call() for _ in range(20)]
    await exchange.open(only_node=False)
    await second.start(only_node=False)
    for booking in bookings:
        await exchange.until(booking, state="under_way")
    await second.close()
    assert 20 == len({rung.reference for rung in exchange.voice.rung}) == len(exchange.voice.rung)


async def test_progress_is_asked_after_an_outage(exchange: Exchange) -> None:
    """What was said of a call while nobody listened is asked at the next start, both legs of it."""
    booking = await exchange.call()
    values = "state = 'under_way', attempt = 1, due_at = ?1, agent_call_id = 'CA1', first_tried_at = ?1"
    await exchange.company.sql(f"UPDATE call SET {values}", 2**60)

    async def over(reference: str) -> tuple[CallReport, ...]:
        return (
            CallReport(reference, "agent", "CA1", "completed", duration=timedelta(seconds=50)),
            CallReport(reference, "customer", "CA2", "completed", duration=timedelta(seconds=42)),
        )

    exchange.voice.on_progress = over
    await exchange.open()
    await exchange.until(booking, state="ended", agent_leg="completed", customer_leg="completed", seconds=42)
    assert "begun" == (await exchange.promises.get(booking)).state


async def test_a_quiet_call_is_asked_about(exchange: Exchange) -> None:
    """A call of which nothing is heard is asked about, and after six hours nobody pretends to know its end."""
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    exchange.company.clock.tick(46)
    await until(lambda: len(exchange.voice.asked) == 1)
    exchange.company.clock.tick(7 * 3600)
    await exchange.until(booking, state="unknown")
    assert "Nothing was heard of the end of this call." == (await exchange.get(booking)).detail


async def test_nobody_pressed_a_key(exchange: Exchange) -> None:
    """An agent's leg that ends answered and without a key is asked about once more before the booking rings on: the
    customer's leg may be heard of late."""

    async def known(reference: str) -> tuple[CallReport, ...]:
        return (CallReport(reference, "agent", "CA-ref1.1", "completed"),)

    exchange.voice.on_progress = known
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    await exchange.say(booking, ("agent", "answered"))
    await exchange.say(booking, ("agent", "completed"))
    await exchange.until(booking, state="ended")
    assert ["no_key"] == await exchange.fell_back(booking)


async def test_a_provider_that_cannot_be_asked(exchange: Exchange) -> None:
    """Where the provider does not say how the customer's leg ended, the call is over after five tries."""

    async def silent(_reference: str) -> tuple[CallReport, ...]:
        raise refuse("ambiguous", "500")

    exchange.voice.on_progress = silent
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    await exchange.say(booking, ("agent", "answered"), ("customer", "answered"), ("agent", "completed"))

    async def over() -> bool:
        exchange.company.clock.tick(10)
        return (await exchange.get(booking)).state == "ended"

    await until(over)
    assert (5, "begun") == (len(exchange.voice.asked), (await exchange.promises.get(booking)).state)


async def test_a_call_for_a_channel_that_is_gone(exchange: Exchange) -> None:
    """A call waits for no channel: without it, it has failed, and the booking rings on."""
    await exchange.open()
    spare: Adapter = Provider()  # type: ignore[assignment]
    await configure(exchange.channels, {"sms": spare})
    booking = await exchange.call()
    await exchange.until(booking, state="failed", detail="The channel voice is no more.")
    assert "ringing" == (await exchange.promises.get(booking)).state


async def test_an_old_wish_is_not_rung(exchange: Exchange) -> None:
    """A call that waited for a gateway that was down is not rung minutes later."""
    booking = await exchange.call()
    exchange.company.clock.tick(180)
    await exchange.open()
    await exchange.until(booking, state="failed", detail="It could not be dialed in time.")
    assert [] == exchange.voice.rung


async def test_what_nobody_wants_is_not_rung(exchange: Exchange) -> None:
    """A call whose booking has come to its outcome, or was taken back, before it was dialed rings nobody."""
    done, taken_back = await exchange.call(), await exchange.call()
    await exchange.promises.finish(exchange.ana, done, "reached")
    await exchange.company.sql("UPDATE call SET unwanted_at = 1 WHERE booking_id = ?1", taken_back)
    await exchange.open()
    for booking in (done, taken_back):
        await exchange.until(booking, state="ended")
    assert [] == exchange.voice.rung


async def test_what_was_let_go_is_hung_up(exchange: Exchange) -> None:
    """A booking that is taken back while the agent's phone rings ends the call."""
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    await exchange.say(booking, ("agent", "ringing"))
    await exchange.let_go(booking)
    await until(lambda: exchange.voice.ended == ["CA-ref1.1"])


async def test_an_answer_is_not_lost(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the provider answered is stored although the database was away for a moment."""
    real, faults = dial.finish, [Unavailable()]

    async def failing(tx: Tx, *args: Any) -> bool:
        if faults:
            raise faults.pop()
        return await real(tx, *args)

    monkeypatch.setattr(dial, "finish", failing)
    await exchange.open()
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    assert 1 == len(exchange.voice.rung)
