"""What a provider says of a call: each thing once, late things ignored, and who is connected to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.errors import Conflict
from gateway.store.forgetting import forget_reports
from tests.company import FRONT, Company
from tests.outbox.telephone import Exchange

RANG = (("agent", "ringing"), ("agent", "answered"))


@pytest.fixture
async def exchange(company: Company) -> Exchange:
    """Nobody dials here: the provider has the call, and has not answered yet."""
    made = Exchange(company, await company.hire("ana", FRONT))
    await made.phone(made.ana)
    return made


async def dialing(exchange: Exchange) -> None:
    await exchange.company.sql("UPDATE call SET state = 'dialing', attempt = 1, due_at = NULL")


async def test_a_whole_call(exchange: Exchange) -> None:
    """Both legs and how long they talked are kept, and the outcome is left for the agent to note."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, *RANG)
    assert (await exchange.say(booking, ("agent", "answered"), digits="1", asks=True)).goes_on
    await exchange.say(booking, ("customer", "ringing"), ("customer", "answered"))
    await exchange.say(booking, ("customer", "completed"), duration=timedelta(seconds=42))
    await exchange.say(booking, ("agent", "completed"), duration=timedelta(seconds=50))
    call, promise = await exchange.get(booking), await exchange.promises.get(booking)
    assert ("ended", "completed", "completed", 42) == (call.state, call.agent_leg, call.customer_leg, call.seconds)
    assert ("begun", None) == (promise.state, promise.outcome)
    assert None not in (call.pressed_at, call.ended_at)


@pytest.mark.parametrize("said", ["busy", "no_answer", "failed", "canceled"])
async def test_an_agent_who_is_not_there(exchange: Exchange, said: str) -> None:
    """A booking whose agent's phone was not picked up rings on at once."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, ("agent", "ringing"), ("agent", said))
    promise = await exchange.promises.get(booking)
    assert ("ringing", None, [said]) == (promise.state, promise.begun_by, await exchange.fell_back(booking))


@pytest.mark.parametrize("said", ["busy", "no_answer", "failed"])
async def test_a_customer_who_is_not_there(exchange: Exchange, said: str) -> None:
    """A customer who was called and not reached stays with whoever called."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, *RANG, ("customer", "ringing"), ("customer", said), ("agent", "completed"))
    call = await exchange.get(booking)
    assert ("ended", said, "begun") == (call.state, call.customer_leg, (await exchange.promises.get(booking)).state)


async def test_why_it_failed(exchange: Exchange) -> None:
    """The provider's words for a failed leg are shown."""
    booking = await exchange.call()
    await dialing(exchange)
    detail = "The number is not in service"
    await exchange.say(booking, ("customer", "failed"), code="404", detail=detail)
    assert (detail, "404") == ((await exchange.get(booking)).detail, (await exchange.get(booking)).code)


async def test_what_comes_again_changes_nothing(exchange: Exchange) -> None:
    """A report that comes twice is kept once, and the team is told once."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, ("agent", "ringing"))
    told = await exchange.changes()
    await exchange.say(booking, ("agent", "ringing"))
    assert (told, 1) == (await exchange.changes(), len(await exchange.company.rows("SELECT at FROM call_report")))


async def test_what_comes_late_is_ignored(exchange: Exchange) -> None:
    """`ringing` after `answered`, and anything after the end of a leg, is kept and changes nothing."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, ("agent", "answered"), ("agent", "ringing"))
    assert "answered" == (await exchange.get(booking)).agent_leg
    await exchange.say(booking, ("customer", "busy"), ("customer", "answered"), ("agent", "completed"))
    await exchange.say(booking, ("agent", "no_answer"))
    call = await exchange.get(booking)
    assert ("completed", "busy", "ended") == (call.agent_leg, call.customer_leg, call.state)
    assert 6 == len(await exchange.company.rows("SELECT at FROM call_report"))


