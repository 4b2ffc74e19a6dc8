"""The stand-in itself: it takes what Twilio takes, and is as strict with TwiML as the documentation lets one be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.adapters.twilio_voice.playing import AGENT, OURS, desk, ring, telephone
from tests.standins.twilio_api import Answer
from tests.standins.twilio_voice import ACCOUNT, TOKEN, TwilioVoiceStandIn
from tests.standins.twilio_voice_line import SORRY
from tests.standins.twilio_voice_twiml import TwimlError, document

FORM = {"To": AGENT, "From": OURS, "Url": "https://care.example.com/hooks/voice/voice/answer"}


@pytest.fixture
async def voice() -> AsyncIterator[TwilioVoiceStandIn]:
    async with telephone() as standin:
        yield standin


def code(body: str, status: int = 200, content_type: str = "text/xml") -> int | None:
    """What Twilio's debugger says of a document."""
    try:
        document(Answer(status, body, content_type))
    except TwimlError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ("", None),
        ("<Say>hi</Say><Pause length='2'/><Hangup/>", None),
        ("<Gather numDigits='1' finishOnKey=''><Say loop='2'>hi</Say></Gather>", None),
        ("<Dial record='record-from-answer-dual'><Number>+17205550111</Number></Dial>", None),
        ("<Say></Say>", 12200),
        ("<Say><Number>1</Number></Say>", 12200),
        ("<Number>+17205550111</Number>", 12200),
        ("<Gather><Dial><Number>+17205550111</Number></Dial></Gather>", 12200),
        ("<Dial><Say>hi</Say></Dial>", 12200),
        ("<Dial><Number statusCallbackEvent='ringing,answered'>+17205550111</Number></Dial>", 12200),
        ("<Dial record='record-from-answer-both'><Number>+17205550111</Number></Dial>", 12200),
        ("<Dial answerOnBridge='yes'><Number>+17205550111</Number></Dial>", 12200),
        ("<Dial timeout='soon'><Number>+17205550111</Number></Dial>", 12200),
        ("<Dial action='done'><Number>+17205550111</Number></Dial>", 12200),
        ("<Hangup>now</Hangup>", 12200),
        ("<say>hi</say>", 12200),
        ("<Say>hi", 12100),
    ],
)
def test_nesting_and_attributes(verbs: str, expected: int | None) -> None:
    """What the documentation has is played; anything else is an error in Twilio's own numbers."""
    assert expected == code(f"<Response>{verbs}</Response>")


def test_what_is_no_document() -> None:
    """A failure, another type and another root are told apart."""
    assert [11200, 12300, 12102] == [
        code("<Response/>", 503),
        code("<Response/>", content_type="text/plain"),
        code("<Answer/>"),
    ]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"To": ""}, 21201),
        ({"To": "911"}, 21211),
        ({"From": ""}, 21213),
        ({"From": "+13035550177"}, 21210),
        ({"Url": "voice/answer"}, 21205),
    ],
)
async def test_a_form_that_twilio_refuses(voice: TwilioVoiceStandIn, form: dict[str, str], expected: int) -> None:
    """Each missing or wrong field has its code, and no phone rings."""
    url = f"{voice.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession(headers=auth) as http, http.post(url, data=FORM | form) as answer:
        assert (400, expected, []) == (answer.status, (await answer.json())["code"], voice.calls)


async def test_nobody_without_the_token(voice: TwilioVoiceStandIn) -> None:
    """Every door of the API asks for the account's token."""
    url = f"{voice.url}/2010-04-01/Accounts/{ACCOUNT}/Calls"
    async with aiohttp.ClientSession() as http:
        for method, path in (("POST", ".json"), ("GET", ".json"), ("GET", "/CA1.json"), ("POST", "/CA1.json")):
            async with http.request(method, url + path, data=FORM if method == "POST" else None) as answer:
                assert 401 == answer.status


async def test_a_hook_that_fails_is_heard_by_the_agent(voice: TwilioVoiceStandIn) -> None:
    """Where a document cannot be had, the agent hears Twilio say so, and nobody is called."""
    async with desk(voice) as gateway:
        voice.hooks.pause = 0.001
        gateway.down = 100
        await gateway.adapter.ring(ring())
        await voice.settled()
    assert ([SORRY], 1) == (voice.calls[0].heard, len(voice.calls))
    assert ["TwimlError: 11200: HTTP 503"] == voice.errors
