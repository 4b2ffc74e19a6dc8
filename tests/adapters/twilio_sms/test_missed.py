"""Texts of an outage, brought in from Twilio's own list by real HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.twilio_sms import backlog
from gateway.channels.contract import Inbound, SendError
from gateway.domain.address import Address
from gateway.domain.message import Media
from tests.adapters.twilio_sms.playing import OURS, SERVICE, THEIRS, channel, outbound, request
from tests.standins.twilio import TwilioStandIn

NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(hours=1)
OTHER = "+13035550142"


def at(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        yield standin


async def test_what_was_written_in_an_outage(twilio: TwilioStandIn) -> None:
    """Inbound texts to our number come oldest first, with their time, late, and nothing else of the list does."""
    second = twilio.keep(THEIRS, OURS, "second", at=at(10))
    first = twilio.keep(THEIRS, OURS, "first \u2603", at=at(20))
    twilio.keep(THEIRS, OTHER, "to another number", at=at(15))
    twilio.keep(THEIRS, OURS, "long ago", at=at(90))
    async with channel(twilio) as adapter:
        await adapter.send(outbound("from us"))
        found = await adapter.missed(SINCE)
    assert [
        Inbound(first.sid, Address("sms", THEIRS), OURS, "first \u2603", at=at(20), late=True),
        Inbound(second.sid, Address("sms", THEIRS), OURS, "second", at=at(10), late=True),
    ] == found


async def test_texts_of_one_second_keep_their_order(twilio: TwilioStandIn) -> None:
    """Twilio tells whole seconds; within one, its list has the order."""
    for n in range(5):
        twilio.keep(THEIRS, OURS, str(n), at=at(5) + timedelta(milliseconds=n))
    async with channel(twilio) as adapter:
        assert ["0", "1", "2", "3", "4"] == [inbound.body for inbound in await adapter.missed(SINCE)]


async def test_whatsapp_and_pictures_are_among_it(twilio: TwilioStandIn) -> None:
    """A plain number is also the door of its WhatsApp messages; pictures come with what they are."""
    twilio.keep(f"whatsapp:{THEIRS}", f"whatsapp:{OURS}", "hi", at=at(9))
    seen = twilio.keep(THEIRS, OURS, "", at=at(8), media=[(b"1", "image/png"), (b"22", "image/jpeg")])
    async with channel(twilio) as adapter:
        whatsapp, picture = await adapter.missed(SINCE)
        assert (Address("whatsapp", THEIRS), f"whatsapp:{OURS}") == (whatsapp.sender, whatsapp.endpoint)
        urls = [
            f"{twilio.url}/2010-04-01/Accounts/{twilio.account_sid}/Messages/{seen.sid}/Media/{file.sid}"
            for file in twilio.media.of(seen.sid)
        ]
        assert (Media(urls[0], "image/png"), Media(urls[1], "image/jpeg")) == picture.media
        assert b"22" == await adapter.fetch(picture.media[1], 2)


async def test_it_is_what_the_webhook_would_have_been(twilio: TwilioStandIn) -> None:
    """The same message by both ways has one id and one meaning, opt-out words included."""
    form = twilio.text_form(THEIRS, OURS, "STOP")
    twilio.serves(OURS, "http://127.0.0.1:1/hooks/sms/messages")
    with pytest.raises(OSError):
        await twilio.text(THEIRS, OURS, "STOP", sid=form["MessageSid"])
    async with channel(twilio) as adapter:
        (hooked,) = (await adapter.webhook(request(twilio, form))).inbound
        (listed,) = await adapter.missed(SINCE)
    assert [("out", True), ("out", True)] == [(each.opt, each.answered) for each in (hooked, listed)]
    assert (hooked.provider_id, hooked.body, True) == (listed.provider_id, listed.body, listed.late)


async def test_a_services_numbers_are_found_and_remembered(twilio: TwilioStandIn) -> None:
    """With a Messaging Service the whole list is looked through for what came to it, and vouches for its numbers."""
    twilio.keep(THEIRS, OTHER, "by the service", at=at(5)).messaging_service_sid = SERVICE
    twilio.keep(THEIRS, "+13035550143", "another's", at=at(5)).messaging_service_sid = "MG" + "9" * 32
    twilio.keep(THEIRS, "rcs:brand_agent", "by RCS", at=at(4)).messaging_service_sid = SERVICE
    async with channel(twilio, messaging_service_sid=SERVICE) as adapter:
        assert ["by the service", "by RCS"] == [inbound.body for inbound in await adapter.missed(SINCE)]
        found = adapter.destination(OTHER)
    assert "by-region" == (found.team if found else None)


async def test_many_numbers_are_asked_for_at_once(twilio: TwilioStandIn) -> None:
    """With many numbers the list is asked once instead of twice a number."""
    numbers = [f"+1303555{n:04}" for n in range(20)]
    for n, number in enumerate(numbers):
        twilio.keep(THEIRS, number, str(n), at=at(30 - n))
    async with channel(twilio, numbers=dict.fromkeys(numbers, "team")) as adapter:
        assert [str(n) for n in range(20)] == [inbound.body for inbound in await adapter.missed(SINCE)]
    assert 1 == twilio.requests


async def test_what_no_webhook_could_say_is_left_out(twilio: TwilioStandIn) -> None:
    """A listed message passes the same checks as a webhook."""
    twilio.keep("messenger:4711", OURS, "hi", at=at(5))
    twilio.keep(THEIRS, OURS, "NUL\x00", at=at(4))
    async with channel(twilio) as adapter:
        assert [] == await adapter.missed(SINCE)


async def test_when_twilio_cannot_be_asked(twilio: TwilioStandIn) -> None:
    """It is said, rather than taken for an empty list."""
    async with channel(twilio, auth_token="wrong") as adapter:
        with pytest.raises(SendError) as error:
            await adapter.missed(SINCE)
        assert "configuration" == error.value.verdict
    async with channel(twilio, api_base_url="http://127.0.0.1:1") as adapter:
        with pytest.raises(SendError) as error:
            await adapter.missed(SINCE)
        assert "transient" == error.value.verdict


async def test_a_list_that_takes_too_long(twilio: TwilioStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends in time, and is asked again later."""
    monkeypatch.setattr(backlog, "PATIENCE", 0.001)
    async with channel(twilio) as adapter:
        with pytest.raises(SendError) as error:
            await adapter.missed(SINCE)
    assert "transient" == error.value.verdict


