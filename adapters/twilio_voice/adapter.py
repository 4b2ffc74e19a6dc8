"""One Twilio number that calls: rings the agent, tells them who waits, and connects the customer.

It keeps nothing of a call, dials nothing twice, and says nothing to a customer. What Twilio asks on the way is signed
and carries the call's reference; what it is to do is written anew each time, from what the gateway knows (`script`).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

from adapters.twilio import errors, hooks, signature
from adapters.twilio_voice import forms, twiml
from adapters.twilio_voice.config import VoiceConfig
from gateway.channels import numbers
from gateway.channels.contract import Context, Reply, WebhookRefused, WebhookRequest
from gateway.channels.voice import Asked, CallError, CallHook, CallReport, Ring, Voice

TIMEOUT: Final = 10.0
"""Seconds for Twilio to answer."""
SKEW: Final = timedelta(minutes=1)
"""How far Twilio's clock may be behind ours."""


class TwilioVoice(Voice):
    """A Voice (see the contract)."""

    def __init__(self, config: VoiceConfig, context: Context, timeout: float = TIMEOUT) -> None:
        self._config = config
        self._context = context
        self._timeout = timeout
        self._tokens = config.tokens()
        self._calls: Any = None
        self._loading = asyncio.Lock()
        self.number = config.number
        self.countries = config.countries

    def allowed(self, number: str) -> str | None:
        if number == self.number:
            return "This is our own number"
        return numbers.refusal(number, self._config.countries)

    async def ring(self, ring: Ring) -> str:
        for whose, number in (("Your phone", ring.agent_number), ("The customer's phone", ring.customer_number)):
            if reason := self.allowed(number):
                raise CallError("permanent", f"{whose}: {reason}")
        calls = await self._api()
        called: str = await calls.create(
            to=ring.agent_number,
            from_=self.number,
            url=self._hook("answer", ring.reference),
            method="POST",
            timeout=twiml.AGENT_SECONDS,
            status_callback=self._hook("status", ring.reference),
            status_callback_method="POST",
            status_callback_event=list(twiml.EVENTS),
        )
        return called

    async def find(self, ring: Ring) -> tuple[str, ...]:
        calls = await self._api()
        found: tuple[str, ...] = await calls.since(ring.first_tried - SKEW, to=ring.agent_number, from_=self.number)
        return found

    async def progress(self, reference: str, call_id: str) -> tuple[CallReport, ...]:
        calls = await self._api()
        told: tuple[CallReport, ...] = await calls.legs(reference, call_id)
        return told

    async def hang_up(self, call_id: str) -> None:
        await (await self._api()).end(call_id)

    async def hook(self, request: WebhookRequest) -> CallHook:
        read = forms.STEPS.get(request.step)
        if read is None:
            raise WebhookRefused(404, "Twilio has no such webhook")
        known = hooks.believed(request, self._tokens, self._config.account_sid)
        return read(known, forms.reference(request.query))

    def script(self, asked: Asked, ring: Ring | None) -> Reply:
        if ring is None or self.allowed(ring.customer_number):
            return twiml.over()
        script = twiml.Script(ring, self.number, lambda step: self._hook(step, ring.reference), self._config.record)
        if asked == "connect":
            return script.dialed()
        return script.announced() if self._config.confirm else script.announced_and_dialed()

    def error_page(self, code: str) -> str | None:
        return errors.page(code)

    async def close(self) -> None:
        self._calls = None

    def _hook(self, step: str, reference: str) -> str:
        """The URL of a step, with Twilio's orders to try it again: while we restart, an agent holds a phone."""
        return f"{self._context.hook_url(f'voice/{step}')}?ref={reference}{signature.OVERRIDES}"

    async def _api(self) -> Any:
        async with self._loading:
            if self._calls is None:
                rest = await asyncio.to_thread(import_module, "adapters.twilio.rest")
                calls = await asyncio.to_thread(import_module, "adapters.twilio_voice.calls")
                account = self._config.api_base_url, self._config.account_sid, self._tokens
                self._calls = calls.Calls(rest.Rest(self._context.http, *account, self._timeout))
            return self._calls
