"""Whole calls, by real HTTP both ways: what each person hears, what the gateway is told, and what is never done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateway.channels.voice import Announcement, CallReport
from tests.adapters.twilio_voice.playing import AGENT, CUSTOMER, OURS, desk, failure, ring, telephone
from tests.standins.twilio_api import Fault
from tests.standins.twilio_voice import TwilioVoiceStandIn
from tests.standins.twilio_voice_calls import Phone
from tests.standins.twilio_voice_line import PERSON, VOICEMAIL

ABOUT = "Teamline. You are about to call Ana Ortiz. Press any key to be connected."
BEING = "Teamline. You are being connected to Ana Ortiz."
RUNG = [("agent", "ringing"), ("agent", "answered"), ("agent", "answered1"), ("customer", "ringing")]


@pytest.fixture
async def voice() -> AsyncIterator[TwilioVoiceStandIn]:
    async with telephone() as standin:
        yield standin
        assert [] == standin.errors


async def test_a_call(voice: TwilioVoiceStandIn) -> None:
    """The agent hears whom they call and presses a key; the customer sees our number and hears a person only."""
    async with desk(voice) as gateway:
        call_id = await gateway.ring(ring())
        await voice.settled()
    agent, customer = voice.calls
    assert (call_id, AGENT, OURS, CUSTOMER, OURS) == (agent.sid, agent.to, agent.from_, customer.to, customer.from_)
    assert ([ABOUT, ABOUT, PERSON], [PERSON]) == (agent.heard, customer.heard)
    assert [*RUNG, ("customer", "answered"), ("customer", "completed"), ("agent", "completed")] == gateway.heard
    ended = CallReport("ring-1", "customer", customer.sid, "completed", duration=timedelta(seconds=42))
    assert ended == gateway.reports[-2]
    assert (1, "do-not-record") == (voice.requests, customer.record)


async def test_a_call_without_a_key(voice: TwilioVoiceStandIn) -> None:
    """Where the channel asks for no key, the agent hears who it is, and the customer's phone rings at once."""
    async with desk(voice, confirm=False) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    agent, customer = voice.calls
    assert ([BEING, PERSON], [PERSON]) == (agent.heard, customer.heard)
    assert ("customer", "completed") in gateway.heard
    assert ("agent", "answered1") not in gateway.heard


@pytest.mark.parametrize("key", [*"0123456789*#"])
async def test_any_key_will_do(voice: TwilioVoiceStandIn, key: str) -> None:
    """Each key of a telephone calls the customer, the pound sign included."""
    voice.phones[AGENT] = Phone(presses=key)
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    assert (2, ("agent", f"answered{key}")) == (len(voice.calls), gateway.heard[2])


@pytest.mark.parametrize("phone", [Phone(presses=None), Phone("voicemail")])
async def test_nobody_is_called_without_a_key(voice: TwilioVoiceStandIn, phone: Phone) -> None:
    """An agent who presses nothing, and an agent's voicemail, call nobody."""
    voice.phones[AGENT] = phone
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    assert [("agent", "ringing"), ("agent", "answered"), ("agent", "completed")] == gateway.heard
    assert [AGENT] == [call.to for call in voice.calls]