async def test_a_list_without_an_end_is_not_cut_off(twilio: TwilioStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much to hold is refused as a whole, rather than that the oldest texts are lost in silence."""
    for n in range(7):
        twilio.keep(THEIRS, OURS, str(n), at=at(n))
    async with channel(twilio) as adapter:
        assert 7 == len(await adapter.missed(SINCE))
        monkeypatch.setattr("adapters.twilio_sms.sdk.PAGE", 2)
        assert 7 == len(await adapter.missed(SINCE))
        monkeypatch.setattr("adapters.twilio_sms.sdk.MOST_RECEIVED", 4)
        with pytest.raises(SendError, match="more than 4 messages"):
            await adapter.missed(SINCE)


async def test_what_is_not_sent_yet_ends_no_list(twilio: TwilioStandIn) -> None:
    """A message of ours that still waits at Twilio has no time, and those behind it are seen all the same."""
    twilio.keep(THEIRS, OTHER, "hi", at=at(5)).messaging_service_sid = SERVICE
    async with channel(twilio, messaging_service_sid=SERVICE) as adapter:
        await adapter.send(outbound())
        assert ["hi"] == [inbound.body for inbound in await adapter.missed(SINCE)]


async def test_an_hour_with_5000_texts(twilio: TwilioStandIn) -> None:
    """All of them are listed, each once and in order, in a few seconds."""
    for n in range(5_000):
        twilio.keep(f"+1720555{n % 100:04}", OURS, f"text {n}", at=SINCE + timedelta(milliseconds=700 * n))
    async with channel(twilio) as adapter:
        begun = time.process_time()
        found = await adapter.missed(SINCE)
        assert [f"text {n}" for n in range(5_000)] == [inbound.body for inbound in found]
        assert time.process_time() - begun < 5
