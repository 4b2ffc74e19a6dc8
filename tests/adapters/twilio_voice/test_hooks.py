"""What the voice channel makes of hooks, good and bad; whole calls are in test_calls.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from adapters.twilio_voice.adapter import TwilioVoice
from gateway.channels.contract import WebhookRefused, WebhookRequest
from gateway.channels.voice import CallHook, CallReport
from tests.adapters.twilio_voice.playing import AGENT, CUSTOMER, OURS, channel, request, telephone
from tests.standins.twilio_voice import ACCOUNT, TOKEN, TwilioVoiceStandIn
from tests.standins.twilio_voice_calls import Call, Phone, dialed_form, request_form, status_form

PARENT = Call(ACCOUNT, AGENT, OURS, status="in-progress")
CHILD = Call(ACCOUNT, CUSTOMER, OURS, parent=PARENT, status="completed", duration=42)
STATUS = status_form(PARENT, Phone())
DONE = dialed_form(PARENT, CHILD)


@pytest.fixture
async def voice() -> AsyncIterator[TwilioVoiceStandIn]:
    async with telephone() as standin:
        yield standin


@pytest.fixture
async def adapter(voice: TwilioVoiceStandIn) -> AsyncIterator[TwilioVoice]:
    async with channel(voice) as made:
        yield made


async def status(adapter: TwilioVoice, told: WebhookRequest) -> int:
    """The status of a refusal, or 200."""
    try:
        await adapter.hook(told)
    except WebhookRefused as refused:
        return refused.status
    return 200


async def test_forged_hooks(voice: TwilioVoiceStandIn, adapter: TwilioVoice) -> None:
    """What is unsigned, signed by somebody else, changed, moved to another call or step, or of another account: 403."""
    form = request_form(PARENT, Digits="1")
    good = request(voice, form, "voice/connect")
    signature = good.headers["X-Twilio-Signature"]
    forged = (
        request(voice, form, "voice/connect", signed=""),
        request(voice, form, "voice/connect", signed="c2lnbmVkIQ=="),
        request(voice, form, "voice/connect", body=urlencode(form | {"Digits": "2"}).encode()),
        request(voice, form, "voice/connect", body=good.body + b"&Tip=1"),
        request(voice, form, "voice/connect", query="?ref=ring-2", signed=signature),
        request(voice, form, "voice/answer", signed=signature),
        request(voice, form | {"AccountSid": "AC" + "9" * 32}, "voice/connect"),
    )
    assert 200 == await status(adapter, good)
    assert [403] * len(forged) == [await status(adapter, told) for told in forged]


async def test_seams_that_move_are_refused(voice: TwilioVoiceStandIn, adapter: TwilioVoice) -> None:
    """Fields that sign alike but begin and end elsewhere, and one that is there twice, are no hook of ours."""
    form = {"AccountSid": ACCOUNT, "CallSid": CHILD.sid, "CallStatus": "completed", "ParentCallSid": PARENT.sid}
    moved = {"AccountSid": ACCOUNT, "CallSid": f"{CHILD.sid}CallStatuscompleted", "ParentCallSid": PARENT.sid}
    assert voice.hooks.sign("x", form) == voice.hooks.sign("x", moved)
    assert 400 == await status(adapter, request(voice, moved, "voice/customer"))
    into = request(voice, {}, "voice/customer", query=f"?ref=ring-1AccountSid{ACCOUNT}")
    assert 403 == await status(adapter, into)
    twice = urlencode([*form.items(), ("CallStatus", "completed")]).encode()
    assert 400 == await status(adapter, request(voice, form, "voice/customer", body=twice))


async def test_method_type_and_step(voice: TwilioVoiceStandIn, adapter: TwilioVoice) -> None:
    """Another step gets a 404, another method a 405, another type a 415; there are no messages."""
    good = request(voice, STATUS)
    headers = {**good.headers, "Content-Type": "application/json"}
    assert [404, 405, 415] == [
        await status(adapter, request(voice, STATUS, "voice/other")),
        await status(adapter, WebhookRequest("GET", good.step, good.url, good.query, good.headers, good.body)),
        await status(adapter, WebhookRequest("POST", good.step, good.url, good.query, headers, good.body)),
    ]
    with pytest.raises(WebhookRefused, match="no messages"):
        await adapter.webhook(good)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("queued", []),
        ("initiated", []),
        ("something-new", []),
        ("ringing", ["ringing"]),
        ("in-progress", ["answered"]),
        ("busy", ["busy"]),
        ("no-answer", ["no_answer"]),
        ("failed", ["failed"]),
        ("canceled", ["canceled"]),
        ("completed", ["completed"]),
    ],
)
async def test_statuses(voice: TwilioVoiceStandIn, adapter: TwilioVoice, told: str, expected: list[str]) -> None:
    """Each of Twilio's statuses is one of ours, or says nothing new and is answered all the same."""
    hook = await adapter.hook(request(voice, STATUS | {"CallStatus": told}))
    assert ("ring-1", expected) == (hook.reference, [report.state for report in hook.reports])


