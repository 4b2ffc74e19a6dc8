"""Sending through Twilio, by real HTTP to the stand-in: what leaves, and what each answer means."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import get_args
from unittest.mock import MagicMock

import pytest
from pydantic import SecretStr

from adapters.twilio_sms import TwilioSmsType, codes
from adapters.twilio_sms.adapter import TwilioSms
from adapters.twilio_sms.pace import Pace
from gateway.channels.config import Destination
from gateway.channels.contract import Context, SendResult, Verdict
from gateway.channels.testing import failure
from gateway.domain.address import Address
from gateway.domain.delivery import Reported
from tests.adapters.twilio_sms.playing import OURS, PUBLIC, SERVICE, THEIRS, channel, config, outbound
from tests.standins.twilio import TOKEN, TwilioStandIn
from tests.standins.twilio_api import Fault


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        yield standin


async def test_what_leaves(twilio: TwilioStandIn) -> None:
    """A reply goes from the number that the customer wrote to, with a callback that carries its reference."""
    async with channel(twilio) as adapter:
        result = await adapter.send(outbound("on my way", n=7))
    (message,) = twilio.accepted
    assert (result.provider_id, THEIRS, OURS, "on my way") == (message.sid, message.to, message.from_, message.body)
    assert f"{PUBLIC}/hooks/sms/status?ref=ref-7" == message.status_callback


async def test_whatsapp_goes_out_on_whatsapp(twilio: TwilioStandIn) -> None:
    """Both ends of a WhatsApp message have its prefix, and neither end of a text has."""
    async with channel(twilio) as adapter:
        await adapter.send(outbound(to=Address("whatsapp", THEIRS)))
        await adapter.send(outbound(to=Address("whatsapp", THEIRS), endpoint=f"whatsapp:{OURS}"))
        await adapter.send(outbound(endpoint=f"whatsapp:{OURS}"))
    both = (f"whatsapp:{THEIRS}", f"whatsapp:{OURS}")
    assert [both, both, (THEIRS, OURS)] == [(message.to, message.from_) for message in twilio.accepted]


async def test_a_number_that_is_not_listed_sends_by_the_service(twilio: TwilioStandIn) -> None:
    """Where the endpoint is not listed, the Messaging Service sends, from the number that the customer knows; without
    a service, it is our configuration."""
    async with channel(twilio, messaging_service_sid=SERVICE) as adapter:
        asked = outbound(endpoint="+13035550142")
        result = await adapter.send(asked)
        assert (result,) == await adapter.look_up(asked)
    assert [(SERVICE, "+13035550142")] == [
        (message.messaging_service_sid, message.from_) for message in twilio.accepted
    ]
    async with channel(twilio) as adapter:
        error = await failure(adapter, outbound(endpoint="+13035550142"))
    assert "configuration" == (error.verdict if error else None)


@pytest.mark.parametrize(
    ("fault", "verdict", "taken"),
    [
        ("429", "transient", 0),
        ("500", "ambiguous", 0),
        ("503", "ambiguous", 0),
        ("500 after", "ambiguous", 1),
        ("401", "configuration", 0),
        ("21610", "opted_out", 0),
        ("nonsense", "ambiguous", 0),
        ("hang", "ambiguous", 0),
        ("hang after", "ambiguous", 1),
        ("reset", "ambiguous", 1),
        ("failed", "permanent", 1),
    ],
)
async def test_verdicts(twilio: TwilioStandIn, fault: Fault, verdict: Verdict, taken: int) -> None:
    """Each way a send goes wrong has its verdict; only what surely was not sent may be tried again."""
    async with channel(twilio, patience=0.5) as adapter:
        twilio.fail_next(fault)
        error = await failure(adapter, outbound())
    assert (verdict, taken) == (error.verdict if error else None, len(twilio.accepted))


async def test_retry_after_is_passed_on(twilio: TwilioStandIn) -> None:
    """Twilio's own wish how long to wait comes with the error."""
    async with channel(twilio) as adapter:
        twilio.fail_next("429")
        error = await failure(adapter, outbound())
    assert ("20429", timedelta(seconds=7)) == ((error.code, error.retry_after) if error else None)


