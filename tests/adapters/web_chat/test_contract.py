"""The web channel passes the contract where it applies: it has no webhooks, and a reply waits for its reader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from adapters.web_chat.adapter import WebChat
from adapters.web_chat.config import WebChatConfig
from gateway.channels.contract import (
    DeliveryReport,
    Inbound,
    Outbound,
    SendError,
    SendResult,
    Visitors,
    WebhookRequest,
)
from gateway.channels.testing import BODIES, MARK, AdapterContract, Provider, refused
from gateway.domain.address import Address


class Page(Provider):
    """A page that keeps what was sent, as the customer API will find it in the database."""

    endpoint = ""
    customer = Address("web", "visitor-23456789ab")

    def __init__(self) -> None:
        self.adapter = _Listening(WebChatConfig(adapter="web_chat", team="front-range"), bodies := [])
        self._bodies = bodies

    def text(self, body: str) -> tuple[WebhookRequest, Inbound]:
        request = WebhookRequest("POST", "messages", "https://x.example/hooks/web/messages", {}, {}, body.encode())
        return request, Inbound("1", self.customer, "", body)

    def tampered(self, body: str) -> Mapping[str, WebhookRequest]:
        return {"any webhook": self.text(body)[0]}

    def taken(self) -> list[str]:
        return self._bodies

    def given(self) -> list[str]:
        return self.adapter.files

    def report(self, sent: SendResult, reference: str) -> tuple[WebhookRequest, DeliveryReport] | None:
        return None


class _Listening(WebChat):
    def __init__(self, config: WebChatConfig, bodies: list[str]) -> None:
        super().__init__(config)
        self._bodies = bodies
        self.files: list[str] = []

    async def send(self, outbound: Outbound) -> SendResult:
        sent = await super().send(outbound)
        self._bodies.append(outbound.body)
        self.files += [file.url for file in outbound.files]
        return sent


class TestWebChat(AdapterContract):
    """Where the contract speaks of webhooks, this channel refuses them all."""

    def play(self) -> AbstractAsyncContextManager[Provider]:
        return _played()

    async def test_a_text_comes_in_as_it_was_written(self) -> None:
        """No webhook is believed: customers come through the customer API."""
        async with self.play() as provider:
            refusals = [await refused(provider.adapter, provider.text(body)[0]) for body in BODIES]
            assert [404] * len(BODIES) == [refusal.status for refusal in refusals if refusal]

    async def test_a_webhook_twice_means_the_same_twice(self) -> None:
        """A webhook that is refused is refused again."""
        async with self.play() as provider:
            request, _ = provider.text(MARK)
            assert [404, 404] == [(await refused(provider.adapter, request)).status for _ in range(2)]

    async def test_nothing_is_written_to_a_customer_by_the_answer(self) -> None:
        """The refusal is the same for every message."""
        async with self.play() as provider:
            reasons = {(await refused(provider.adapter, provider.text(body)[0])).reason for body in BODIES}
            assert {"this channel has no webhooks"} == reasons


@asynccontextmanager
async def _played() -> AsyncIterator[Provider]:
    yield Page()


async def test_only_visitors_are_written_to() -> None:
    """An address of another kind is refused for good."""
    adapter = WebChat(WebChatConfig(adapter="web_chat"))
    outbound = Outbound("1.1", Address("sms", "+13035550142"), "", "hello", None)
    with pytest.raises(SendError) as raised:
        await adapter.send(outbound)
    assert "permanent" == raised.value.verdict


def test_its_customers_are_visitors() -> None:
    """It says which team they are for and which pages may call, and that files may go out."""
    adapter = WebChat(WebChatConfig(adapter="web_chat", team="a", origins=("https://www.example.com",)))
    assert Visitors("a", frozenset({"https://www.example.com"})) == adapter.visitors
    assert (16_000, True) == (adapter.capabilities.max_body, adapter.capabilities.max_files > 0)
