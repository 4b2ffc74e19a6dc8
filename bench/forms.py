"""Twilio's webhooks as bytes on the wire, each signed."""

from __future__ import annotations

import hmac
import random
from base64 import b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from bench.load import Request
from bench.texts import texts

ACCOUNT: Final = "AC" + "0" * 32
TOKEN: Final = "a token for benchmarks"
OURS: Final = "+13035550100"
HOOK: Final = "/hooks/sms/messages"
CUSTOMERS: Final = 2_000


def hooks(count: int, chance: random.Random, public_url: str, sender: Callable[[], str] | None = None) -> list[Request]:
    """So many different messages, from a few thousand customers unless told otherwise; the key is the message's SID."""
    bodies = texts()
    sender = sender or (lambda: f"+1720555{chance.randrange(CUSTOMERS):04d}")
    return [
        hook(f"SM{chance.getrandbits(128):032x}", chance.choice(bodies), sender(), public_url) for _ in range(count)
    ]


def hook(sid: str, text: str, sender: str, public_url: str) -> Request:
    form = {
        "ToCountry": "US",
        "ToState": "CO",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "DENVER",
        "FromZip": "80202",
        "SmsSid": sid,
        "FromState": "CO",
        "SmsStatus": "received",
        "FromCity": "DENVER",
        "Body": text,
        "FromCountry": "US",
        "To": OURS,
        "ToZip": "80201",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    body = urlencode(form).encode()
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nI-Twilio-Idempotency-Token: {sid}\r\n"
        f"X-Twilio-Signature: {_signature(form, public_url)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request(sid, head.encode() + body)


def _signature(form: dict[str, str], public_url: str) -> str:
    said = public_url + HOOK + "".join(name + form[name] for name in sorted(form))
    return b64encode(hmac.digest(TOKEN.encode(), said.encode(), "sha1")).decode()
