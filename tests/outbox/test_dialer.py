"""The dialer: what a person asked for is rung once, or not at all, and never for nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.actions import dial
from gateway.channels.contract import Adapter
from gateway.channels.voice import CallVerdict, Ring
from gateway.errors import Unavailable
from gateway.store.store import Tx
from tests.outbox.provider import Provider, configure, until
from tests.outbox.telephone import ANAS, Exchange, refuse


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


async def test_nodes_do_not_dial_twice(exchange: Exchange) -> None:
    """Two nodes on one database ring each of twenty calls once between them."""
    second = exchange.another()
    bookings = [await exchange.call(await exchange.colleague(f"agent{number}")) for number in range(20)]
    await exchange.open(only_node=False)
    await second.start(only_node=False)
    for booking in bookings:
        await exchange.until(booking, state="under_way")
    await second.close()
    assert 20 == len({rung.reference for rung in exchange.voice.rung}) == len(exchange.voice.rung)


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
    """A call whose booking is over, or was taken back, before it was dialed rings nobody."""
    done, taken_back = await exchange.call(), await exchange.call(await exchange.colleague("ben"))
    await exchange.company.sql("UPDATE booking SET state = 'done' WHERE id = ?1", done)
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
