"""The demo in memory: the gateway, and a loopback channel with a phone on it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway


class Loopback:
    """What the loopback channel's webhooks answer, and what they were told."""

    def __init__(self) -> None:
        self.texts: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.failures = 0

    async def config(self, _request: web.Request) -> web.Response:
        facts = {
            "channel": "phone",
            "number": "+13035550127",
            "team_number": "+13035550100",
            "team_name": "Front Range",
            "console": "/console",
        }
        return web.json_response(facts)

    async def take(self, request: web.Request) -> web.Response:
        self.texts.append(await request.json())
        if self.failures:
            self.failures -= 1
            return problem(503, "Not now.")
        return web.json_response({})

    async def give(self, request: web.Request) -> web.Response:
        after = int(request.query["after"])
        return web.json_response({"items": [each for each in self.replies if each["n"] > after]})

    async def report(self, request: web.Request) -> web.Response:
        self.reports.append(await request.json())
        return web.json_response({})


class Demo(FakeGateway):
    """The gateway while the demo runs."""

    def __init__(self) -> None:
        super().__init__()
        self.phone = Loopback()
        self.csp = self.csp.replace("frame-ancestors 'none'", "frame-ancestors 'self'; frame-src 'self'")

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_get("/demo/config.json", self.phone.config)
        app.router.add_post("/hooks/phone/messages", self.phone.take)
        app.router.add_get("/hooks/phone/messages", self.phone.give)
        app.router.add_post("/hooks/phone/status", self.phone.report)
        return app
