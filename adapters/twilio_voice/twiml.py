"""What Twilio is told to do with the agent's leg. Words are spoken there and nowhere else.

The one sentence is a fact for staff, spoken before the customer's phone rings; the customer's leg is a bare `Number`,
without the `url` that could play something to it. Verbs after https://www.twilio.com/docs/voice/twiml/gather,
https://www.twilio.com/docs/voice/twiml/dial and https://www.twilio.com/docs/voice/twiml/number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from gateway.channels.contract import Reply
from gateway.channels.voice import Announcement, Ring

EVENTS: Final = ("ringing", "answered", "completed")
"""Of what a leg goes through, what we are told."""
AGENT_SECONDS: Final = 25
"""How long an agent's phone rings: less than most voicemails wait, and short enough to ask the next one."""
CUSTOMER_SECONDS: Final = 30
KEY_SECONDS: Final = 6
"""How long a key is waited for, once the announcement has been said twice."""
MOST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Script:
    """What can be told about one ring. `number` is what the customer's phone shows, `hook` the URL of a step."""

    ring: Ring
    number: str
    hook: Callable[[str], str]
    record: bool

    def announced(self) -> Reply:
        """The agent hears whom they are about to call; any key calls, and without one the call ends."""
        response = Element("Response")
        # An empty finishOnKey, since # is any key too.
        keys = {"input": "dtmf", "numDigits": "1", "finishOnKey": "", "timeout": str(KEY_SECONDS)}
        gather = SubElement(response, "Gather", keys | {"action": self.hook("connect"), "method": "POST"})
        said = f"Teamline. You are about to call {_who(self.ring.announce)}. Press any key to be connected."
        SubElement(gather, "Say", {"loop": "2"}).text = said
        SubElement(response, "Hangup")
        return _reply(response)

    def announced_and_dialed(self) -> Reply:
        """The agent hears whom they are being connected to, and the customer's phone rings."""
        response = Element("Response")
        SubElement(response, "Say").text = f"Teamline. You are being connected to {_who(self.ring.announce)}."
        self._dial(response)
        return _reply(response)

    def dialed(self) -> Reply:
        """The customer's phone rings; the agent hears it ring."""
        response = Element("Response")
        self._dial(response)
        return _reply(response)

    def _dial(self, response: Element) -> None:
        shown = {"callerId": self.number, "timeout": str(CUSTOMER_SECONDS), "answerOnBridge": "true"}
        recorded = {"record": "record-from-answer-dual"} if self.record else {}
        after = {"action": self.hook("done"), "method": "POST"}
        dial = SubElement(response, "Dial", shown | recorded | after)
        told = {"statusCallback": self.hook("customer"), "statusCallbackMethod": "POST"}
        told["statusCallbackEvent"] = " ".join(EVENTS)
        SubElement(dial, "Number", told).text = self.ring.customer_number


def over() -> Reply:
    """The agent's leg ends."""
    response = Element("Response")
    SubElement(response, "Hangup")
    return _reply(response)


def _who(announcement: Announcement) -> str:
    """The name without what XML has no room for, or what would not be spoken."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in announcement.customer or "")
    return " ".join(kept.split())[:MOST_NAME].rstrip() or "a customer"


def _reply(response: Element) -> Reply:
    return Reply(200, tostring(response, encoding="UTF-8", xml_declaration=True), "text/xml; charset=utf-8")
