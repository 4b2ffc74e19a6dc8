"""Which numbers are taken for a call: with a voice channel those that it may call, and never one of ours."""

from __future__ import annotations

import pytest

from adapters.twilio_voice import adapter
from gateway.channels.registry import Channel
from gateway.errors import Invalid
from gateway.http.dialing import dialer, voice
from tests.adapters.twilio_voice.playing import config
from tests.http.running import DENVER, Desk

BRITISH = "+442079460000"
OURS = "+13035550177"


async def turn_on(desk: Desk) -> None:
    """A voice channel beside the others, with a number of its own."""
    others = desk.deps.settings().channels.values()
    calls = Channel("voice", "adapters/voice.toml", adapter, config(number=OURS))
    await desk.deps.channels.apply([*others, calls], desk.deps.settings().public_url, desk.http)


async def test_without_a_voice_channel(desk: Desk) -> None:
    """A person dials by hand, wherever it is; what has no country's code is of where our own numbers are."""
    dial = dialer(desk.deps)
    assert (None, BRITISH) == (voice(desk.deps), dial("+44 20 7946 0000"))
    assert "+17205550123" == dial("(720) 555-0123")
    with pytest.raises(Invalid, match="emergency"):
        dial("911")


async def test_with_a_voice_channel(desk: Desk) -> None:
    """Its countries are called; its own number, and those that texts come to, are not."""
    await turn_on(desk)
    dial = dialer(desk.deps)
    assert {"+17205550123"} == {dial(written) for written in ("+1 720 555 0123", "720-555-0123")}
    for number, why in ((BRITISH, "only to these countries"), (OURS, "our own"), (DENVER, "our own"), ("911", "emerg")):
        with pytest.raises(Invalid, match=why) as refused:
            dial(number)
        assert number not in str(refused.value)
