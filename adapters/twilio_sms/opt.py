"""The words by which customers end and reopen texts, and when Twilio has answered them by itself.

A message counts when it is nothing but the word, whatever its case, punctuation and spaces: "Stop.", "OPT OUT". What
opens again is taken more strictly: START or UNSTOP as Twilio takes them, whatever the case, with nothing added. The
words are Twilio's own (https://help.twilio.com/articles/223134027, "opt-out keywords"), and "opt out" and "revoke",
which the FCC names as well (47 CFR 64.1200(a)(10)). YES reopens at Twilio too, but says too often something else here:
START and UNSTOP do.

Twilio answers its own words, typed without anything else, on long codes and toll-free numbers, unless its support has
turned that off for the account; and on every sender of a Messaging Service with Advanced Opt-Out, which tells us by
`OptOutType` (https://help.twilio.com/articles/31560110671259). Whether it answers elsewhere is not known here.
"""

from __future__ import annotations

from typing import Final

from adapters.twilio_sms.address import is_long_code
from gateway.channels.contract import Opt

OPT_OUT_TYPES: Final[dict[str, Opt]] = {"STOP": "out", "START": "in", "HELP": "help"}

WORDS: Final[dict[str, Opt]] = {
    "stop": "out",
    "stopall": "out",
    "unsubscribe": "out",
    "cancel": "out",
    "end": "out",
    "quit": "out",
    "revoke": "out",
    "optout": "out",
    "start": "in",
    "unstop": "in",
    "help": "help",
    "info": "help",
}
_LONGEST = 24
"""Characters of a message that may still be one of these words with something around it."""


def opt(body: str, endpoint: str, kind: str, opt_out_type: str | None = None) -> tuple[Opt | None, bool]:
    """What a customer's message means to the carrier, and whether Twilio has answered it."""
    if told := OPT_OUT_TYPES.get((opt_out_type or "").upper()):
        return told, True
    if len(body) > _LONGEST:
        return None, False
    meant = WORDS.get("".join(c for c in body.casefold() if c.isalnum()))
    exact = body.isascii() and body.strip().lower() in WORDS
    if meant is None or (meant == "in" and not exact):
        return None, False
    return meant, exact and kind == "sms" and is_long_code(endpoint)
