"""What Twilio is told to do, beside what the SDK's own classes write; and that no word of it is for a customer."""

from __future__ import annotations

from xml.etree.ElementTree import canonicalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from adapters.twilio_voice.twiml import Script, over
from gateway.channels.contract import Reply
from gateway.channels.voice import Announcement
from tests.adapters.twilio_voice.playing import CUSTOMER, OURS, ring
from tests.standins.twilio_api import Answer
from tests.standins.twilio_voice_twiml import document

EVENTS = "ringing answered completed"


def hook(step: str) -> str:
    return f"https://care.example.com/hooks/voice/{step}?ref=ring-1#rc=5&rp=5xx,ct,rt"


def script(*, record: bool = False, name: str | None = "Ana Ortiz") -> Script:
    return Script(ring(announce=Announcement(name)), OURS, hook, record)


def dial(**more: str) -> Dial:
    made = Dial(caller_id=OURS, timeout=30, answer_on_bridge=True, action=hook("done"), method="POST", **more)
    made.number(
        CUSTOMER,
        status_callback=hook("customer"),
        status_callback_method="POST",
        status_callback_event=EVENTS,
    )
    return made


def same(expected: VoiceResponse, actual: Reply) -> bool:
    assert (200, "text/xml; charset=utf-8") == (actual.status, actual.content_type)
    return canonicalize(str(expected)) == canonicalize(actual.body.decode())


def test_the_announcement() -> None:
    """A gather of one key around the announcement, and the end of the call without one."""
    expected = VoiceResponse()
    gather = Gather(input="dtmf", num_digits=1, finish_on_key="", timeout=6, action=hook("connect"), method="POST")
    gather.say("Teamline. You are about to call Ana Ortiz. Press any key to be connected.", loop=2)
    expected.append(gather)
    expected.hangup()
    assert same(expected, script().announced())


def test_the_announcement_without_a_key() -> None:
    """The announcement to the agent, and then the customer's phone."""
    expected = VoiceResponse()
    expected.say("Teamline. You are being connected to Ana Ortiz.")
    expected.append(dial())
    assert same(expected, script().announced_and_dialed())


def test_the_customers_phone() -> None:
    """Our number is shown, the agent hears it ring, and what becomes of it is told."""
    expected = VoiceResponse()
    expected.append(dial())
    assert same(expected, script().dialed())


def test_the_customers_phone_recorded() -> None:
    """Recorded are both sides, from the customer's answer on."""
    expected = VoiceResponse()
    expected.append(dial(record="record-from-answer-dual"))
    assert same(expected, script(record=True).dialed())


def test_the_end() -> None:
    """The agent's leg ends without a word."""
    expected = VoiceResponse()
    expected.hangup()
    assert same(expected, over())


@pytest.mark.parametrize("record", [False, True])
@given(name=st.none() | st.text(st.characters()))
def test_a_machine_speaks_to_agents_only(record: bool, name: str | None) -> None:
    """Whatever the name is, Twilio takes the document, the customer is dialed without a word or a URL of their own, and
    nothing is said but the one announcement, before the customer's phone rings."""
    told = script(record=record, name=name)
    for reply in (told.announced(), told.announced_and_dialed(), told.dialed(), over()):
        played = document(Answer(reply.status, reply.body.decode(), reply.content_type))
        verbs = [verb.tag for verb in played.iter()]
        assert "Say" not in verbs[verbs.index("Dial") :] if "Dial" in verbs else True
        for number in played.iter("Number"):
            assert ([], CUSTOMER, None) == (list(number), number.text, number.get("url"))
        for said in played.iter("Say"):
            assert str(said.text).startswith(("Teamline. You are about to call ", "Teamline. You are being connected"))
            assert len(str(said.text)) <= 80 + len("Teamline. You are about to call . Press any key to be connected.")
