"""A channel that ends at this machine: the phone on the demo's screen, and the adapter to copy when you write one.

An adapter does three things: it believes or refuses a webhook, it hands a person's reply to the provider, and it says
which of our numbers leads to which team. Where a real one checks a provider's signature, this one checks that the
request comes from this machine and from our own page: a page from elsewhere, open in the same browser, must not be
able to write as a customer or to read a phone.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.loopback.config import LoopbackConfig, is_this_machine
from adapters.loopback.handset import Handsets
from gateway.channels.config import Destination
from gateway.channels.contract import (
    Adapter,
    Capabilities,
    Context,
    DeliveryReport,
    Inbound,
    Outbound,
    Reply,
    SendError,
    SendResult,
    Webhook,
    WebhookRefused,
    WebhookRequest,
)
from gateway.domain.address import Address, is_e164
from gateway.domain.message import body_fault

KIND: Final = "phone"
"""Not "sms": that kind says that a carrier vouches for the number, and nobody does here. So a demo's customer is never
taken for the real one with the same number."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_COUNT = re.compile(r"\d{1,16}", re.ASCII)


class Loopback(Adapter):
    """An Adapter (see gateway/channels/contract.py)."""

    capabilities = Capabilities(max_body=1_600, reports=True, lookup=True, max_files=10, max_file_bytes=16_000_000)
    concurrency = 16

    def __init__(self, config: LoopbackConfig, context: Context) -> None:
        self._numbers = config.numbers
        self._origin = urlsplit(context.public_url)._replace(path="").geturl()
        self._handsets = Handsets()

    def destination(self, endpoint: str) -> Destination | None:
        return self._numbers.get(endpoint)

    async def webhook(self, request: WebhookRequest) -> Webhook:
        self._believe(request)
        match request.method, request.step:
            case "POST", "messages":
                return Webhook(inbound=(_inbound(_document(request)),))
            case "GET", "messages":
                return Webhook(reply=self._shown(request))
            case "POST", "status":
                return Webhook(reports=(_report(_document(request)),))
            case _, "messages" | "status":
                raise WebhookRefused(405, "this webhook does not take that method")
        raise WebhookRefused(404, "there is no such webhook")

    async def send(self, outbound: Outbound) -> SendResult:
        if outbound.to.kind != KIND:
            raise SendError("permanent", "This channel leads to the phone on the screen only")
        shown = self._handsets.deliver(outbound)
        return SendResult(shown.id)

    async def look_up(self, outbound: Outbound) -> tuple[SendResult, ...]:
        held = self._handsets.newer(outbound.to.value, after=0)
        return tuple(SendResult(shown.id) for shown in held if shown.reference == outbound.reference)

    async def close(self) -> None:
        """Nothing is held open."""

    def _believe(self, request: WebhookRequest) -> None:
        """What stands for a signature here. Raises WebhookRefused."""
        headers = request.headers
        if not request.loopback:
            raise WebhookRefused(403, "this channel serves this machine only")
        if headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            raise WebhookRefused(403, "the request comes from a page that is not ours")
        if headers.get("Origin", self._origin) != self._origin:
            raise WebhookRefused(403, "the request comes from a page that is not ours")
        # A name that someone else owns can be pointed at this machine; "localhost" cannot.
        if "Host" in headers and not is_this_machine(headers["Host"]):
            raise WebhookRefused(403, "the request was not made to this machine's own name")

    def _shown(self, request: WebhookRequest) -> Reply:
        number, after = request.query.get("number", ""), request.query.get("after", "0")
        if not is_e164(number) or _COUNT.fullmatch(after) is None:
            raise WebhookRefused(400, "number must be E.164, and after a count")
        items = [shown.as_json() for shown in self._handsets.newer(number, int(after))]
        return Reply(200, json.dumps({"items": items}).encode(), "application/json")


def _document(request: WebhookRequest) -> dict[str, Any]:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise WebhookRefused(415, "the body is not JSON")
    try:
        document = json.loads(request.body.decode())
    except (ValueError, RecursionError):
        raise WebhookRefused(400, "the body is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise WebhookRefused(400, "the body is not a JSON object")
    return document


def _inbound(document: dict[str, Any]) -> Inbound:
    match document:
        case {"id": str(id_), "from": str(sender), "to": str(endpoint), "body": str(body)} if len(document) == 4:
            pass
        case _:
            raise WebhookRefused(400, "the object must be {id, from, to, body}, all text")
    if _ID.fullmatch(id_) is None or not is_e164(sender) or not is_e164(endpoint):
        raise WebhookRefused(400, "id must be up to 64 letters and digits, from and to E.164 numbers")
    if fault := body_fault(body):
        raise WebhookRefused(400, fault)
    return Inbound(id_, Address(KIND, sender), endpoint, body)


def _report(document: dict[str, Any]) -> DeliveryReport:
    match document:
        case {"id": str(id_), "state": "delivered" | "read" as state} if len(document) == 2 and _ID.fullmatch(id_):
            return DeliveryReport(state, provider_id=id_)
    raise WebhookRefused(400, 'the object must be {id, state}, with "delivered" or "read" as the state')
