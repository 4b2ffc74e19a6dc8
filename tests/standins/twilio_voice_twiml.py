"""TwiML as the stand-in for Twilio's telephone reads it: strictly, by the documented verbs, attributes and nesting.

After https://www.twilio.com/docs/voice/twiml and its pages say, gather, pause, dial, number and hangup. Real Twilio
warns of what it does not know (12200) and goes on; here that is an error, since ours has no reason for it.
Verbs that exist but are not played here (Play, Redirect, Conference and so on) are errors as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, fromstring

from tests.standins.twilio_api import Answer

EVENTS: Final = frozenset({"initiated", "ringing", "answered", "completed"})
RECORD: Final = frozenset(
    {"do-not-record"} | {f"record-from-{since}{sides}" for since in ("answer", "ringing") for sides in ("", "-dual")}
)


class TwimlError(Exception):
    """A document that Twilio does not take; `code` is the error in its debugger."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Rule:
    """What a verb or noun may have: attributes with what they allow (None: any text), children, text."""

    attributes: Mapping[str, frozenset[str] | str | None]
    children: frozenset[str] = frozenset()
    text: bool = False


_METHOD: Final = frozenset({"GET", "POST"})
_BOOL: Final = frozenset({"true", "false"})

RULES: Final[dict[str, Rule]] = {
    "Response": Rule({}, frozenset({"Say", "Gather", "Pause", "Dial", "Hangup"})),
    "Say": Rule({"voice": None, "language": None, "loop": "number"}, text=True),
    "Pause": Rule({"length": "number"}),
    "Hangup": Rule({}),
    "Gather": Rule(
        {
            "input": frozenset({"dtmf"}),
            "action": "url",
            "method": _METHOD,
            "timeout": "number",
            "finishOnKey": frozenset({*"0123456789#*", ""}),
            "numDigits": "number",
            "actionOnEmptyResult": _BOOL,
        },
        frozenset({"Say", "Pause"}),
    ),
    "Dial": Rule(
        {
            "action": "url",
            "method": _METHOD,
            "timeout": "number",
            "timeLimit": "number",
            "callerId": None,
            "answerOnBridge": _BOOL,
            "hangupOnStar": _BOOL,
            "record": RECORD,
        },
        frozenset({"Number"}),
    ),
    "Number": Rule(
        {
            "url": "url",
            "method": _METHOD,
            "sendDigits": None,
            "statusCallback": "url",
            "statusCallbackMethod": _METHOD,
            "statusCallbackEvent": "events",
        },
        text=True,
    ),
}


def document(answer: Answer) -> Element:
    """What a webhook answered, if Twilio can play it. Raises TwimlError."""
    if answer.status != 200:
        raise TwimlError(11200, f"HTTP {answer.status}")
    if answer.content_type.partition(";")[0].strip() not in ("text/xml", "application/xml"):
        raise TwimlError(12300, f"Content-Type {answer.content_type}")
    try:
        root = fromstring(answer.body.encode())
    except ParseError as error:
        raise TwimlError(12100, str(error)) from None
    if root.tag != "Response":
        raise TwimlError(12102, f"the root is {root.tag}")
    _check(root)
    return root


def _check(element: Element) -> None:
    rule = RULES[element.tag]
    for name, value in element.attrib.items():
        if name not in rule.attributes or not _allows(rule.attributes[name], value):
            raise TwimlError(12200, f'{element.tag} has {name}="{value}"')
    inside = (element.text or "") + "".join(child.tail or "" for child in element)
    if inside.strip() and not rule.text:
        raise TwimlError(12200, f"{element.tag} has text")
    if rule.text and not inside.strip():
        raise TwimlError(12200, f"{element.tag} is empty")
    for child in element:
        if child.tag not in rule.children:
            raise TwimlError(12200, f"{child.tag} in {element.tag}")
        _check(child)


def _allows(allowed: frozenset[str] | str | None, value: str) -> bool:
    match allowed:
        case None:
            return bool(value)
        case "number":
            return value.isascii() and value.isdigit() and int(value) > 0
        case "url":
            return urlsplit(value).scheme in ("http", "https")
        case "events":
            return bool(value) and set(value.split(" ")) <= EVENTS
    return value in allowed
