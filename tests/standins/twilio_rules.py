"""What Twilio and the carriers enforce between two numbers: opt-outs, send rates, WhatsApp's 24 hours, RCS.

The words are Twilio's defaults (https://help.twilio.com/articles/223134027), kept here apart from the adapter's: only
a message that is nothing but the word counts, in any case, and YES reopens as START does.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web

from tests.standins.twilio_api import Message, error

STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
START = frozenset(("START", "YES", "UNSTOP"))
HELP = frozenset(("HELP", "INFO"))
ANSWERS = {
    "STOP": "You have successfully been unsubscribed. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


@dataclass(slots=True)
class Rules:
    """`rates`: messages that one of our numbers may send within `window` seconds. `advanced`: Advanced Opt-Out is on
    for everything, so that webhooks carry OptOutType and the answers are in no list. `rcs`: a service's agent, "MG..."
    -> "rcs:agent"; `rcs_phones`: who can get RCS; `pools`: "MG..." -> the number that a service falls back to."""

    opted_out: set[tuple[str, str]] = field(default_factory=set)
    advanced: bool = False
    rates: dict[str, int] = field(default_factory=dict)
    window: float = 1.0
    rcs: dict[str, str] = field(default_factory=dict)
    rcs_phones: set[str] = field(default_factory=set)
    pools: dict[str, str] = field(default_factory=dict)
    _wrote: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _sent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def hear(self, customer: str, ours: str, body: str) -> str | None:
        """A customer wrote. "STOP", "START" or "HELP" where Twilio has acted on it and answered, else None."""
        if customer.startswith("whatsapp:"):
            self._wrote[customer, ours] = datetime.now(UTC)
        said = body.strip().upper()
        if not self.advanced and not ours.startswith("+"):
            return None
        if said in STOP:
            self.opted_out.add((customer, ours))
            return "STOP"
        if said in START:
            self.opted_out.discard((customer, ours))
            return "START"
        return "HELP" if said in HELP else None

    def age(self, customer: str, ours: str, hours: float) -> None:
        """The customer's last WhatsApp message was so long ago."""
        self._wrote[customer, ours] = datetime.now(UTC) - timedelta(hours=hours)

    def refusal(self, message: Message) -> web.Response | None:
        """Twilio's refusal of a message whose form is right."""
        if (message.to, message.from_) in self.opted_out:
            return error(400, 21610, "Attempt to send to unsubscribed recipient")
        if rate := self.rates.get(message.from_):
            sent, now = self._sent[message.from_], time.monotonic()
            while sent and sent[0] <= now - self.window:
                sent.popleft()
            if len(sent) >= rate:
                return error(429, 20429, "Too Many Requests", {"Retry-After": "1"})
            sent.append(now)
        return None

    def route(self, message: Message) -> None:
        """Which sender of a Messaging Service it leaves by: RCS where the phone can, else a number."""
        service = message.messaging_service_sid
        if service is None or message.from_:
            return
        agent = self.rcs.get(service)
        message.from_ = agent if agent and message.to in self.rcs_phones else self.pools.get(service, "")

    def late_refusal(self, message: Message) -> int | None:
        """The error that turns up after a message was taken."""
        if not message.to.startswith("whatsapp:"):
            return None
        last = self._wrote.get((message.to, message.from_))
        return None if last and datetime.now(UTC) - last < timedelta(hours=24) else 63016
