"""A whole call, from the customer's wish to what the team sees, by real HTTP to a stand-in for Twilio and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.calling import ANAS, CUSTOMERS, OURS, Phones, phones
from tests.standins.twilio_api import Fault
from tests.standins.twilio_voice_calls import Phone
from tests.standins.twilio_voice_line import PERSON, VOICEMAIL

ABOUT = "Teamline. You are about to call a customer. Press any key to be connected."


@pytest.fixture
async def line(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Phones]:
    async with phones(engine, tmp_path, monkeypatch) as made:
        yield made


async def test_a_call(line: Phones) -> None:
    """The agent presses Call, hears whom they call and presses a key; the customer sees our number and hears a person.
    How long they talked is seen on the board, and the agent notes what came of it."""
    booking = await line.book()
    status, begun = await line.call(booking)
    assert (200, "begun", "Ana") == (status, begun["state"], begun["begun_by"]["name"])
    seen = await line.over(booking)
    agent, customer = line.legs
    assert (ANAS, OURS, CUSTOMERS, OURS) == (agent.to, agent.from_, customer.to, customer.from_)
    assert ([ABOUT, ABOUT, PERSON], [PERSON]) == (agent.heard, customer.heard)
    call = seen["call"]
    assert ("ended", "completed", "completed", 42) == (
        call["state"],
        call["agent"],
        call["customer"],
        call["seconds"],
    )
    assert "begun" == seen["state"]
    status, done = await line.desk.call("ana", "POST", f"/bookings/{booking}/outcome", {"outcome": "reached"})
    assert (200, "done", "reached", 42) == (status, done["state"], done["outcome"], done["call"]["seconds"])


@pytest.mark.parametrize(("does", "why"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
async def test_the_agent_does_not_pick_up(line: Phones, does: str, why: str) -> None:
    """Nobody called the customer: the booking rings on, and says why."""
    line.twilio.phones[ANAS] = Phone(does)  # type: ignore[arg-type]
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["state"] == "ringing")
    assert (why, None, 1) == (seen["call"]["agent"], seen["call"]["customer"], len(line.legs))
    assert "begun_by" not in seen


@pytest.mark.parametrize("phone", [Phone(presses=None), Phone("voicemail")])
async def test_the_agent_presses_nothing(line: Phones, phone: Phone) -> None:
    """An agent who presses no key, and an agent's voicemail, call nobody: the booking rings on."""
    line.twilio.phones[ANAS] = phone
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["state"] == "ringing")
    assert ("completed", None, 1) == (seen["call"]["agent"], seen["call"]["customer"], len(line.legs))