@pytest.mark.parametrize(("does", "state"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
async def test_an_agent_who_is_not_there(voice: TwilioVoiceStandIn, does: str, state: str) -> None:
    """A busy, unanswered or unreachable agent's phone ends the call; no customer was ever called."""
    voice.phones[AGENT] = Phone(does)  # type: ignore[arg-type]
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    assert (("agent", state), 1) == (gateway.heard[-1], len(voice.calls))


@pytest.mark.parametrize(("does", "state"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
async def test_a_customer_who_is_not_there(voice: TwilioVoiceStandIn, does: str, state: str) -> None:
    """What became of the customer's leg is told once, though Twilio says it twice, and the agent's ends."""
    voice.phones[CUSTOMER] = Phone(does)  # type: ignore[arg-type]
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    assert [("customer", state), ("agent", "completed")] == gateway.heard[-2:]
    assert [] == voice.calls[1].heard


async def test_a_call_that_fails_says_why(voice: TwilioVoiceStandIn) -> None:
    """The network's answer becomes words for the agent."""
    voice.phones[CUSTOMER] = Phone("failed", sip=404)
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    assert "The number is not in service" == gateway.reports[-2].detail


async def test_the_agent_hears_a_voicemail_and_decides(voice: TwilioVoiceStandIn) -> None:
    """A customer's voicemail is connected like anybody, and is the agent's to judge and to hang up on."""
    voice.phones[CUSTOMER] = Phone("voicemail", seconds=None)
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.wait_until(lambda: len(voice.calls) == 2 and voice.calls[1].status == "in-progress")
        voice.hang_up(voice.calls[0])
        await voice.settled()
    assert [("customer", "answered"), ("customer", "completed"), ("agent", "completed")] == gateway.heard[-3:]
    assert VOICEMAIL == voice.calls[0].heard[-1]


async def test_a_customer_hangs_up(voice: TwilioVoiceStandIn) -> None:
    """The customer's receiver ends both legs, and the agent hears no word of it from a machine."""
    voice.phones[CUSTOMER] = Phone(seconds=None)
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.wait_until(lambda: len(voice.calls) == 2 and voice.calls[1].status == "in-progress")
        voice.hang_up(voice.calls[1])
        await voice.settled()
    assert ([("customer", "completed"), ("agent", "completed")], PERSON) == (
        gateway.heard[-2:],
        voice.calls[0].heard[-1],
    )


async def test_hanging_up(voice: TwilioVoiceStandIn) -> None:
    """We hang up a call that rings or talks by its agent's leg; doing so again is no error."""
    voice.phones[CUSTOMER] = Phone("rings")
    async with desk(voice) as gateway:
        call_id = await gateway.ring(ring())
        await voice.wait_until(lambda: len(voice.calls) == 2 and voice.calls[1].status == "ringing")
        await gateway.adapter.hang_up(call_id)
        await voice.settled()
        await gateway.adapter.hang_up(call_id)
    assert [("customer", "canceled"), ("agent", "completed")] == gateway.heard[-2:]


async def test_hanging_up_before_the_agent_answers(voice: TwilioVoiceStandIn) -> None:
    """A ring that is taken back ends as canceled, and nobody else is called."""
    voice.phones[AGENT] = Phone("rings")
    async with desk(voice) as gateway:
        call_id = await gateway.ring(ring())
        await voice.wait_until(lambda: voice.calls[0].status == "ringing")
        await gateway.adapter.hang_up(call_id)
        await voice.settled()
    assert [("agent", "ringing"), ("agent", "canceled")] == gateway.heard


async def test_a_ring_that_is_no_more_wanted(voice: TwilioVoiceStandIn) -> None:
    """When the gateway no longer knows of the ring, the agent's leg ends without a word, and nobody is called."""
    async with desk(voice) as gateway:
        await gateway.adapter.ring(ring())
        await voice.settled()
    assert (1, []) == (len(voice.calls), voice.calls[0].heard)


async def test_recording_only_where_it_is_configured(voice: TwilioVoiceStandIn) -> None:
    """With `record` both sides are recorded from the customer's answer on, and no machine says so."""
    async with desk(voice, record=True) as gateway:
        await gateway.ring(ring())
        await voice.settled()
    assert ("record-from-answer-dual", [PERSON]) == (voice.calls[1].record, voice.calls[1].heard)


async def test_a_restart_in_the_middle(voice: TwilioVoiceStandIn) -> None:
    """Hooks that fail for a moment are asked again, and the call goes on as if nothing had been."""
    async with desk(voice) as gateway:
        voice.hooks.pause = 0.001
        gateway.down = 2
        await gateway.ring(ring())
        await voice.settled()
    assert [*RUNG, ("customer", "answered"), ("customer", "completed"), ("agent", "completed")] == gateway.heard


@pytest.mark.parametrize("step", ["answer", "connect", "customer", "done", "status"])
async def test_a_replay_changes_nothing(voice: TwilioVoiceStandIn, step: str) -> None:
    """A hook that is called again with a right signature is told from its key as known, and nobody is called again."""
    async with desk(voice) as gateway:
        await gateway.ring(ring())
        await voice.settled()
        before = list(gateway.reports)
        assert 200 == (await voice.again(step)).status
    assert (before, 2) == (gateway.reports, len(voice.calls))


async def test_a_name_that_is_none(voice: TwilioVoiceStandIn) -> None:
    """A name with markup and control characters is spoken as text, and one that is nothing else as nobody's."""
    async with desk(voice) as gateway:
        await gateway.ring(ring(announce=Announcement("<Dial>911</Dial> & \x00\u202e\ufffe Bo \n")))
        await voice.settled()
        await gateway.ring(ring(reference="ring-2", announce=Announcement("\x07\ud800")))
        await voice.settled()
    assert ABOUT.replace("Ana Ortiz", "<Dial>911</Dial> & Bo") == voice.calls[0].heard[0]
    assert ABOUT.replace("Ana Ortiz", "a customer") == voice.calls[2].heard[0]


@pytest.mark.parametrize(
    ("fault", "verdict", "rang"),
    [
        ("429", "transient", 0),
        ("500", "ambiguous", 0),
        ("503", "ambiguous", 0),
        ("500 after", "ambiguous", 1),
        ("401", "configuration", 0),
        ("nonsense", "ambiguous", 0),
        ("hang", "ambiguous", 0),
        ("hang after", "ambiguous", 1),
        ("reset", "ambiguous", 1),
    ],
)
async def test_verdicts(voice: TwilioVoiceStandIn, fault: Fault, verdict: str, rang: int) -> None:
    """Twilio is asked once, however it goes wrong, and a call that was taken all the same is found and goes on."""
    voice.fail_next(fault)
    async with desk(voice, patience=0.5) as gateway:
        asked = ring()
        error = await failure(gateway.ring(asked))
        await voice.settled()
        assert (verdict, 1, rang) == (
            error and error.verdict,
            voice.requests,
            len([c for c in voice.calls if not c.parent]),
        )
        assert tuple(call.sid for call in voice.calls[:rang]) == await gateway.adapter.find(asked)
    assert rang == gateway.heard.count(("customer", "completed"))


async def test_what_was_missed_is_asked_for(voice: TwilioVoiceStandIn) -> None:
    """After an outage, how both legs stand is read from Twilio, under the keys that its hooks would have had."""
    async with desk(voice) as gateway:
        call_id = await gateway.ring(ring())
        await voice.settled()
        told = await gateway.adapter.progress("ring-1", call_id)
        assert {report.key for report in told} <= {report.key for report in gateway.reports}
        assert [("agent", "completed"), ("customer", "completed")] == [(report.leg, report.state) for report in told]
        assert timedelta(seconds=42) == told[1].duration
        error = await failure(gateway.adapter.progress("ring-1", "CA" + "9" * 32))
    assert "20404" == (error and error.code)
