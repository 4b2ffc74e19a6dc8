"""The demo's phone: a customer's words go out under one id, the answer comes back and is reported as delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_demo import Demo
from tests.pages.fake_gateway import served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


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
