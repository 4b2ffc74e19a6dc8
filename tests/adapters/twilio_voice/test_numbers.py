"""Which numbers are never called, and why."""

from __future__ import annotations

import pytest

from gateway.channels.numbers import KINDS, e164, refusal
from tests.adapters.twilio_voice.playing import AGENT, CUSTOMER, OURS, channel, failure, ring, telephone

HOME = ("US", "CA")
EMERGENCY = "An emergency number is never called"
PREMIUM = "A premium-rate number is never called"
ELSEWHERE = "Calls go only to these countries: US, CA"
NOT_THERE = "There is no such telephone number"
NO_NUMBER = "This is no telephone number that we can read; write it with its country's code in front"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (CUSTOMER, None),
        ("+14165550123", None),
        ("+18005550199", None),
        ("911", EMERGENCY),
        ("112", EMERGENCY),
        ("+1911", EMERGENCY),
        ("+1112", EMERGENCY),
        ("411", "A short number is never called"),
        ("72975", "A short number is never called"),
        ("+19005550100", PREMIUM),
        ("+13039760100", PREMIUM),
        ("+13035551212", PREMIUM),
        ("+15005550006", "A follow-me number is never called, for nobody knows what it costs"),
        ("+11115550100", NOT_THERE),
        ("+19115550100", NOT_THERE),
        ("+17002223333", NOT_THERE),
        ("+18765550123", ELSEWHERE),
        ("+442079460000", ELSEWHERE),
        ("+870773111632", ELSEWHERE),
        ("+449098790000", ELSEWHERE),
        ("+80012345678", ELSEWHERE),
        ("3035550111", NO_NUMBER),
        ("+1 303 555 0111", NO_NUMBER),
        ("+1303555011\u0661", NO_NUMBER),
        ("+1303555011112345", NO_NUMBER),
        ("sip:ana@example.com", NO_NUMBER),
        ("client:ana", NO_NUMBER),
        ("+13035550111;ext=9", NO_NUMBER),
        ("", NO_NUMBER),
        ("\x00", NO_NUMBER),
        ("9" * 1_000, NO_NUMBER),
    ],
)
def test_reasons(number: str, reason: str | None) -> None:
    """Each kind of number that is not called has its reason; those that may be have none."""
    assert reason == refusal(number, HOME)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+442079460000", None),
        ("+449098790000", PREMIUM),
        ("+44999", EMERGENCY),
        ("999", EMERGENCY),
        (CUSTOMER, "Calls go only to these countries: GB"),
    ],
)
def test_another_country(number: str, reason: str | None) -> None:
    """Countries come from the configuration, with their own emergency and premium numbers."""
    assert reason == refusal(number, ("GB",))


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+442079460000", None),
        (CUSTOMER, None),
        ("+449098790000", PREMIUM),
        ("+44999", EMERGENCY),
        ("+1911", EMERGENCY),
        ("911", "A short number is never called"),
        ("+11115550100", NOT_THERE),
    ],
)
def test_any_country(number: str, reason: str | None) -> None:
    """Where a person dials by hand the country is no matter; what the number is still is."""
    assert reason == refusal(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+17205550111", CUSTOMER),
        ("+1 (720) 555-0111", CUSTOMER),
        ("tel:+1-720-555-0111", CUSTOMER),
        ("(303) 555-0111", None),
        ("+1 303 555 0111 ext. 9", None),
        ("911", None),
        ("", None),
    ],
)
def test_how_people_write(text: str, number: str | None) -> None:
    """A number may be grouped as people do, with its country's code in front."""
    assert number == e164(text)


@pytest.mark.parametrize(
    ("text", "near", "number"),
    [
        ("(303) 555-0142", ("US", "CA"), "+13035550142"),  # one code, so one number
        ("303.555.0142", ("US",), "+13035550142"),
        ("020 7946 0000", ("GB",), "+442079460000"),
        ("020 7946 0000", ("US", "CA"), None),
        ("+44 20 7946 0000", ("US",), "+442079460000"),  # its own code goes first
        ("0664 1234567", ("AT", "DE"), None),  # may be of either
        ("(303) 555-0142 ext. 9", ("US",), None),
        ("911", ("US",), None),
        ("303-555", ("US",), None),
        ("(303) 555-0142", (), None),
    ],
)
def test_how_people_write_at_home(text: str, near: tuple[str, ...], number: str | None) -> None:
    """Without its country's code it is a number of a country that is near, if of one only."""
    assert number == e164(text, near)


def test_no_reason_repeats_the_number() -> None:
    """What is said of a number does not contain it."""
    assert [] == [reason for reason in KINDS.values() if reason and any(c.isdigit() for c in reason)]


@pytest.mark.parametrize("changes", [{"customer_number": "+19005550100"}, {"agent_number": "911"}])
async def test_a_refused_number_is_never_rung(changes: dict[str, str]) -> None:
    """The channel itself refuses, on either side, before Twilio hears of it."""
    async with telephone() as voice, channel(voice) as adapter:
        error = await failure(adapter.ring(ring(**changes)))
        assert ("permanent", 0) == (error and error.verdict, voice.requests)


async def test_a_refused_number_is_never_dialed() -> None:
    """A ring whose customer's number may not be called, or is our own, ends the agent's leg instead."""
    async with telephone() as voice, channel(voice) as adapter:
        over = adapter.script("answer", None)
        for number in ("911", OURS):
            assert [over, over] == [
                adapter.script(asked, ring(customer_number=number)) for asked in ("answer", "connect")
            ]
        assert ("This is our own number", None) == (adapter.allowed(OURS), adapter.allowed(AGENT))
