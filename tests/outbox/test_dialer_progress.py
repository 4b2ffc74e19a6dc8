"""What becomes of a call that was rung: when nothing is heard of it the dialer asks, and it invents no end."""

from __future__ import annotations

from datetime import timedelta

from gateway.channels.voice import CallReport
from tests.outbox.provider import until
from tests.outbox.telephone import Exchange, refuse


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
