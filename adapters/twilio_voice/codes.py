"""Twilio's vocabulary of calls as data: their status -> ours; their error code -> our verdict, and words for an agent.

Statuses after https://www.twilio.com/docs/voice/api/call-resource#call-status-values and, of a customer's leg,
https://www.twilio.com/docs/voice/twiml/dial#action; codes after https://www.twilio.com/docs/api/errors; SIP answers
after RFC 3261, 21.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.channels.voice import CallState, CallVerdict

STATUSES: Final[dict[str, CallState | None]] = {
    "queued": None,
    "initiated": None,
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "canceled",
}

DIAL_STATUSES: Final[dict[str, CallState]] = {
    "completed": "completed",
    "answered": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "canceled",
}
"""How a customer's leg has ended, as Twilio tells the agent's."""

NOT_IN_PROGRESS: Final = 21220
"""The answer to hanging up a call that has ended."""
TOO_MANY: Final = 20429

CODES: Final[dict[int, tuple[CallVerdict, str]]] = {
    # Our account.
    10001: ("configuration", "Our Twilio account is not active"),
    10004: ("transient", "Our Twilio account has too many calls at once"),
    20003: ("configuration", "Twilio does not accept our account's token"),
    20005: ("configuration", "Our Twilio account is not active"),
    20404: ("configuration", "Twilio does not know our account, or this call, at this address"),
    20429: ("transient", "Twilio asks us to slow down"),
    21203: ("configuration", "Our Twilio account may not call other countries"),
    21205: ("configuration", "Twilio cannot use our public URL"),
    21215: ("configuration", "Our Twilio account may not call this country"),
    21216: ("configuration", "Our Twilio account may not call this number"),
    21219: ("configuration", "A Twilio trial account may only call verified numbers"),
    21609: ("configuration", "Twilio cannot use our public URL for its reports"),
    13227: ("configuration", "Our Twilio account may not call this country"),
    # Our number.
    13214: ("configuration", "Our number cannot be shown to the one who is called"),
    21210: ("configuration", "Our number is not one of our Twilio account's, nor verified there"),
    21212: ("configuration", "Our number is not valid"),
    21213: ("configuration", "Twilio was given no number of ours to call from"),
    # The number called.
    13223: ("permanent", "The number is not valid"),
    13224: ("permanent", "The number is not valid, or Twilio cannot call it"),
    13225: ("permanent", "Twilio does not call this number"),
    21201: ("permanent", "There was no number to call"),
    21202: ("permanent", "Twilio does not call premium-rate numbers"),
    21211: ("permanent", "The number is not valid"),
    21214: ("permanent", "The number cannot be reached"),
    21217: ("permanent", "The number is not valid"),
}

SIP: Final = {
    403: "The network does not allow this call",
    404: "The number is not in service",
    410: "The number is no longer in service",
    480: "The phone is off or out of reach",
    484: "The number is not complete",
    486: "The line is busy",
    487: "The call was given up",
    503: "The network has no room for the call now",
    603: "The call was declined",
}

WAITS: Final = {TOO_MANY: timedelta(seconds=5), 10004: timedelta(seconds=30)}
"""How long to leave Twilio alone after a code, where it does not say so itself (`Retry-After`)."""
FAILED: Final = "The call could not be connected"


def words(error: str | None, sip: str | None) -> str:
    """What an agent reads about a leg that failed, by Twilio's code or the network's answer, each a number as text."""
    if error is not None and int(error):
        known = CODES.get(int(error))
        return known[1] if known else f"{FAILED} (Twilio's error {int(error)})"
    return FAILED if sip is None else SIP.get(int(sip), f"{FAILED} (the network's answer {int(sip)})")


def verdict(status: int, code: int | None) -> tuple[CallVerdict, str]:
    """What an HTTP answer other than 2xx means for a call, and in what words.

    A 5xx leaves open whether a phone is ringing; a 429 does not, whatever else it says.
    """
    if status >= 500 or status == 408:
        return "ambiguous", "Twilio failed while it had the call"
    if status == 429:
        return CODES[TOO_MANY]
    if code in CODES:
        return CODES[code]
    if status < 400 or status in (401, 403, 404, 405):
        return "configuration", f"Twilio refused our request (HTTP {status})"
    return "permanent", f"Twilio refused the call (error {code})" if code else "Twilio refused the call"
