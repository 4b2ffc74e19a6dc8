"""Asking Twilio for a call: what leaves, what is looked up, and what its refusals mean."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import get_args

import pytest
from pydantic import SecretStr

from adapters.twilio import errors
from adapters.twilio_voice import adapter as entry
from adapters.twilio_voice import codes
from adapters.twilio_voice.adapter import TIMEOUT
from gateway.channels.contract import SEND_TIMEOUT, Context, SendError
from gateway.channels.voice import CallState, CallVerdict, Voice
from gateway.errors import Misuse
from tests.adapters.twilio_voice.playing import AGENT, CUSTOMER, OURS, PUBLIC, channel, config, failure, ring, telephone
from tests.standins.twilio_voice import TOKEN, TwilioVoiceStandIn
from tests.standins.twilio_voice_calls import Call, Phone


@pytest.fixture
async def voice() -> AsyncIterator[TwilioVoiceStandIn]:
    async with telephone() as standin:
        for number in (AGENT, CUSTOMER):
            standin.phones[number] = Phone("busy")
        yield standin


async def test_what_leaves(voice: TwilioVoiceStandIn) -> None:
    """The agent's phone is rung, briefly, with hooks under the public URL that carry the reference and are retried."""
    async with channel(voice) as adapter:
        call_id = await adapter.ring(ring())
    (call,) = voice.calls
    assert (call_id, AGENT, OURS, 25) == (call.sid, call.to, call.from_, call.timeout)
    again = "?ref=ring-1#rc=5&rp=5xx,ct,rt"
    assert f"{PUBLIC}/hooks/voice/voice/answer{again}" == call.url
    assert f"{PUBLIC}/hooks/voice/voice/status{again}" == call.status_callback
    assert frozenset(("ringing", "answered", "completed")) == call.events


async def test_retry_after_is_passed_on(voice: TwilioVoiceStandIn) -> None:
    """Twilio's own wish how long to wait comes with the error."""
    async with channel(voice) as adapter:
        voice.fail_next("429")
        error = await failure(adapter.ring(ring()))
    assert ("20429", timedelta(seconds=7)) == ((error.code, error.retry_after) if error else None)


async def test_an_unreachable_twilio_has_rung_nobody(voice: TwilioVoiceStandIn) -> None:
    """What fails before the connection stands may be tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with channel(voice, api_base_url=f"http://127.0.0.1:{free.getsockname()[1]}") as adapter:
            error = await failure(adapter.ring(ring()))
    assert "transient" == (error and error.verdict)


async def test_either_token_rings_during_a_rotation(voice: TwilioVoiceStandIn) -> None:
    """A token that Twilio does not accept gives way to the other, and one phone rings once."""
    async with channel(voice, auth_token=[SecretStr("new"), SecretStr(TOKEN)]) as adapter:
        await adapter.ring(ring())
    assert [AGENT] == [call.to for call in voice.calls]


@pytest.mark.parametrize(
    ("code", "verdict"), [(21215, "configuration"), (21214, "permanent"), (21999, "permanent"), (10004, "transient")]
)
async def test_refusals(voice: TwilioVoiceStandIn, code: int, verdict: CallVerdict) -> None:
    """Twilio's codes have their verdicts, and one that we do not know is final."""
    voice.refuses[AGENT] = code
    async with channel(voice) as adapter:
        error = await failure(adapter.ring(ring()))
    assert (verdict, str(code)) == ((error.verdict, error.code) if error else None)


async def test_a_number_that_is_not_ours_is_our_configuration(voice: TwilioVoiceStandIn) -> None:
    """A number that our account does not have cannot be shown."""
    async with channel(voice, number="+13035550177") as adapter:
        error = await failure(adapter.ring(ring()))
    assert ("configuration", "21210") == ((error.verdict, error.code) if error else None)


async def test_a_look_up_passes_over_what_does_not_fit(voice: TwilioVoiceStandIn) -> None:
    """Older calls, other agents' and legs that were dialed are not this ring's; of twins both may be, oldest first."""
    async with channel(voice) as adapter:
        for number in (AGENT, AGENT, AGENT, "+13035550143"):
            await adapter.ring(ring(agent_number=number))
        voice.calls.append(Call(voice.account_sid, AGENT, OURS, parent=voice.calls[0]))
        old, *twins = voice.calls[:3]
        old.created -= timedelta(hours=1)
        assert tuple(twin.sid for twin in twins) == await adapter.find(ring())
        assert () == await adapter.find(ring(agent_number="+13035550144"))


async def test_a_text_is_not_for_a_telephone(voice: TwilioVoiceStandIn) -> None:
    """The channel calls: it has no addresses of its own, and sends no message."""
    async with channel(voice) as adapter:
        assert isinstance(adapter, Voice)
        assert (None, ()) == (adapter.destination(OURS), tuple(adapter.endpoints()))
        with pytest.raises(SendError):
            await adapter.send(None)  # type: ignore[arg-type]  # whatever it is


async def test_the_entry_point_makes_a_voice(voice: TwilioVoiceStandIn) -> None:
    """The registry gets a channel for this kind of config, and for no other."""
    async with channel(voice) as adapter:
        context: Context = adapter._context
        assert isinstance(entry.create(config(), context), Voice)
        with pytest.raises(Misuse):
            entry.create(None, context)  # type: ignore[arg-type]


def test_vocabularies_are_ours() -> None:
    """Each status, kind and code leads to a state or verdict that exists, with words that name no number."""
    assert {*codes.STATUSES.values()} - {None} == set(get_args(CallState))
    assert {*codes.DIAL_STATUSES.values()} <= set(get_args(CallState))
    assert {verdict for verdict, _ in codes.CODES.values()} <= set(get_args(CallVerdict))
    assert "https://www.twilio.com/docs/api/errors/21215" == errors.page("21215")
    assert [None, None] == [errors.page("x"), errors.page("404")]


def test_a_question_ends_before_its_lease() -> None:
    """A ring is given up well within the time the gateway allows it."""
    assert TIMEOUT < SEND_TIMEOUT


def test_the_sdk_is_imported_late() -> None:
    """Loading the adapter, as the start does, does not import the twilio package."""
    program = "import sys, adapters.twilio_voice; sys.exit('twilio' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode
