"""Providers' webhooks: the adapter says what a request means, everything in it is committed, and only then answered.

This is the path with the highest rate (see bench/ingest.py). It does nothing that a message does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from gateway.actions import call_report
from gateway.actions.receive import Arrival, receive, record_unrouted
from gateway.actions.report import Saying, report
from gateway.channels.contract import Adapter, DeliveryReport, Inbound, Reply, WebhookRefused, WebhookRequest
from gateway.channels.voice import CallHook, Voice
from gateway.errors import NotFound
from gateway.http import headers
from gateway.http.bodies import HOOK_BYTES, read_body
from gateway.http.deps import Deps
from gateway.http.peer import is_direct
from gateway.http.problems import WebhookRefusal
from gateway.settings import Settings
from gateway.store.store import Lane

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

VOICE: Final = "voice/"
"""What the steps of calls begin with."""
_NO_QUERY: Final[Mapping[str, str]] = {}


class Webhooks:
    """`GET` and `POST` of /hooks/{channel}/{step}."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._log = log.bind()  # one logger, put together once and not for each line

    async def serve(self, request: web.Request) -> web.Response:
        return await self.take(request, request.match_info["channel"], request.match_info["step"])

    async def take(self, request: web.Request, channel: str, step: str) -> web.Response:
        """Raises NotFound for a channel or a number that is not ours, and what reading and writing raise. What fails by
        our fault is remembered: the provider may not come again with it, and must be asked."""
        try:
            return await self._take(request, channel, step)
        except BaseException as error:  # also a provider that hangs up before it has its answer
            if getattr(error, "status", 500) >= 500:
                self._deps.outage()
            raise

    async def _take(self, request: web.Request, channel: str, step: str) -> web.Response:
        deps = self._deps
        async with deps.channels.use(channel) as adapter:
            body = await read_body(request, HOOK_BYTES, deps.body_seconds)
            asked = _asked(request, step, body, deps.settings())
            try:
                if step.startswith(VOICE) and isinstance(adapter, Voice):
                    return _answer(await self._voice(channel, adapter, await adapter.hook(asked)))
                webhook = await adapter.webhook(asked)
            except WebhookRefused as refused:
                raise self._refusal(channel, refused) from None
            for inbound in webhook.inbound:
                await self._receive(channel, adapter, inbound)
            for said in webhook.reports:
                await self._report(channel, said)
            return _answer(webhook.reply)

    async def _receive(self, channel: str, adapter: Adapter, inbound: Inbound) -> None:
        deps = self._deps
        now = deps.clock()
        destination = adapter.destination(inbound.endpoint)
        if destination is None:
            await deps.store.write(record_unrouted, channel, inbound.endpoint, now)
            deps.channels.traffic.went_wrong(channel, None, "A message came for a number that is not configured.", now)
            log.warning("webhook.unrouted", channel=channel)
            raise NotFound("this number is not configured here")
        arrival = Arrival.at_door(channel, inbound, destination, deps.settings().teams, now)
        receipt = await deps.store.write_each(receive, arrival, Lane.INGEST)
        if receipt.message is None:
            deps.metrics.repeated(channel).inc()
        else:
            deps.metrics.inbound(channel).inc()
            deps.channels.traffic.came_in(channel, now)
        self._log.info("webhook.message", channel=channel, thread=receipt.thread, message=receipt.message)

    async def _report(self, channel: str, said: DeliveryReport) -> None:
        deps = self._deps
        delivery = await deps.store.write_each(report, Saying(channel, said, deps.clock()), Lane.INGEST)
        deps.metrics.reports(channel).inc()
        self._log.info("webhook.report", channel=channel, delivery=delivery, state=said.state, code=said.code)

    async def _voice(self, channel: str, adapter: Voice, hook: CallHook) -> Reply:
        """What is said of a call is committed, and what the provider is to do with it follows from what stands then."""
        deps = self._deps
        saying = call_report.Saying(channel, hook.reference, hook.reports, hook.asks is not None, deps.clock())
        heard = await deps.store.write(call_report.report, saying, deps.settings().teams)
        deps.metrics.reports(channel).inc(len(hook.reports))
        call = heard.call
        self._log.info("webhook.call", channel=channel, call=None if call is None else call.id, asks=hook.asks)
        if hook.asks is None:
            return hook.reply
        return adapter.script(hook.asks, call_report.ring(call) if call is not None and heard.goes_on else None)

    def _refusal(self, channel: str, refused: WebhookRefused) -> WebhookRefusal:
        self._deps.metrics.refused(channel, str(refused.status)).inc()
        log.warning("webhook.refused", channel=channel, status=refused.status, reason=refused.reason)
        return WebhookRefusal(refused.status, refused.reason)


def below_prefix(path: str, settings: Settings) -> tuple[str, str] | None:
    """Channel and step of a path that still has the prefix of `public_url`, from a proxy that does not strip it."""
    prefix = urlsplit(settings.public_url).path + "/hooks/"
    channel, slash, step = path.removeprefix(prefix).partition("/")
    return (channel, step) if prefix != "/hooks/" and path.startswith(prefix) and slash and step else None


def public_url_of(raw: str, public_url: str) -> str:
    """The URL that the provider called: the configured one with this request's path and query exactly as sent.

    `raw` is the request's target. A proxy may have stripped the prefix of `public_url`, or not.
    """
    if not raw.startswith("/"):  # absolute-form, RFC 9112, 3.2.2
        parts = urlsplit(raw)
        raw = raw.removeprefix(f"{parts.scheme}://{parts.netloc}") or "/"
    if raw.startswith("/hooks/"):
        return public_url + raw
    prefix = urlsplit(public_url).path
    return public_url.removesuffix(prefix) + raw if prefix else public_url + raw


def _asked(request: web.Request, step: str, body: bytes, settings: Settings) -> WebhookRequest:
    raw = request.raw_path
    return WebhookRequest(
        request.method,
        step,
        public_url_of(raw, settings.public_url),
        request.query if "?" in raw else _NO_QUERY,
        request.headers,
        body,
        is_direct(request),
    )


def _answer(reply: Reply) -> web.Response:
    return web.Response(
        status=reply.status, body=reply.body, headers=headers.HOOK | {"Content-Type": reply.content_type}
    )