async def test_a_refused_connection_has_sent_nothing(twilio: TwilioStandIn) -> None:
    """What fails before the connection stands may be tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with channel(twilio, api_base_url=f"http://127.0.0.1:{free.getsockname()[1]}") as adapter:
            error = await failure(adapter, outbound())
    assert "transient" == (error.verdict if error else None)


async def test_tls_that_fails_has_sent_nothing(twilio: TwilioStandIn) -> None:
    """A server that cannot do TLS never gets the request."""
    async with channel(twilio, api_base_url=twilio.url.replace("http", "https")) as adapter:
        error = await failure(adapter, outbound())
    assert ("transient", 0) == (error.verdict if error else None, twilio.requests)


async def test_either_token_sends_during_a_rotation(twilio: TwilioStandIn) -> None:
    """A token that Twilio does not accept (any more, or yet) gives way to the other, and the message goes once."""
    async with channel(twilio, auth_token=[SecretStr("new"), SecretStr(TOKEN)]) as adapter:
        result = await adapter.send(outbound())
    assert [result.provider_id] == [message.sid for message in twilio.accepted]


async def test_a_wrong_token_is_our_configuration(twilio: TwilioStandIn) -> None:
    """When no token is accepted, admins hear of it and nothing is tried again."""
    async with channel(twilio, auth_token=SecretStr("wrong")) as adapter:
        error = await failure(adapter, outbound())
    assert ("configuration", "20003") == ((error.verdict, error.code) if error else None)


@pytest.mark.parametrize("fault", ["500 after", "hang after", "reset"])
async def test_a_lost_answer_is_looked_up(twilio: TwilioStandIn, fault: Fault) -> None:
    """A message whose answer was lost is found in Twilio's list, by customer, text and time."""
    asked = outbound()
    async with channel(twilio, patience=0.5) as adapter:
        await adapter.send(outbound("something else"))
        twilio.fail_next(fault)
        assert await failure(adapter, asked)
        assert (SendResult(twilio.accepted[1].sid),) == await adapter.look_up(asked)


async def test_a_look_up_passes_over_what_does_not_fit(twilio: TwilioStandIn) -> None:
    """Older messages, other customers' and those that Twilio gave up on are not ours to claim; twins both are, the
    oldest first."""
    async with channel(twilio) as adapter:
        for _ in range(4):
            await adapter.send(outbound())
        await adapter.send(outbound(to=Address("sms", "+17205550112")))
        old, failed, *twins, _ = twilio.accepted
        old.created = old.created.replace("20", "19", 1)
        failed.status = "undelivered"
        assert tuple(SendResult(twin.sid) for twin in twins) == await adapter.look_up(outbound())
        assert () == await adapter.look_up(outbound("never sent"))


def test_a_number_keeps_its_pace() -> None:
    """Turns of a paced number are evenly spaced, and an idle number starts at once."""
    now = 100.0
    pace = Pace(lambda: now)
    slow = Destination(team="team", per_second=2)
    assert [0.0, 0.5, 1.0] == [pace.delay(OURS, slow) for _ in range(3)]
    assert [0.0, 0.0] == [pace.delay(THEIRS, None) for _ in range(2)]
    now = 105.0
    assert 0.0 == pace.delay(OURS, slow)


def test_a_change_of_the_file_keeps_the_pace() -> None:
    """A channel that is made anew for the same account goes on where the one before it was."""
    kind, context = TwilioSmsType(), Context("sms", PUBLIC, MagicMock())
    before = kind.create(config(), context)
    after = kind.create(config(numbers={OURS: "other"}), context)
    elsewhere = kind.create(config(account_sid="AC" + "3" * 32), context)
    assert isinstance(before, TwilioSms)
    assert isinstance(after, TwilioSms)
    assert isinstance(elsewhere, TwilioSms)
    assert (before.memory is after.memory, before.memory is elsewhere.memory) == (True, False)


