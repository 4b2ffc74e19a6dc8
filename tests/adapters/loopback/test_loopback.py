"""The loopback adapter: the contract's checks, and who may use its webhooks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict
from pydantic import ValidationError

import adapters.loopback
from adapters.loopback.adapter import KIND, Loopback
from adapters.loopback.config import LoopbackConfig
from adapters.loopback.handset import MOST_MESSAGES, MOST_NUMBERS, Handsets
from gateway.channels.contract import (
    Context,
    DeliveryReport,
    Inbound,
    Outbound,
    OutboundFile,
    SendResult,
    WebhookRequest,
)
from gateway.channels.testing import AdapterContract, Provider, refused
from gateway.domain.address import Address

PUBLIC = "http://127.0.0.1:8080"
OURS = "+13035550100"
THEIRS = Address("phone", "+17205550111")
PAGE = {"Host": "127.0.0.1:8080", "Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}


def request(document: object = None, step: str = "messages", method: str = "POST", **query: str) -> WebhookRequest:
    headers = CIMultiDict({"Content-Type": "application/json", **PAGE})
    url = f"{PUBLIC}/hooks/demo/{step}"
    return WebhookRequest(method, step, url, query, headers, json.dumps(document).encode(), loopback=True)


def text(body: str) -> dict[str, str]:
    return {"id": "m-1", "from": THEIRS.value, "to": OURS, "body": body}


class PlayedPhone(Provider):
    """The phone on the screen."""

    endpoint = OURS
    customer = THEIRS

    def __init__(self, adapter: Loopback) -> None:
        self.adapter = adapter
        self.handsets = adapter._handsets

    def text(self, body: str) -> tuple[WebhookRequest, Inbound]:
        return request(text(body)), Inbound("m-1", THEIRS, OURS, body)

    def tampered(self, body: str) -> Mapping[str, WebhookRequest]:
        good = request(text(body))

        def with_headers(**told: str) -> WebhookRequest:
            return replace(good, headers=CIMultiDict({**good.headers, **told}))

        return {
            "from another machine": replace(good, loopback=False),
            "another page": with_headers(Origin="https://evil.example"),
            "another port": with_headers(Origin="http://127.0.0.1:9999"),
            "a sandboxed page": with_headers(Origin="null"),
            "across sites": with_headers(**{"Sec-Fetch-Site": "cross-site"}),
            "across ports": with_headers(**{"Sec-Fetch-Site": "same-site"}),
            "a name that was rebound": with_headers(Host="evil.example:8080"),
            "no host at all": with_headers(Host="["),
            "a simple form": with_headers(**{"Content-Type": "text/plain"}),
            "a field more": request(text(body) | {"reply": body}),
            "a field less": request({"from": THEIRS.value, "to": OURS, "body": body}),
            "a number that is none": request(text(body) | {"from": "720-555-0111"}),
            "a body that is no text": request(text(body) | {"body": [body]}),
            "half of a surrogate pair": request(text(body + "\ud800")),
            "a list": request([text(body)]),
        }

    def taken(self) -> list[str]:
        return [shown.body for shown in self.handsets.newer(THEIRS.value, 0)]

    def report(self, sent: SendResult, reference: str) -> tuple[WebhookRequest, DeliveryReport]:
        told = {"id": sent.provider_id, "state": "delivered"}
        return request(told, "status"), DeliveryReport("delivered", sent.provider_id)


@asynccontextmanager
async def played() -> AsyncIterator[PlayedPhone]:
    config = LoopbackConfig.model_validate({"adapter": "loopback", "numbers": {OURS: "team"}})
    async with aiohttp.ClientSession() as http:
        yield PlayedPhone(Loopback(config, Context("demo", PUBLIC, http)))


class TestLoopback(AdapterContract):
    """The template passes what it is a template for."""

    def play(self) -> AbstractAsyncContextManager[Provider]:
        return played()


async def test_the_phone_shows_what_was_sent() -> None:
    """A phone gets its own messages, oldest first, and then only what is newer than what it has."""
    async with played() as phone:
        for n, body in enumerate(("one", "two")):
            await phone.adapter.send(Outbound(f"r{n}", THEIRS, OURS, body, datetime.now(UTC)))
        await phone.adapter.send(Outbound("r9", Address("phone", "+17205550112"), OURS, "else", datetime.now(UTC)))
        items = await shown(phone, number=THEIRS.value)
        assert [(OURS, "one"), (OURS, "two")] == [(item["from"], item["body"]) for item in items]
        assert {"n", "id", "from", "body", "files", "at"} == set(items[0])
        assert items[1:] == await shown(phone, number=THEIRS.value, after=str(items[0]["n"]))


async def shown(phone: PlayedPhone, **query: str) -> list[dict[str, Any]]:
    told = request(step="messages", method="GET", **query)
    reply = (await phone.adapter.webhook(replace(told, body=b"", headers=PAGE))).reply
    assert "application/json" == reply.content_type
    items: list[dict[str, Any]] = json.loads(reply.body)["items"]
    return items


async def test_a_program_on_this_machine_needs_no_page() -> None:
    """Without a browser's headers a local request is believed."""
    async with played() as phone:
        told = replace(request(text("hi")), headers={"Content-Type": "application/json"})
        assert "hi" == (await phone.adapter.webhook(told)).inbound[0].body


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (request(method="GET", number="+17205550111", after="x"), 400),
        (request(method="GET", number="me"), 400),
        (request(method="GET"), 400),
        (replace(request(method="GET", number="+17205550111"), loopback=False), 403),
        (request({"id": "m-1", "state": "failed"}, "status"), 400),
        (request({"id": "m-1", "state": []}, "status"), 400),
        (request({"id": "../x", "state": "read"}, "status"), 400),
        (request(step="status", method="GET"), 405),
        (request({}, "voice"), 404),
    ],
)
async def test_what_is_refused(told: WebhookRequest, status: int) -> None:
    """Each wrong request gets its own 4xx."""
    async with played() as phone:
        refusal = await refused(phone.adapter, told)
        assert status == (refusal.status if refusal else 200)


