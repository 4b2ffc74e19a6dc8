"""Which messages end, reopen or ask about texts, and when Twilio has answered them."""

from __future__ import annotations

import pytest

from adapters.twilio_sms.opt import WORDS, opt
from gateway.channels.contract import Opt
from gateway.channels.testing import failure
from gateway.domain.address import Address
from tests.adapters.twilio_sms.playing import OURS, SERVICE, THEIRS, channel, outbound, request
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_rules import HELP, START, STOP


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("STOP", ("out", True)),
        (" stop\n", ("out", True)),
        ("sToP", ("out", True)),
        ("Stop.", ("out", False)),
        ("STOP ALL", ("out", False)),
        ("opt out", ("out", False)),
        ("Opt-Out!", ("out", False)),
        ("revoke", ("out", True)),
        ("Unsubscribe", ("out", True)),
        ("START", ("in", True)),
        ("unstop", ("in", True)),
        ("  Start ", ("in", True)),
        ("UNSTOP!!", (None, False)),
        ("unstop?", (None, False)),
        ("un-stop", (None, False)),
        ("start.", (None, False)),
        ("\u017ftart", (None, False)),
        ("help", ("help", True)),
        ("Info?", ("help", False)),
        ("YES", (None, False)),
        ("stop please", (None, False)),
        ("Please don't stop", (None, False)),
        ("stop" + " " * 40, (None, False)),
        ("", (None, False)),
        ("\u202estop", ("out", False)),
    ],
)
def test_words(body: str, expected: tuple[Opt | None, bool]) -> None:
    """A message counts when it is nothing but the word, and opens again only when it is exactly that; Twilio answers
    only what it takes for one."""
    assert expected == opt(body, OURS, "sms")


@pytest.mark.parametrize(
    ("endpoint", "kind"), [("72975", "sms"), (f"whatsapp:{OURS}", "whatsapp"), ("rcs:brand_agent", "rcs")]
)
def test_where_twilio_may_not_answer(endpoint: str, kind: str) -> None:
    """On short codes and apps the word counts, and nothing is claimed of an answer."""
    assert ("out", False) == opt("STOP", endpoint, kind)


@pytest.mark.parametrize(("told", "expected"), [("STOP", "out"), ("START", "in"), ("HELP", "help"), ("stop", "out")])
def test_twilios_own_word_for_it(told: str, expected: Opt) -> None:
    """With Advanced Opt-Out Twilio says what it took a message for, in any language, and has answered."""
    assert (expected, True) == opt("arr\u00eatez", "72975", "sms", told)
    assert (None, False) == opt("arr\u00eatez", OURS, "sms", "SOMETHING")


def test_every_word_of_twilios_counts() -> None:
    """All that Twilio lists is here, but YES."""
    listed = {word.casefold() for word in STOP | START | HELP} - {"yes"}
    assert listed == set(WORDS)


@pytest.mark.parametrize("advanced", [False, True])
async def test_stop_closes_and_start_reopens(advanced: bool) -> None:
    """After STOP Twilio refuses what we send to that customer from that number, until START."""
    async with TwilioStandIn() as twilio, channel(twilio) as adapter:
        form = twilio.text_form(THEIRS, OURS, "STOP") | ({"OptOutType": "STOP"} if advanced else {})
        (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
        assert ("out", True) == (inbound.opt, inbound.answered)
        twilio.rules.hear(THEIRS, OURS, "STOP")
        error = await failure(adapter, outbound())
        assert ("opted_out", "21610") == ((error.verdict, error.code) if error else None)
        await adapter.send(outbound(to=Address("sms", "+17205550112")))
        twilio.rules.hear(THEIRS, OURS, "START")
        await adapter.send(outbound())
    assert 2 == len(twilio.accepted)


async def test_a_service_with_advanced_opt_out_answers_on_whatsapp() -> None:
    """`OptOutType` counts wherever it comes."""
    async with TwilioStandIn() as twilio, channel(twilio, messaging_service_sid=SERVICE) as adapter:
        form = twilio.text_form(f"whatsapp:{THEIRS}", f"whatsapp:{OURS}", "stop", OptOutType="STOP")
        (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
        assert ("out", True) == (inbound.opt, inbound.answered)
