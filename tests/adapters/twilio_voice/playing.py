"""A voice channel beside its stand-in, and the little of a gateway that a call needs: hooks over HTTP, and rings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from pydantic import SecretStr

from adapters.twilio_voice.adapter import TwilioVoice
from adapters.twilio_voice.config import VoiceConfig
from gateway.channels.contract import Context, WebhookRefused, WebhookRequest
from gateway.channels.voice import Announcement, CallError, CallReport, Ring
from tests.standins.twilio_voice import ACCOUNT, TOKEN, TwilioVoiceStandIn

PUBLIC = "https://care.example.com/teamline"
OURS = "+13035550100"
AGENT = "+13035550142"
CUSTOMER = "+17205550111"
RING = Ring("ring-1", AGENT, CUSTOMER, Announcement("Ana Ortiz"), datetime(2026, 1, 31, 9, tzinfo=UTC))


def config(**keys: Any) -> VoiceConfig:
    told = {"adapter": "twilio_voice", "account_sid": ACCOUNT, "auth_token": SecretStr(TOKEN), "number": OURS}
    return VoiceConfig.model_validate(told | keys)


def ring(**changes: Any) -> Ring:
    """A ring of this moment."""
    return replace(RING, **{"first_tried": datetime.now(UTC), **changes})


def request(
    voice: TwilioVoiceStandIn,
    form: Mapping[str, str],
    step: str = "voice/status",
    *,
    query: str = "?ref=ring-1",
    signed: str | None = None,
    body: bytes | None = None,
) -> WebhookRequest:
    """A request signed by the stand-in over `form`; `signed` ("": none) and `body` say what differs from it."""
    url = f"{PUBLIC}/hooks/voice/{step}{query}"
    told = {"Content-Type": "application/x-www-form-urlencoded"}
    if signature := voice.hooks.sign(url, dict(form)) if signed is None else signed:
        told["X-Twilio-Signature"] = signature
    return WebhookRequest(
        method="POST",
        step=step,
        url=url,
        query=dict(parse_qsl(urlsplit(url).query)),
        headers=CIMultiDict(told),
        body=urlencode(form).encode() if body is None else body,
    )


async def failure(call: Any) -> CallError | None:
    """The CallError of an awaitable, or None."""
    try:
        await call
    except CallError as error:
        return error
    return None


class Desk:
    """What the gateway does of a call: it keeps the rings, takes each report once, and answers from what it has."""

    def __init__(self, public: str) -> None:
        self.public = public
        self.rings: dict[str, Ring] = {}
        self.reports: list[CallReport] = []
        self.down = 0
        """So many requests are answered with a 503 first, as while the gateway starts."""
        self.adapter: TwilioVoice

    @property
    def heard(self) -> list[tuple[str, str]]:
        """(leg, state) of each report, without repeated ones."""
        return [(report.leg, report.state + report.digits) for report in self.reports]

    async def ring(self, asked: Ring) -> str:
        self.rings[asked.reference] = asked
        return await self.adapter.ring(asked)

    async def serve(self, told: web.Request) -> web.Response:
        if self.down:
            self.down -= 1
            return web.Response(status=503)
        raw, step = told.raw_path, told.match_info["step"]
        url = self.public + raw
        asked = WebhookRequest(told.method, step, url, told.query, told.headers, await told.read())
        try:
            hook = await self.adapter.hook(asked)
        except WebhookRefused as refused:
            return web.Response(status=refused.status)
        known = {report.key for report in self.reports}
        self.reports += [report for report in hook.reports if report.key not in known]
        reply = self.adapter.script(hook.asks, self.rings.get(hook.reference)) if hook.asks else hook.reply
        return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.content_type})


@asynccontextmanager
async def channel(voice: TwilioVoiceStandIn, *, patience: float = 10.0, **keys: Any) -> AsyncIterator[TwilioVoice]:
    """The adapter on a session of its own, calling through the stand-in."""
    async with aiohttp.ClientSession() as http:
        told = config(**{"api_base_url": voice.url, **keys})
        adapter = TwilioVoice(told, Context("voice", PUBLIC, http), timeout=patience)
        yield adapter
        await adapter.close()


@asynccontextmanager
async def desk(voice: TwilioVoiceStandIn, *, patience: float = 10.0, **keys: Any) -> AsyncIterator[Desk]:
    """The adapter behind real hooks, which the stand-in reaches as from outside: signed for the public URL."""
    made = Desk(PUBLIC)
    app = web.Application()
    app.router.add_route("*", "/hooks/voice/{step:.+}", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    voice.hooks.public = (PUBLIC, f"http://127.0.0.1:{runner.addresses[0][1]}")
    async with channel(voice, patience=patience, **keys) as made.adapter:
        yield made
    await voice.settled()
    await runner.cleanup()


@asynccontextmanager
async def telephone() -> AsyncIterator[TwilioVoiceStandIn]:
    async with TwilioVoiceStandIn(OURS) as voice:
        yield voice
