"""The dialer, not knowing whether it has rung: it looks the call up, and never rings it again by itself."""

from __future__ import annotations

import asyncio

from gateway.channels.voice import Ring
from gateway.outbox import ringing
from tests.outbox.provider import until
from tests.outbox.telephone import Exchange, refuse


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
    one, other = await exchange.call(), await exchange.call(await exchange.colleague("ben"))
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
