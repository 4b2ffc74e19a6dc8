"""From the fields of a signed form to what they say of a call. Every field that is used is checked for its form.

Field names after https://www.twilio.com/docs/voice/twiml#request-parameters (what is asked about a call),
https://www.twilio.com/docs/voice/api/call-resource#statuscallback (an agent's leg),
https://www.twilio.com/docs/voice/twiml/number#statuscallback (a customer's), and
https://www.twilio.com/docs/voice/twiml/dial#action (how the customer's has ended).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from adapters.twilio_voice import codes, twiml
from gateway.channels.contract import WebhookRefused
from gateway.channels.voice import CallHook, CallReport, CallState, Leg

SID: Final = re.compile(r"CA[0-9a-f]{32}", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)
_STATUS = re.compile(r"[a-z-]{1,32}", re.ASCII)
_DIGIT = re.compile(r"[0-9*#]", re.ASCII)
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_ERROR = re.compile(r"\d{1,6}", re.ASCII)
_SIP = re.compile(r"[1-6]\d\d", re.ASCII)


def answered(known: Mapping[str, str], reference: str) -> CallHook:
    """The agent has picked up."""
    return CallHook(reference, (CallReport(reference, "agent", _sid(known, "CallSid"), "answered"),), asks="answer")


def pressed(known: Mapping[str, str], reference: str) -> CallHook:
    """The agent has pressed a key."""
    digit = _checked(known.get("Digits"), _DIGIT, "Digits is not one key")
    report = CallReport(reference, "agent", _sid(known, "CallSid"), "answered", digits=digit)
    return CallHook(reference, (report,), asks="connect")


def of_agent(known: Mapping[str, str], reference: str) -> CallHook:
    return CallHook(reference, _status(known, reference, "agent"))


def of_customer(known: Mapping[str, str], reference: str) -> CallHook:
    _sid(known, "ParentCallSid")
    return CallHook(reference, _status(known, reference, "customer"))


def done(known: Mapping[str, str], reference: str) -> CallHook:
    """How the customer's leg has ended. Where there never was one, it goes by the id of the agent's."""
    state = codes.DIAL_STATUSES.get(_checked(known.get("DialCallStatus"), _STATUS, "DialCallStatus is not a status"))
    call_id = _sid(known, "DialCallSid" if "DialCallSid" in known else "CallSid")
    reports = () if state is None else (_report(known, reference, "customer", call_id, state, prefix="Dial"),)
    return CallHook(reference, reports, reply=twiml.over())


STEPS: Final[dict[str, Callable[[Mapping[str, str], str], CallHook]]] = {
    "voice/answer": answered,
    "voice/connect": pressed,
    "voice/status": of_agent,
    "voice/customer": of_customer,
    "voice/done": done,
}


def reference(query: Mapping[str, str]) -> str:
    return _checked(query.get("ref"), _REFERENCE, "ref is not a reference of ours")


def _status(known: Mapping[str, str], reference: str, leg: Leg) -> tuple[CallReport, ...]:
    """Nothing where the status says nothing new ("initiated", one not yet known)."""
    call_id = _sid(known, "CallSid")
    state = codes.STATUSES.get(_checked(known.get("CallStatus"), _STATUS, "CallStatus is not a status"))
    return () if state is None else (_report(known, reference, leg, call_id, state),)


def _report(
    known: Mapping[str, str], reference: str, leg: Leg, call_id: str, state: CallState, prefix: str = ""
) -> CallReport:
    if state == "completed":
        name = f"{prefix}CallDuration"
        seconds = _optional(known.get(name), _SECONDS, f"{name} is not a number of seconds")
        return CallReport(
            reference, leg, call_id, state, duration=None if seconds is None else timedelta(seconds=int(seconds))
        )
    if state != "failed":
        return CallReport(reference, leg, call_id, state)
    error = _optional(known.get("ErrorCode"), _ERROR, "ErrorCode is not a number")
    sip = _optional(known.get(f"{prefix}SipResponseCode"), _SIP, "SipResponseCode is not an answer of SIP")
    return CallReport(reference, leg, call_id, state, code=error, detail=codes.words(error, sip))


def _sid(known: Mapping[str, str], name: str) -> str:
    return _checked(known.get(name), SID, f"{name} is not a call's SID")


def _optional(value: str | None, form: re.Pattern[str], reason: str) -> str | None:
    return _checked(value, form, reason) if value else None


def _checked(value: str | None, form: re.Pattern[str], reason: str) -> str:
    if value is None or form.fullmatch(value) is None:
        raise WebhookRefused(400, reason)
    return value
