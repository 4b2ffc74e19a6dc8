"""A running gateway's two doors: signed webhooks on one side, the agents' API under Ana's token on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from tests.gateway_process import NUMBER, GatewayProcess, until
from tests.standins.twilio import TwilioStandIn

CUSTOMER: Final = "+17205550111"
BASE: Final = "/api/agent/v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """`json` is None where the body is none."""

    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a test does to a gateway; the stand-in answers what the gateway does to Twilio."""

    gateway: GatewayProcess
    twilio: TwilioStandIn
    http: aiohttp.ClientSession

    async def text(
        self, body: str, sender: str = CUSTOMER, to: str = NUMBER, sid: str | None = None, channel: str = "sms"
    ) -> Answer:
        """A customer's text by way of Twilio."""
        url = f"{self.gateway.url}/hooks/{channel}/messages"
        form = self.twilio.text_form(sender, to, body, sid=sid)
        return await self._call("POST", url, {"X-Twilio-Signature": self.twilio.sign(url, form)}, data=form)

    async def ask(self, method: str, path: str, json: Any = None, key: str | None = None) -> Answer:
        """Ana asks the API; `key` is the Idempotency-Key."""
        headers = {"Authorization": f"Bearer {self.gateway.token}"} | ({"Idempotency-Key": key} if key else {})
        return await self._call(method, self.gateway.url + BASE + path, headers, json=json)

    async def reply(self, thread: str, body: str, key: str | None = None) -> Answer:
        return await self.ask("POST", f"/threads/{thread}/messages", {"body": body}, key)

    async def threads(self) -> dict[str, str]:
        """Thread ids by customer's number; those without a name are called by it."""
        found: dict[str, str] = {}
        more = ""
        while True:
            page = (await self.ask("GET", f"/threads?view=all&limit=100{more}")).json
            found |= {row["customer"]["name"]: row["id"] for row in page["items"]}
            if "next" not in page:
                return found
            more = f"&cursor={page['next']}"

    async def thread(self, sender: str = CUSTOMER) -> str:
        return (await self.threads())[sender]

    async def history(self, thread: str) -> list[dict[str, Any]]:
        """Every message of a thread, oldest first."""
        found: list[dict[str, Any]] = []
        more = ""
        while True:
            page = (await self.ask("GET", f"/threads/{thread}/messages?limit=100{more}")).json
            found = page["items"] + found
            if "next" not in page:
                return found
            more = f"&before={page['next']}"

    async def said(self, sender: str = CUSTOMER) -> list[str]:
        """What a customer's thread has from them, oldest first; nothing where there is no thread."""
        thread = (await self.threads()).get(sender)
        messages = await self.history(thread) if thread else []
        return [message["body"] for message in messages if message["direction"] == "in"]

    async def settled(self, thread: str) -> list[dict[str, Any]]:
        """The thread's outbound messages, once none waits or is being sent."""

        async def ask() -> list[dict[str, Any]] | None:
            out = [message for message in await self.history(thread) if message["direction"] == "out"]
            return out if out and not {"queued", "sending"} & {m["delivery"]["state"] for m in out} else None

        return await until(ask)

    async def _call(self, method: str, url: str, headers: Mapping[str, str], **body: Any) -> Answer:
        async with self.http.request(method, url, headers=headers, **body) as answer:
            content = await answer.json() if answer.content_type.endswith("json") else await answer.read()
            return Answer(answer.status, content or None, answer.headers)


@asynccontextmanager
async def at_desk(gateway: GatewayProcess, twilio: TwilioStandIn) -> AsyncIterator[Desk]:
    """As many connections at once as a test likes, and half a minute for each answer."""
    patience = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=patience) as http:
        yield Desk(gateway, twilio, http)