async def test_a_burst_waits_its_turn(twilio: TwilioStandIn) -> None:
    """More than a number may send at once goes out at its pace, and Twilio need not refuse any of it."""
    twilio.rules.rates[OURS], twilio.rules.window = 20, 0.25
    async with channel(twilio, numbers={OURS: {"team": "team", "per_second": 40}}) as adapter:
        await asyncio.gather(*(adapter.send(outbound(f"{n}", n=n)) for n in range(24)))
    assert 24 == len(twilio.accepted)


async def test_too_fast_is_tried_again_later(twilio: TwilioStandIn) -> None:
    """Without a pace Twilio says no to what is too much, for now and with a time."""
    twilio.rules.rates[OURS] = 1
    async with channel(twilio) as adapter:
        await adapter.send(outbound())
        error = await failure(adapter, outbound(n=1))
    assert ("transient", "20429", timedelta(seconds=1)) == (
        (error.verdict, error.code, error.retry_after) if error else None
    )


@pytest.mark.parametrize(
    ("code", "page"),
    [
        ("30034", "https://www.twilio.com/docs/api/errors/30034"),
        ("63051", "https://www.twilio.com/docs/api/errors/63051"),
        ("0", None),
        ("x", None),
        ("3003\u0664", None),
        ("../../x", None),
    ],
)
async def test_a_code_has_a_page(twilio: TwilioStandIn, code: str, page: str | None) -> None:
    """Admins are led to Twilio's own words about a code; what is no code has no page."""
    async with channel(twilio) as adapter:
        assert page == adapter.error_page(code)


async def test_our_addresses_and_typed_ones(twilio: TwilioStandIn) -> None:
    """Plain numbers stand first; a number is typed with its country's code, in any punctuation."""
    numbers = dict.fromkeys((f"whatsapp:{OURS}", "72975", OURS, "rcs:brand_agent"), "team")
    async with channel(twilio, numbers=numbers, messaging_service_sid=SERVICE) as adapter:
        assert (OURS, "72975", f"whatsapp:{OURS}", "rcs:brand_agent") == adapter.endpoints()
        typed = (
            "+17205550111",
            " +1 (720) 555-0111",
            "whatsapp:+1 720 555 0111",
            "(720) 555-0111",
            "+0123456",
            "",
            "x",
        )
        sms = Address("sms", THEIRS)
        expected = [sms, sms, Address("whatsapp", THEIRS), None, None, None, None]
        assert expected == [adapter.address(text) for text in typed]


@pytest.mark.parametrize("code", codes.CODES)
def test_every_code_has_words_for_an_agent(code: int) -> None:
    """Each code says in one plain sentence what is wrong, without a full stop, a number of a person or a code."""
    words = codes.words(str(code))
    assert codes.CODES[code][1] == words
    assert words[0].isupper()
    assert not words.endswith(".")
    assert str(code) not in words


def test_statuses_are_ours_or_nothing() -> None:
    """Every status of Twilio's becomes one that a report may have, or none."""
    assert {None, *get_args(Reported)} == set(codes.STATUSES.values())


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, 21211, "permanent"),
        (400, 21606, "configuration"),
        (400, 21611, "transient"),
        (400, 29999, "permanent"),
        (400, None, "permanent"),
        (403, None, "configuration"),
        (404, 20404, "configuration"),
        (301, None, "configuration"),
        (408, None, "ambiguous"),
        (429, 63038, "transient"),
        (500, 21211, "ambiguous"),
    ],
)
def test_http_verdicts(status: int, code: int | None, verdict: Verdict) -> None:
    """The status decides where it says what happened, the code where it says why."""
    assert verdict == codes.verdict(status, code)[0]


def test_the_sdk_is_not_imported_at_start() -> None:
    """The adapter's module, its config and its webhooks do without the twilio package, which is slow to import."""
    check = "import sys, adapters.twilio_sms; sys.exit(any(name.partition('.')[0] == 'twilio' for name in sys.modules))"
    assert 0 == subprocess.run([sys.executable, "-c", check], check=False).returncode