@pytest.mark.parametrize(("does", "leg"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
async def test_the_customer_does_not_pick_up(line: Phones, does: str, leg: str) -> None:
    """What became of the customer's phone is seen, and the agent may call again."""
    line.twilio.phones[CUSTOMERS] = Phone(does)  # type: ignore[arg-type]
    booking = await line.book()
    await line.call(booking)
    seen = await line.over(booking)
    assert ("begun", leg) == (seen["state"], seen["call"]["customer"])
    del line.twilio.phones[CUSTOMERS]
    assert 200 == (await line.call(booking))[0]
    seen = await line.until(booking, lambda seen: seen["call"].get("seconds") == 42)
    assert [ANAS, CUSTOMERS] * 2 == [leg.to for leg in line.legs]


async def test_a_voicemail(line: Phones) -> None:
    """The agent hears the customer's voicemail, hangs up, and says so."""
    line.twilio.phones[CUSTOMERS] = Phone("voicemail", seconds=None)
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["call"]["customer"] == "answered")
    line.twilio.hang_up(line.legs[0])
    seen = await line.over(booking)
    assert (VOICEMAIL, "begun") == (line.legs[0].heard[-1], seen["state"])
    status, done = await line.desk.call("ana", "POST", f"/bookings/{booking}/outcome", {"outcome": "voicemail"})
    assert (200, "voicemail") == (status, done["outcome"])


async def test_the_customer_hangs_up(line: Phones) -> None:
    """The customer's receiver ends the call."""
    line.twilio.phones[CUSTOMERS] = Phone(seconds=None)
    booking = await line.book()
    await line.call(booking)
    await line.until(booking, lambda seen: seen["call"]["customer"] == "answered")
    line.twilio.hang_up(line.legs[1])
    call = (await line.over(booking))["call"]
    assert ("completed", "completed") == (call["agent"], call["customer"])


async def test_cancelled_while_the_agents_phone_rings(line: Phones) -> None:
    """A customer who cancels while only the agent's phone rings ends the call: nobody calls them."""
    line.twilio.phones[ANAS] = Phone("rings")
    booking = await line.book()
    await line.call(booking)
    await line.until(booking, lambda seen: seen["call"]["agent"] == "ringing")
    status, cancelled = await line.customer("DELETE", f"/bookings/{booking}")
    assert (200, "cancelled") == (status, cancelled["state"])
    seen = await line.over(booking)
    assert ("cancelled", "canceled", [ANAS]) == (
        seen["state"],
        seen["call"]["agent"],
        [leg.to for leg in line.legs],
    )


async def test_twilio_is_busy(line: Phones) -> None:
    """After a 429 the agent's phone is rung when Twilio wishes, once."""
    line.twilio.fail_next("429")
    booking = await line.book()
    await line.call(booking)
    await line.until(booking, lambda seen: seen["call"].get("detail") == "Twilio asks us to slow down")
    assert [] == line.legs
    line.wait(8)
    await line.over(booking)
    assert [ANAS, CUSTOMERS] == [leg.to for leg in line.legs]


@pytest.mark.parametrize("fault", ["500 after", "hang after", "reset"])
async def test_twilio_rings_and_does_not_say_so(line: Phones, fault: Fault) -> None:
    """A call that Twilio made and did not answer for goes its way by its hooks, and no phone rings twice."""
    line.twilio.fail_next(fault)
    booking = await line.book()
    await line.call(booking)
    seen = await line.over(booking)
    line.wait(1_000)
    assert (42, "begun", [ANAS, CUSTOMERS]) == (
        seen["call"]["seconds"],
        seen["state"],
        [leg.to for leg in line.legs],
    )


async def test_a_lost_call_is_found(line: Phones) -> None:
    """A call whose hooks have not come yet is found in Twilio's list, by what it rings and when."""
    line.twilio.phones[ANAS] = Phone("rings")
    line.twilio.hooks.public = ("http://127.0.0.1:8080", "http://127.0.0.1:9")
    line.twilio.fail_next("500 after")
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["call"]["agent"] == "ringing")
    assert ("under_way", [ANAS]) == (seen["call"]["state"], [leg.to for leg in line.legs])
    line.twilio.errors.clear()  # of hooks that led nowhere


@pytest.mark.parametrize("fault", ["500", "503", "nonsense"])
async def test_twilio_fails(line: Phones, fault: Fault) -> None:
    """What Twilio may have rung and cannot be found is shown as unknown, and rung again only by a person."""
    line.twilio.fail_next(fault)
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["call"]["state"] == "unknown")
    for _ in range(6):
        line.wait(130)
    assert ("begun", []) == (seen["state"], line.legs)
    assert 200 == (await line.call(booking))[0]
    await line.until(booking, lambda seen: seen["call"].get("seconds") == 42)
    assert [ANAS, CUSTOMERS] == [leg.to for leg in line.legs]


async def test_our_account_is_wrong(line: Phones) -> None:
    """A token that Twilio does not accept is told to the agent, and the booking rings on."""
    line.twilio.fail_next("401")
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["call"]["state"] == "failed")
    assert ("ringing", "Twilio does not accept our account's token") == (seen["state"], seen["call"]["detail"])
