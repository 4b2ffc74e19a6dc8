"""Calls as Twilio keeps and tells them: the Call resource, and the forms that Twilio posts on the way.

After https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml#request-parameters,
https://www.twilio.com/docs/voice/twiml/number#statuscallback and https://www.twilio.com/docs/voice/twiml/dial#action.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

from aiohttp import web

from tests.standins.twilio_api import error, new_sid
from tests.standins.twilio_voice_twiml import EVENTS

OVER = ("completed", "busy", "no-answer", "failed", "canceled")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Phone:
    """How somebody's telephone behaves. Time is told, not waited for: a call of 42 seconds is over at once."""

    does: Literal["answers", "voicemail", "busy", "no-answer", "failed", "rings"] = "answers"
    """"rings" goes on until somebody hangs up. A voicemail answers, and presses nothing."""
    presses: str | None = "1"
    """The key, when keys are gathered; None: nothing."""
    seconds: int | None = 42
    """How long they talk; None: until somebody hangs up."""
    sip: int | None = None
    """The network's answer to a call that failed."""


@dataclass(slots=True, eq=False)
class Call:
    """One leg. `heard` is what the person on it has heard: machines' words, and "a person" once they are connected."""

    account_sid: str
    to: str
    from_: str
    url: str = ""
    status_callback: str = ""
    events: frozenset[str] = frozenset()
    parent: Call | None = None
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    duration: int | None = None
    timeout: int = 60
    record: str = "do-not-record"
    heard: list[str] = field(default_factory=list)
    told: int = 0
    """How many status callbacks it has made: the next one's SequenceNumber."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def direction(self) -> str:
        return "outbound-dial" if self.parent else "outbound-api"

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def as_json(self) -> dict[str, Any]:
        created = format_datetime(self.created)
        started = created if self.status not in ("queued", "initiated") else None
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "answered_by": None,
            "caller_name": None,
            "date_created": created,
            "date_updated": created,
            "direction": self.direction,
            "duration": None if self.duration is None else str(self.duration),
            "end_time": created if self.status == "completed" else None,
            "forwarded_from": None,
            "from": self.from_,
            "parent_call_sid": self.parent.sid if self.parent else None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "start_time": started,
            "status": "queued" if self.status == "initiated" else self.status,
            "subresource_uris": {},
            "to": self.to,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Calls/{self.sid}.json",
        }


def refusal(form: dict[str, str], numbers: Iterable[str]) -> web.Response | None:
    """Twilio's answer to a form that it does not take. `numbers` are the account's."""
    if not form.get("To"):
        return error(400, 21201, "No 'To' number is specified")
    if _NUMBER.fullmatch(form["To"]) is None:
        return error(400, 21211, "Invalid 'To' Phone Number")
    if not form.get("From"):
        return error(400, 21213, "No 'From' number is specified")
    if form["From"] not in numbers:
        return error(400, 21210, "The source phone number provided is not yet verified for your account")
    if not form.get("Url", "").startswith(("http://", "https://")):
        return error(400, 21205, "Url is not a valid URL")
    return None


def call_of(form: dict[str, str], account_sid: str, events: Sequence[str]) -> Call:
    """A call that was taken. Of events, Twilio takes each as a field of its own; in a list they are lost (21626)."""
    return Call(
        account_sid,
        form["To"],
        form["From"],
        form["Url"],
        form.get("StatusCallback", ""),
        frozenset(events or ("completed",)) & EVENTS,
        timeout=int(form.get("Timeout", "60")),
    )


def request_form(call: Call, **more: str) -> dict[str, str]:
    """What Twilio asks what to do with."""
    form = {
        "AccountSid": call.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Called": call.to,
        "Caller": call.from_,
        "Direction": call.direction,
        "From": call.from_,
        "FromCity": "DENVER",
        "FromCountry": "US",
        "FromState": "CO",
        "FromZip": "80202",
        "To": call.to,
        "ToCity": "",
        "ToCountry": "US",
        "ToState": "CO",
        "ToZip": "",
    }
    return form | ({"ParentCallSid": call.parent.sid} if call.parent else {}) | more


def status_form(call: Call, phone: Phone) -> dict[str, str]:
    """A status callback; each has the next number."""
    form = request_form(
        call,
        Timestamp=format_datetime(datetime.now(UTC)),
        CallbackSource="call-progress-events",
        SequenceNumber=str(call.told),
    )
    call.told += 1
    if call.is_over:
        form |= {"CallDuration": str(call.duration or 0), "Duration": "1"}
    return form if phone.sip is None or call.status != "failed" else form | {"SipResponseCode": str(phone.sip)}


def dialed_form(parent: Call, child: Call | None) -> dict[str, str]:
    """How a Dial has ended; None where its number could not even be tried."""
    if child is None:
        return request_form(parent, DialCallStatus="failed")
    talked = {"DialCallDuration": str(child.duration)} if child.status == "completed" else {}
    bridged = "true" if talked else "false"
    return request_form(parent, DialCallSid=child.sid, DialCallStatus=child.status, DialBridged=bridged, **talked)