def _outbound(number: str, body: str) -> Outbound:
    return Outbound("r", Address(KIND, number), OURS, body, datetime.now(UTC))


def test_files_are_shown() -> None:
    """A phone gets the files of a message with their links."""
    picture = OutboundFile("https://care.example.com/files/x/cat.jpg", "image/jpeg", 3, "cat.jpg")
    handsets = Handsets()
    handsets.deliver(replace(_outbound("+17205550111", ""), files=(picture,)))
    (shown,) = handsets.newer("+17205550111", 0)
    assert [{"url": picture.url, "type": "image/jpeg", "name": "cat.jpg"}] == shown.as_json()["files"]


def test_a_handset_is_bounded() -> None:
    """The oldest message of a number goes first, and the number that waited longest for one."""
    handsets = Handsets()
    for n in range(MOST_MESSAGES + 1):
        handsets.deliver(_outbound("+17205550111", str(n)))
    kept = handsets.newer("+17205550111", 0)
    assert (MOST_MESSAGES, "1") == (len(kept), kept[0].body)
    assert [shown.n for shown in kept] == sorted({shown.n for shown in kept})
    for n in range(MOST_NUMBERS):
        handsets.deliver(_outbound(f"+1720555{n:04}x", "hi"))
    assert [] == handsets.newer("+17205550111", 0)


@pytest.mark.parametrize(
    ("public_url", "listen", "problems"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", 0),
        ("http://localhost:8080", "localhost:8080", 0),
        ("http://[::1]:8080", "[::1]:8080", 0),
        ("http://127.0.0.1:8080", "0.0.0.0:8080", 1),
        ("https://care.example.com", "127.0.0.1:8080", 1),
        ("http://127.0.0.1.example.com", "127.0.0.1:8080", 1),
        ("http://127.0.0.1:8080", "[::]:8080", 1),
        ("http://127.0.0.1:8080", ":8080", 1),
    ],
)
def test_it_runs_on_this_machine_only(public_url: str, listen: str, problems: int) -> None:
    """Wherever others could reach it, the folder has a fault."""
    config = LoopbackConfig.model_validate({"adapter": "loopback", "numbers": {OURS: "team"}})
    assert problems == len(list(config.problems(public_url, listen)))


@pytest.mark.parametrize("numbers", [{}, {"303": "team"}, {OURS: {"team": "team", "per_second": 1}}])
def test_faults(numbers: dict[str, object]) -> None:
    """A channel without a number, with one that is none, or with a pace is refused."""
    with pytest.raises(ValidationError):
        LoopbackConfig.model_validate({"adapter": "loopback", "numbers": numbers})


def test_the_example_is_valid() -> None:
    """The example file loads as it stands and names its team."""
    text = (Path(adapters.loopback.__file__).parent / "example.toml").read_text()
    read = LoopbackConfig.model_validate(tomllib.loads(text))
    assert [(("numbers", OURS), "front-range")] == list(read.teams())
