"""Twilio's webhooks as bytes on the wire: real texts where there are some, made-up ones otherwise, each signed."""

from __future__ import annotations

import hmac
import random
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

ACCOUNT: Final = "AC" + "0" * 32
TOKEN: Final = "a token for benchmarks"
OURS: Final = "+13035550100"
HOOK: Final = "/hooks/sms/messages"
PUBLIC_URL: Final = "http://127.0.0.1:8080"
CUSTOMERS: Final = 2_000

TEXTS: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "sms.txt"
"""Real text messages, one a line; not part of the project."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One request, and the SID of the message in it."""

    sid: str
    wire: bytes


def hooks(count: int, chance: random.Random) -> list[Hook]:
    """So many different messages from a few thousand customers."""
    texts = _texts()
    return [_hook(f"SM{chance.getrandbits(128):032x}", chance.choice(texts), chance) for _ in range(count)]


def _texts() -> list[str]:
    if TEXTS.is_file():
        return TEXTS.read_text(encoding="utf-8").splitlines()
    return list(_made_up(random.Random(1)))


def _made_up(chance: random.Random) -> Iterator[str]:
    """Texts of the lengths that people write."""
    words = ("hi", "the", "order", "has", "not", "come", "yet", "could", "you", "look", "señor", "👍", "thanks", "—")
    for _ in range(500):
        yield " ".join(chance.choices(words, k=chance.randint(1, 30)))


def _hook(sid: str, text: str, chance: random.Random) -> Hook:
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
        "From": f"+1720555{chance.randrange(CUSTOMERS):04d}",
        "ApiVersion": "2010-04-01",
    }
    body = urlencode(form).encode()
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nI-Twilio-Idempotency-Token: {sid}\r\n"
        f"X-Twilio-Signature: {_signature(form)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Hook(sid, head.encode() + body)


def _signature(form: dict[str, str]) -> str:
    said = PUBLIC_URL + HOOK + "".join(name + form[name] for name in sorted(form))
    return b64encode(hmac.digest(TOKEN.encode(), said.encode(), "sha1")).decode()
