"""Twilio's vocabulary as data: their status -> ours; their error code -> our verdict, and words an agent can read.

Statuses after https://www.twilio.com/docs/messaging/api/message-resource#message-status-values, codes after
https://www.twilio.com/docs/api/errors. A code comes in one of two ways: refusing a send (2xxxx, mostly), or with a
status callback about a message that was taken (3xxxx, 63xxx), where the message has failed whatever the verdict: there
"opted_out" closes the pair of addresses and "configuration" is shown to admins.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.channels.contract import Verdict
from gateway.domain.delivery import Reported

STATUSES: Final[dict[str, Reported | None]] = {
    "accepted": None,
    "scheduled": None,
    "queued": None,
    "sending": None,
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
    # What only some of several recipients got, and statuses of inbound messages, tell nothing of ours.
    "partially_delivered": None,
    "receiving": None,
    "received": None,
}

CODES: Final[dict[int, tuple[Verdict, str]]] = {
    # Our account.
    10001: ("configuration", "Our Twilio account is not active"),
    20003: ("configuration", "Twilio does not accept our account's token"),
    20005: ("configuration", "Our Twilio account is not active"),
    20404: ("configuration", "Twilio does not know our account at this address"),
    20429: ("transient", "Twilio asks us to slow down"),
    21609: ("configuration", "Twilio cannot use our public URL for delivery reports"),
    30002: ("configuration", "Our Twilio account is suspended"),
    63038: ("transient", "Our Twilio account has sent all it may in a day"),
    # Our number.
    14107: ("transient", "Too many messages between these two numbers within seconds"),
    21212: ("configuration", "Our number is not valid"),
    21603: ("configuration", "Twilio was given no number of ours to send from"),
    21606: ("configuration", "Our number cannot send texts to this customer"),
    21608: ("configuration", "A Twilio trial account may only write to verified numbers"),
    21611: ("transient", "Too many messages wait at Twilio for our number"),
    21659: ("configuration", "Our number is not one of Twilio's, or of another country"),
    21660: ("configuration", "Our number belongs to another Twilio account"),
    21661: ("configuration", "Our number cannot send texts"),
    21703: ("configuration", "Our Messaging Service has no number"),
    21704: ("configuration", "Our Messaging Service has no number"),
    21701: ("configuration", "Our Messaging Service is not known at Twilio"),
    21705: ("configuration", "Our Messaging Service is not known at Twilio"),
    30024: ("configuration", "The carrier does not know our number yet"),
    30032: ("configuration", "Our toll-free number is not verified"),
    30034: ("configuration", "Our number is not registered for business texts in the US (A2P 10DLC)"),
    30035: ("configuration", "Our number's registration for texts in the US is not done yet (A2P 10DLC)"),
    63001: ("configuration", "Twilio cannot sign in to our WhatsApp or RCS account"),
    63002: ("configuration", "Our WhatsApp number or RCS agent is not found"),
    63007: ("configuration", "Our WhatsApp number or RCS agent is not set up at Twilio"),
    63020: ("configuration", "Twilio's invitation to our WhatsApp account has not been accepted"),
    63051: ("configuration", "WhatsApp has locked our number"),
    # The customer's number.
    21211: ("permanent", "The customer's number is not valid"),
    21265: ("permanent", "A short code cannot get texts"),
    21408: ("configuration", "Our Twilio account may not write to the customer's country"),
    21604: ("permanent", "The customer's number is missing"),
    21610: ("opted_out", "The customer has opted out of texts from our number"),
    21612: ("permanent", "Texts cannot go from our number to the customer's"),
    21614: ("permanent", "The customer's number cannot get texts"),
    21635: ("permanent", "The customer's number is a landline"),
    30003: ("permanent", "The customer's phone is off or out of reach"),
    30004: ("permanent", "The customer's phone or carrier blocks our messages"),
    30005: ("permanent", "The customer's number is unknown or no longer in service"),
    30006: ("permanent", "The customer's number is a landline, or their carrier cannot be reached"),
    63003: ("permanent", "The customer is not on WhatsApp"),
    63024: ("permanent", "The customer cannot get WhatsApp messages"),
    63032: ("permanent", "WhatsApp does not let us write to this customer"),
    63049: ("permanent", "WhatsApp chose not to deliver it"),
    # Its pictures and files.
    11200: ("configuration", "Twilio could not fetch a file from our public URL"),
    11205: ("configuration", "Twilio could not connect to our public URL for a file"),
    11751: ("permanent", "The files are too large to go with a message"),
    12300: ("permanent", "Twilio does not take this kind of file"),
    21620: ("configuration", "Twilio does not take our public URL for a file"),
    21621: ("configuration", "Our number cannot send pictures"),
    21623: ("permanent", "The message has more than ten files"),
    30019: ("permanent", "The message is too large for the carrier"),
    63019: ("permanent", "A file of the message could not be fetched, or was empty"),
    63034: ("permanent", "The files are too large to go with a message"),
    63021: ("permanent", "The customer's app does not take this kind of message or file"),
    # The message and its way.
    21602: ("permanent", "The message is empty"),
    21617: ("permanent", "The message has more than 1,600 characters"),
    30001: ("transient", "Too many messages wait at Twilio for our number"),
    30007: ("permanent", "The carrier filtered it as unwanted"),
    30008: ("permanent", "The carrier did not deliver it and gave no reason"),
    30010: ("permanent", "The message would cost more than the limit that is set at Twilio"),
    30022: ("transient", "Our campaign's rate with the carriers is used up"),
    30023: ("permanent", "Our campaign's daily limit with the carrier is used up"),
    30036: ("permanent", "It could not be delivered in time"),
    30410: ("permanent", "The carrier did not answer"),
    30009: ("permanent", "A part of the message got lost on the way"),
    30011: ("permanent", "The customer's phone cannot get pictures"),
    63005: ("permanent", "WhatsApp did not take the message, or the customer is not on WhatsApp"),
    63013: ("permanent", "WhatsApp refused the message under its rules"),
    63015: ("permanent", "The customer has not joined our WhatsApp sandbox"),
    63016: ("permanent", "WhatsApp takes free text only within 24 hours of the customer's last message"),
    63018: ("transient", "Too many WhatsApp messages at once"),
}

SOON: Final = {code: timedelta(seconds=5) for code in (20429, 14107)}
LATER: Final = {code: timedelta(minutes=1) for code in (21611, 30001, 30022, 63018)}
WAITS: Final = SOON | LATER | {63038: timedelta(hours=1)}
"""How long to leave Twilio alone after a code, where it does not say so itself (`Retry-After`)."""


FAILED: Final = "The message was not delivered"


def words(code: str | None) -> str:
    """What an agent reads about a code, which is a number as text; for one we do not know, its number."""
    if code is None or int(code) == 0:
        return FAILED
    known = CODES.get(int(code))
    return known[1] if known else f"{FAILED} (Twilio's error {int(code)})"


def meaning(code: str | None) -> Verdict | None:
    """The verdict of a code in a report; None for one that we do not know."""
    return CODES[int(code)][0] if code is not None and int(code) in CODES else None


def verdict(status: int, code: int | None) -> tuple[Verdict, str]:
    """What an HTTP answer other than 2xx means for the send, and in what words.

    A 5xx leaves open what became of the message; a 429 does not, whatever else it says.
    """
    if status >= 500 or status == 408:
        return "ambiguous", "Twilio failed while it had the message"
    if status == 429:
        return "transient", CODES[20429][1]
    if code in CODES:
        return CODES[code]
    if status < 400 or status in (401, 403, 404, 405):
        return "configuration", f"Twilio refused our request (HTTP {status})"
    return "permanent", f"Twilio refused the message (error {code})" if code else "Twilio refused the message"
