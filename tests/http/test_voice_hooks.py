"""Webhooks of calls: what is believed, and what the provider is told to do with the agent's leg."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.http.running import ACCOUNT, signed
from tests.journeys.calling import ANAS, CUSTOMERS, Phones, phones
from tests.standins.twilio_voice_calls import Phone

SID = "CA" + "7" * 32
HANGUP = "<Response><Hangup /></Response>"
FORM = {"AccountSid": ACCOUNT, "CallSid": SID, "CallStatus": "ringing"}


@pytest.fixture
async def line(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Phones]:
    """Ana's phone rings until somebody says otherwise."""
    async with phones(engine, tmp_path, monkeypatch) as made:
        made.twilio.phones[ANAS] = Phone("rings")
        yield made


async def ringing(line: Phones) -> str:
    """The reference of a call that rings Ana."""
    booking = await line.book()
    await line.call(booking)
    await line.until(booking, lambda seen: seen["call"]["agent"] == "ringing")
    return line.legs[-1].url.partition("ref=")[2].partition("#")[0]


async def post(line: Phones, step: str, ref: str, form: dict[str, str], **headers: str) -> tuple[int, str]:
    """A request as Twilio makes it, unless `headers` say otherwise; status and body of the answer."""
    path = f"/hooks/voice/voice/{step}?ref={ref}"
    told = headers or signed(line.desk.deps.settings().public_url + path, form)
    async with line.desk.http.post(line.desk.url + path, data=form, headers=told) as answer:
        return answer.status, await answer.text()


async def reports(line: Phones) -> int:
    async def count(tx: Any) -> int:
        return len(await tx.all("SELECT at FROM call_report"))

    return await line.desk.store.read(count)


@pytest.mark.parametrize("signature", ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
async def test_forged(line: Phones, signature: str) -> None:
    """A request without a right signature is refused, and nothing of it is kept."""
    ref = await ringing(line)
    before = await reports(line)
    for step in ("answer", "connect", "status", "customer", "done"):
        form = FORM | {"Digits": "1", "ParentCallSid": SID}
        status, body = await post(line, step, ref, form, **{"X-Twilio-Signature": signature})
        assert (403, False) == (status, "<Dial" in body)
    assert before == await reports(line)


async def test_replayed(line: Phones) -> None:
    """A request that comes again, signed as it was, is answered alike and changes nothing."""
    line.twilio.phones[ANAS] = Phone()
    line.twilio.phones[CUSTOMERS] = Phone(seconds=None)
    booking = await line.book()
    await line.call(booking)
    seen = await line.until(booking, lambda seen: seen["call"]["customer"] == "answered")
    before = await reports(line)
    for step in ("answer", "connect", "status", "customer"):
        again = await line.twilio.again(step)
        assert 200 == again.status
    assert (before, seen["call"]) == (await reports(line), (await line.see(booking))["call"])
    line.twilio.hang_up(line.legs[1])
    await line.over(booking)
    assert 200 == (await line.twilio.again("done")).status


async def test_a_replay_after_the_end_calls_nobody(line: Phones) -> None:
    """Once a call is over, whoever asks what to do with its leg is told to hang up."""
    line.twilio.phones[ANAS] = Phone()
    booking = await line.book()
    await line.call(booking)
    await line.over(booking)
    for step in ("answer", "connect"):
        again = await line.twilio.again(step)
        assert (200, True) == (again.status, HANGUP in again.body)


async def test_the_agent_is_told_what_stands_now(line: Phones) -> None:
    """The leg that we know is told what to do; any other, under whatever reference, hangs up."""
    ref = await ringing(line)
    known = line.legs[-1].sid
    status, announced = await post(line, "answer", ref, FORM | {"CallSid": known})
    assert (200, True, False) == (status, "<Gather" in announced, "<Dial" in announced)
    status, dialed = await post(line, "connect", ref, FORM | {"CallSid": known, "Digits": "1"})
    assert (200, True, False) == (status, CUSTOMERS in dialed, "<Say" in dialed)
    for step, sid, reference in [("answer", SID, ref), ("connect", SID, ref), ("answer", known, "nobody.1")]:
        status, body = await post(line, step, reference, FORM | {"CallSid": sid, "Digits": "1"})
        assert (200, True) == (status, HANGUP in body)


async def test_a_call_that_nobody_knows(line: Phones) -> None:
    """A report of a call that is not (or no more) ours is kept and answered."""
    status, _ = await post(line, "status", "abc.1", FORM)
    assert (200, 1) == (status, await reports(line))


async def test_bounds(line: Phones) -> None:
    """Steps that are none, methods, references and bodies are refused as for messages."""
    http, url = line.desk.http, line.desk.url
    assert 404 == (await post(line, "listen", "abc.1", FORM))[0]
    assert 400 == (await post(line, "status", "a/b", FORM))[0]
    async with http.get(f"{url}/hooks/voice/voice/status?ref=abc.1") as answer:
        assert answer.status in {403, 405}
    big = urlencode({"CallSid": "A" * 70_000})
    async with http.post(f"{url}/hooks/voice/voice/status?ref=abc.1", data=big) as answer:
        assert 413 == answer.status
    async with http.post(f"{url}/hooks/voice/messages", data=FORM) as answer:
        assert 404 == answer.status
    async with http.post(f"{url}/hooks/sms/voice/status?ref=abc.1", data=FORM) as answer:
        assert answer.status in {403, 404}
    assert 0 == await reports(line)


async def test_calling_over_http(line: Phones) -> None:
    """Without a phone of one's own the answer says what to do; a second press while it rings is refused."""
    assert 200 == (await line.desk.call("ana", "PUT", "/me", {"phone": None}))[0]
    booking = await line.book()
    status, problem = await line.call(booking)
    assert (409, "/problems/no-phone") == (status, problem["type"])
    await line.desk.call("ana", "PUT", "/me", {"phone": ANAS})
    key = {"Idempotency-Key": "k1"}
    first = await line.desk.call("ana", "POST", f"/bookings/{booking}/call", headers=key)
    assert first == await line.desk.call("ana", "POST", f"/bookings/{booking}/call", headers=key)
    assert (200, 409) == (first[0], (await line.call(booking))[0])
    assert 404 == (await line.call("999999"))[0]


async def test_the_team_sees_it_as_it_goes(line: Phones) -> None:
    """Each step of a call comes to open consoles with the booking as it stands; customers are told nothing of it."""
    _, inbox = await line.desk.call("ana", "GET", "/threads?view=all")
    headers = {"Authorization": f"Bearer {line.desk.tokens['ana']}", "Last-Event-ID": inbox["feed"]}
    line.twilio.phones[ANAS] = Phone()
    booking = await line.book()
    await line.call(booking)
    await line.over(booking)
    async with line.desk.http.get(f"{line.desk.url}/api/agent/v1/events", headers=headers) as stream:
        seen = b""
        while b'"seconds":42' not in seen:
            seen += await stream.content.readany()
    assert b"event: call.changed\n" in seen
    assert b'"customer":"ringing"' in seen or b'"customer":"completed"' in seen