@pytest.mark.parametrize("state", ["queued", "dialing", "unknown"])
async def test_a_report_of_what_we_thought_lost(exchange: Exchange, state: str) -> None:
    """A report names its attempt: whatever we thought of that, it was taken, and it is not dialed again."""
    booking = await exchange.call()
    await exchange.company.sql("UPDATE call SET state = ?1, attempt = 1, detail = 'Lost.', due_at = 1", state)
    await exchange.say(booking, ("agent", "ringing"))
    call = await exchange.get(booking)
    assert ("under_way", "CA-ref1.1", None) == (call.state, call.agent_call_id, call.detail)


async def test_an_attempt_that_counts_no_more(exchange: Exchange) -> None:
    """Reports of another attempt than the present one are kept; nobody is connected by it."""
    booking = await exchange.call()
    await exchange.company.sql("UPDATE call SET state = 'dialing', attempt = 2")
    for reference in ("ref1.1", "ref1.3", "ref1", "ref9.1", "ref1.x"):
        heard = await exchange.say(booking, ("agent", "answered"), asks=True, reference=reference)
        assert not heard.goes_on
    call = await exchange.get(booking)
    assert ("dialing", None) == (call.state, call.agent_leg)
    assert 5 == len(await exchange.company.rows("SELECT at FROM call_report"))


async def test_another_leg_than_the_one_we_know(exchange: Exchange) -> None:
    """A leg that rings beside the one that is known is connected to nobody."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, ("agent", "ringing"))
    heard = await exchange.say(booking, ("agent", "answered"), asks=True, ids={"agent": "CA-stranger"})
    assert (False, "ringing") == (heard.goes_on, (await exchange.get(booking)).agent_leg)


async def test_a_call_that_was_replaced(exchange: Exchange) -> None:
    """Where a person has called again, the call that was thought lost connects nobody, and its end gives nothing
    back."""
    booking = await exchange.call()
    await exchange.company.sql("UPDATE call SET state = 'unknown', attempt = 1, due_at = NULL")
    await exchange.order(booking)
    heard = await exchange.say(booking, ("agent", "answered"), asks=True, reference="ref1.1")
    await exchange.say(booking, ("agent", "canceled"), reference="ref1.1")
    assert (False, "begun") == (heard.goes_on, (await exchange.promises.get(booking)).state)
    assert "queued" == (await exchange.get(booking)).state


async def test_a_second_call_that_nobody_picks_up(exchange: Exchange) -> None:
    """Who has reached the customer's phone once keeps the booking, also when their own then rings in vain."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, *RANG, ("customer", "busy"), ("agent", "completed"))
    await exchange.order(booking)
    await exchange.company.sql("UPDATE call SET state = 'dialing', attempt = 1 WHERE state = 'queued'")
    await exchange.say(booking, ("agent", "no_answer"))
    assert ("ended", "begun") == ((await exchange.get(booking)).state, (await exchange.promises.get(booking)).state)


async def test_a_booking_that_is_done(exchange: Exchange) -> None:
    """What comes after the outcome was noted changes no booking, and it is not noted while a phone may ring."""
    booking = await exchange.call()
    await dialing(exchange)
    await exchange.say(booking, ("agent", "ringing"))
    with pytest.raises(Conflict, match="under way"):
        await exchange.promises.finish(exchange.ana, booking, "no_answer")
    await exchange.company.sql("UPDATE call SET state = 'unknown'")
    await exchange.promises.finish(exchange.ana, booking, "no_answer")
    heard = await exchange.say(booking, ("agent", "answered"), asks=True)
    await exchange.say(booking, ("agent", "canceled"))
    assert (False, "done") == (heard.goes_on, (await exchange.promises.get(booking)).state)


async def test_reports_are_forgotten(exchange: Exchange) -> None:
    """What a provider said is forgotten after thirty days, a few at a time; what came of the call stays."""
    booking = await exchange.call()
    await exchange.say(booking, ("agent", "ringing"), ("agent", "answered"))
    exchange.company.clock.at += 2_592_000_000_000
    await exchange.say(booking, ("customer", "answered"))
    exchange.company.clock.tick(1)
    assert False is await exchange.store.write(forget_reports, exchange.company.clock())
    assert [("customer",)] == await exchange.company.rows("SELECT leg FROM call_report")
    assert ("answered", "answered") == ((call := await exchange.get(booking)).agent_leg, call.customer_leg)