async def test_a_dial_that_never_rang(voice: TwilioVoiceStandIn, adapter: TwilioVoice) -> None:
    """A customer's leg that never came to be has failed, under the id of the agent's."""
    hook = await adapter.hook(request(voice, dialed_form(PARENT, None), "voice/done"))
    failed = CallReport("ring-1", "customer", PARENT.sid, "failed", detail="The call could not be connected")
    assert (failed,) == hook.reports


async def test_both_tellings_of_an_end_have_one_key(voice: TwilioVoiceStandIn, adapter: TwilioVoice) -> None:
    """How a customer's leg has ended is the same report, from its own callback and from the agent's leg."""
    (own,) = (await adapter.hook(request(voice, status_form(CHILD, Phone()), "voice/customer"))).reports
    (dial,) = (await adapter.hook(request(voice, DONE, "voice/done"))).reports
    assert own == dial == CallReport("ring-1", "customer", CHILD.sid, "completed", duration=timedelta(seconds=42))


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"SipResponseCode": "486"}, "The line is busy"),
        ({"SipResponseCode": "599"}, "The call could not be connected (the network's answer 599)"),
        ({"ErrorCode": "13227"}, "Our Twilio account may not call this country"),
        ({"ErrorCode": "13999"}, "The call could not be connected (Twilio's error 13999)"),
        ({"ErrorCode": "0", "SipResponseCode": ""}, "The call could not be connected"),
    ],
)
async def test_why_a_leg_failed(
    voice: TwilioVoiceStandIn, adapter: TwilioVoice, fields: dict[str, str], detail: str
) -> None:
    """Twilio's code or the network's answer becomes words for the agent."""
    hook = await adapter.hook(request(voice, STATUS | {"CallStatus": "failed"} | fields))
    assert [detail] == [report.detail for report in hook.reports]


@pytest.mark.parametrize(
    ("step", "form", "query"),
    [
        ("voice/status", STATUS, ""),
        ("voice/status", STATUS, "?ref=%00"),
        ("voice/status", STATUS, "?ref=" + "x" * 65),
        ("voice/status", STATUS | {"CallSid": "SM" + "1" * 32}, None),
        ("voice/status", STATUS | {"CallStatus": "RINGING"}, None),
        ("voice/status", STATUS | {"CallStatus": "completed", "CallDuration": "-1"}, None),
        ("voice/status", STATUS | {"CallStatus": "failed", "ErrorCode": "x"}, None),
        ("voice/status", STATUS | {"CallStatus": "failed", "SipResponseCode": "999"}, None),
        ("voice/answer", STATUS | {"CallSid": ""}, None),
        ("voice/connect", request_form(PARENT), None),
        ("voice/connect", request_form(PARENT, Digits="12"), None),
        ("voice/connect", request_form(PARENT, Digits="hangup"), None),
        ("voice/customer", STATUS, None),
        ("voice/done", STATUS, None),
        ("voice/done", DONE | {"DialCallSid": "x"}, None),
        ("voice/done", DONE | {"DialCallDuration": "\u0664"}, None),
    ],
)
async def test_a_field_that_does_not_look_like_itself(
    voice: TwilioVoiceStandIn, adapter: TwilioVoice, step: str, form: dict[str, str], query: str | None
) -> None:
    """Rightly signed, and still no hook: a 400."""
    assert 400 == await status(adapter, request(voice, form, step, query="?ref=ring-1" if query is None else query))


async def test_an_unknown_end_of_a_dial(voice: TwilioVoiceStandIn, adapter: TwilioVoice) -> None:
    """A status that Twilio may add says nothing, and ends the agent's leg like any other."""
    hook = await adapter.hook(request(voice, DONE | {"DialCallStatus": "something-new"}, "voice/done"))
    assert CallHook("ring-1", reply=adapter.script("answer", None)) == hook


async def test_two_tokens_during_a_rotation(voice: TwilioVoiceStandIn) -> None:
    """With two tokens a hook signed by either is believed; without the signer's, it is not."""
    told = request(voice, STATUS)
    async with channel(voice, auth_token=[SecretStr("new"), SecretStr(TOKEN)]) as rotating:
        assert 200 == await status(rotating, told)
    async with channel(voice, auth_token=SecretStr("new")) as rotated:
        assert 403 == await status(rotated, told)
