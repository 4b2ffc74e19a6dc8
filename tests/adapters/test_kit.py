"""The contract's checks have teeth: each spoils one thing in a good adapter, and the check that guards it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.channels.config import Destination
from gateway.channels.contract import Capabilities, Outbound, Reply, SendResult, Webhook, WebhookRefused, WebhookRequest
from gateway.channels.testing import AdapterContract, Provider
from tests.adapters.loopback.test_loopback import PlayedPhone, played


class Spoiled(AdapterContract):
    """The loopback adapter with one member replaced."""

    def __init__(self, spoil: Callable[[PlayedPhone], None]) -> None:
        self.spoil = spoil

    def play(self) -> AbstractAsyncContextManager[Provider]:
        return self._played()

    @asynccontextmanager
    async def _played(self) -> AsyncIterator[Provider]:
        async with played() as phone:
            self.spoil(phone)
            yield phone


def member(name: str, make: Callable[[Any], Any]) -> Callable[[PlayedPhone], None]:
    """Replace a member of the adapter by what `make` makes of the good one."""
    return lambda phone: setattr(phone.adapter, name, make(getattr(phone.adapter, name)))


def sending(change: Callable[[Outbound], Outbound]) -> Callable[[PlayedPhone], None]:
    def make(send: Callable[[Outbound], Awaitable[SendResult]]) -> Any:
        return lambda outbound: send(change(outbound))

    return member("send", make)


def hearing(change: Callable[[WebhookRequest, Webhook], Webhook]) -> Callable[[PlayedPhone], None]:
    def make(webhook: Callable[[WebhookRequest], Awaitable[Webhook]]) -> Any:
        async def spoiled(request: WebhookRequest) -> Webhook:
            return change(request, await webhook(request))

        return spoiled

    return member("webhook", make)


def gossip(webhook: Callable[[WebhookRequest], Awaitable[Webhook]]) -> Any:
    async def spoiled(request: WebhookRequest) -> Webhook:
        try:
            return await webhook(request)
        except WebhookRefused as refusal:
            raise WebhookRefused(refusal.status, f"not believed: {request.body!r}") from None

    return spoiled


def stripped(_: WebhookRequest, webhook: Webhook) -> Webhook:
    return replace(webhook, inbound=tuple(replace(one, body=one.body.strip()) for one in webhook.inbound))


def echoed(request: WebhookRequest, webhook: Webhook) -> Webhook:
    return replace(webhook, reply=Reply(200, b"You wrote: " + request.body))


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        ("test_a_reply_goes_out_as_it_was_written", sending(lambda out: replace(out, body=out.body + "\nSent by X"))),
        ("test_a_reply_goes_out_as_it_was_written", sending(lambda out: replace(out, body=out.body.strip()))),
        ("test_a_text_comes_in_as_it_was_written", hearing(stripped)),
        ("test_nothing_is_written_to_a_customer_by_the_answer", hearing(echoed)),
        ("test_a_tampered_request_is_refused_without_repeating_it", member("webhook", gossip)),
        ("test_only_our_endpoints_lead_somewhere", member("destination", lambda _: lambda _: Destination(team="t"))),
        ("test_capabilities_are_sane", member("capabilities", lambda _: Capabilities(max_body=0))),
        ("test_a_report_finds_its_message", member("capabilities", lambda good: replace(good, reports=False))),
    ],
)
async def test_a_spoiled_adapter_fails(check: str, spoil: Callable[[PlayedPhone], None]) -> None:
    """An adapter that adds, trims, answers, repeats or promises what it must not is found out."""
    with pytest.raises(AssertionError):
        await getattr(Spoiled(spoil), check)()
    await getattr(Spoiled(lambda _: None), check)()
