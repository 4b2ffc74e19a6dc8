"""From a signed form to values. Every field that is used is checked for its form, here and nowhere else, since a
signature alone does not say where one ends (see adapters/twilio/hooks.py).

Fields that are not used may be anything, for Twilio adds some without notice. Field names after
https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.twilio_sms import address, codes
from adapters.twilio_sms.opt import opt
from gateway.channels.contract import DeliveryReport, Inbound, WebhookRefused
from gateway.domain.message import Media, body_fault

MOST_MEDIA: Final = 10
"""Twilio's own bound for one message."""

MOST_NAME: Final = 255
MOST_URL: Final = 2_048
NOWHERE: Final = "about:invalid"
"""In place of a media URL that is none: it has no host, so that nothing is ever connected to."""
_ANYTHING: Final = "application/octet-stream"

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's bidirectional controls (UAX #9): one of them in a name turns round what stands after it."""
_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}", re.ASCII)
_COUNT = re.compile(r"\d{1,2}", re.ASCII)
_STATUS = re.compile(r"[a-z_]{1,32}", re.ASCII)
_ERROR = re.compile(r"\d{1,6}", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z0-9_.+-]{1,64}/[a-z0-9_.+-]{1,64}", re.ASCII)


def inbound(known: Mapping[str, str], at: datetime | None = None) -> Inbound:
    """A customer's message. `To` may be a number that is not ours: the gateway says so, not the form.

    With `at` it comes from Twilio's list instead of a webhook, and is late.
    """
    body, endpoint = known.get("Body"), known.get("To", "")
    sender = address.customer(known.get("From", ""))
    if sender is None:
        raise WebhookRefused(400, "From is not an address")
    if address.OURS.fullmatch(endpoint) is None:
        raise WebhookRefused(400, "To is not a number")
    if body is None:
        raise WebhookRefused(400, "Body is missing")
    if fault := body_fault(body):
        raise WebhookRefused(400, fault)
    meant, answered = opt(body, endpoint, sender.kind, known.get("OptOutType"))
    return Inbound(
        _sid(known),
        sender,
        endpoint,
        body,
        media=_media(known),
        at=at,
        sender_name=_profile_name(known, sender.kind),
        opt=meant,
        answered=answered,
        late=at is not None,
    )


def report(known: Mapping[str, str], query: Mapping[str, str]) -> DeliveryReport | None:
    """What became of a message; None where the status says nothing new ("queued", "sending", one not yet known)."""
    sid, status, error, reference = (
        _sid(known),
        known.get("MessageStatus", ""),
        known.get("ErrorCode"),
        query.get("ref"),
    )
    if _STATUS.fullmatch(status) is None:
        raise WebhookRefused(400, "MessageStatus is not a status")
    if error is not None and _ERROR.fullmatch(error) is None:
        raise WebhookRefused(400, "ErrorCode is not a number")
    if reference is not None and _REFERENCE.fullmatch(reference) is None:
        raise WebhookRefused(400, "ref is not a reference of ours")
    state = codes.STATUSES.get(status)
    if state is None:
        return None
    if state != "failed":
        return DeliveryReport(state, sid, reference)
    return DeliveryReport(state, sid, reference, error, codes.words(error), codes.meaning(error))


def _sid(known: Mapping[str, str]) -> str:
    sid = known.get("MessageSid", "")
    if _SID.fullmatch(sid) is None:
        raise WebhookRefused(400, "MessageSid is not a message's SID")
    return sid


def _media(known: Mapping[str, str]) -> tuple[Media, ...]:
    count = known.get("NumMedia", "0")
    if count == "0":
        return ()
    if _COUNT.fullmatch(count) is None or int(count) > MOST_MEDIA:
        raise WebhookRefused(400, f"NumMedia is not a number up to {MOST_MEDIA}")
    return tuple(
        Media(_media_url(known.get(f"MediaUrl{n}", "")), _media_type(known.get(f"MediaContentType{n}", "")))
        for n in range(int(count))
    )


def _media_url(url: str) -> str:
    """What is no web address costs nobody their text: it becomes one that `fetch` refuses for good."""
    is_one = url.startswith(("https://", "http://")) and len(url) <= MOST_URL and url.isprintable()
    return url if is_one else NOWHERE


def _media_type(content_type: str) -> str:
    """Without its parameters: Twilio passes on what the sender's phone said ("text/vcard; charset=utf-8")."""
    plain = content_type.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else _ANYTHING


def _profile_name(known: Mapping[str, str], kind: str) -> str | None:
    """A WhatsApp or RCS profile's name, which its owner chose: without what could move or hide the text around it."""
    if kind == "sms":
        return None
    told = " ".join(known.get("ProfileName", "")[:MOST_NAME].split())
    name = "".join(c for c in told if _is_harmless(c)).strip()
    return name if name and body_fault(name) is None else None


def _is_harmless(character: str) -> bool:
    return character not in _DIRECTIONS and unicodedata.category(character) not in ("Cc", "Cs", "Co")
