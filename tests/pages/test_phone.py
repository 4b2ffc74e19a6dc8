"""The demo's phone: a customer's words go out under one id, the answer comes back and is reported as delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway, served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


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

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_get("/demo/config.json", self.phone.config)
        app.router.add_post("/hooks/phone/messages", self.phone.take)
        app.router.add_get("/hooks/phone/messages", self.phone.give)
        app.router.add_post("/hooks/phone/status", self.phone.report)
        return app


@pytest_asyncio.fixture(loop_scope="session")
async def customer(browser: Browser) -> AsyncIterator[Visitor]:
    demo = Demo()
    async with served(demo) as origin:
        context = await browser.new_context(viewport={"width": 1000, "height": 800})
        visitor = Visitor(demo, origin, context, await context.new_page())
        visitor.watch(visitor.page)
        await visitor.page.goto(f"{origin}/demo")
        yield visitor
        await context.close()
    assert [] == visitor.complaints


async def test_a_text_goes_out_and_an_answer_comes_back(customer: Visitor) -> None:
    """A text that fails once goes out again under one id; the answer is shown once, over a reload, and reported."""
    page, phone = customer.page, customer.gateway.phone  # type: ignore[attr-defined]
    await expect(page.get_by_role("heading", name="Front Range")).to_be_visible()
    phone.failures = 1
    await page.get_by_label("Text message").fill("Is anyone <b>there</b>?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".mine .words")).to_have_text("Is anyone <b>there</b>?")
    await expect(page.locator(".mine small")).not_to_have_text("Sending")
    assert 1 == len({text["id"] for text in phone.texts})
    assert {"from": "+13035550127", "to": "+13035550100", "body": "Is anyone <b>there</b>?"} == {
        key: phone.texts[-1][key] for key in ("from", "to", "body")
    }
    phone.replies.append(
        {"n": 1, "id": "m1", "from": "+13035550100", "body": "Yes.", "at": "2026-11-22T09:00:00.000000Z"}
    )
    await expect(page.locator(".theirs .words")).to_have_text("Yes.")
    await page.reload()
    await expect(page.locator(".words")).to_have_text(["Is anyone <b>there</b>?", "Yes."])
    assert [{"id": "m1", "state": "delivered"}] == phone.reports
