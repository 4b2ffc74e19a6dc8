"""The app channel passes the contract where it applies: it has no webhooks, and a reply waits for its reader."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import adapters.app_push
from adapters.app_push.adapter import AppPush
from adapters.app_push.config import AppPushConfig
from adapters.app_push.sender import Sender
from adapters.app_push.tokens import Tokens
from adapters.web_chat.config import WebChatConfig
from gateway.channels.contract import Context, DeliveryReport, Inbound, Outbound, SendResult, WebhookRequest
from gateway.channels.push import Notice, PushError
from gateway.channels.testing import BODIES, MARK, AdapterContract, Provider, refused
from gateway.domain.address import Address
from gateway.domain.device import Device
from gateway.errors import Invalid, Misuse, Unauthenticated
from tests.adapters.app_push.backend import NOW, P256, config, token
from tests.adapters.app_push.test_config import WEBPUSH


class _Listening(AppPush):
    """Keeps what was sent, as the customer API will find it in the database."""

    def __init__(self, config: AppPushConfig, http: aiohttp.ClientSession) -> None:
        super().__init__(config, Tokens(config, http, lambda: NOW), Sender(config, http))
        self.sent: list[Outbound] = []

    async def send(self, outbound: Outbound) -> SendResult:
        result = await super().send(outbound)
        self.sent.append(outbound)
        return result


class App(Provider):
    """An app that has fetched what waits for it."""

    endpoint = ""
    customer = Address("app", "app:customer-4711")

    def __init__(self, adapter: _Listening) -> None:
        self.adapter: _Listening = adapter

    def text(self, body: str) -> tuple[WebhookRequest, Inbound]:
        request = WebhookRequest("POST", "messages", "https://x.example/hooks/app/messages", {}, {}, body.encode())
        return request, Inbound("1", self.customer, "", body)

    def tampered(self, body: str) -> Mapping[str, WebhookRequest]:
        return {"any webhook": self.text(body)[0]}

    def taken(self) -> list[str]:
        return [outbound.body for outbound in self.adapter.sent]

    def given(self) -> list[str]:
        return [file.url for outbound in self.adapter.sent for file in outbound.files]

    def report(self, sent: SendResult, reference: str) -> tuple[WebhookRequest, DeliveryReport] | None:
        return None


@asynccontextmanager
async def played() -> AsyncIterator[App]:
    async with aiohttp.ClientSession() as http:
        app = App(_Listening(config("ES256", webpush=WEBPUSH), http))
        yield app
        await app.adapter.close()


class TestAppPush(AdapterContract):
    """Where the contract speaks of webhooks, this channel refuses them all."""

    def play(self) -> AbstractAsyncContextManager[Provider]:
        return played()

    async def test_a_text_comes_in_as_it_was_written(self) -> None:
        """No webhook is believed: customers come through the customer API."""
        async with self.play() as provider:
            refusals = [await refused(provider.adapter, provider.text(body)[0]) for body in BODIES]
            assert [404] * len(BODIES) == [refusal.status for refusal in refusals if refusal]

    async def test_a_webhook_twice_means_the_same_twice(self) -> None:
        """A webhook that is refused is refused again."""
        async with self.play() as provider:
            refusals = [await refused(provider.adapter, provider.text(MARK)[0]) for _ in range(2)]
            assert [404, 404] == [refusal.status for refusal in refusals if refusal]

    async def test_nothing_is_written_to_a_customer_by_the_answer(self) -> None:
        """The refusal is the same for every message."""
        async with self.play() as provider:
            refusals = [await refused(provider.adapter, provider.text(body)[0]) for body in BODIES]
            assert {"this channel has no webhooks"} == {refusal.reason for refusal in refusals if refusal}


async def test_a_token_is_asked_of_the_channel() -> None:
    """The channel knows whom a token speaks for, and refuses what is none."""
    async with played() as app:
        assert "customer-4711" == (await app.adapter.identify(token())).subject
        with pytest.raises(Unauthenticated):
            await app.adapter.identify(token(aud="elsewhere"))


async def test_the_push_key_is_the_file_s() -> None:
    """Browsers get the public half of the VAPID key as RFC 8292 writes it; without Web Push there is none."""
    point = P256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    async with played() as app, aiohttp.ClientSession() as http:
        assert base64.urlsafe_b64encode(point).decode().rstrip("=") == app.adapter.push_key()
        without = _Listening(config("ES256"), http)
        assert without.push_key() is None
        await without.close()


async def test_a_platform_that_is_not_set_up_is_refused() -> None:
    """A device cannot be registered for it, and one from before it was taken out is an admin's matter."""
    async with played() as app:
        with pytest.raises(Invalid):
            app.adapter.device("fcm", {"token": "t" * 100})
        with pytest.raises(PushError) as raised:
            await app.adapter.push(Device("fcm", "t" * 100, {}), Notice("Ana", "wrote", "t1", "m1", 1))
        assert "configuration" == raised.value.verdict


async def test_the_file_says_whether_a_push_shows_words() -> None:
    """The notice is fixed unless the file asks for the person's own text."""
    async with aiohttp.ClientSession() as http:
        for told, shows in (("fixed", False), ("text", True)):
            channel = _Listening(config("ES256", notice=told), http)
            assert shows == channel.shows_text
            await channel.close()


async def test_the_registry_makes_it_from_its_own_config() -> None:
    """The entry point makes a channel from its own kind of config, and from no other."""
    async with aiohttp.ClientSession() as http:
        context = Context("app", "https://care.example.com", http)
        made = adapters.app_push.adapter.create(config("ES256"), context)
        assert isinstance(made, AppPush)
        await made.close()
        with pytest.raises(Misuse):
            adapters.app_push.adapter.create(WebChatConfig(adapter="web_chat"), context)
