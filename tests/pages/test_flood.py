"""A flood: keys go first, what is drawn stays bounded, and nothing of it is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp import web
from playwright.async_api import Route, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago, rfc3339

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]
MANY = 700


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread of 60 lines."""
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    for number in range(60):
        gateway.write(
            thread, "in", gateway.customer(thread), f"Line {number}", ago(minutes=20) + timedelta(seconds=number)
        )
    return thread


async def test_a_flooded_thread_stays_small(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """At the end of a thread into which 700 texts come, a few hundred are drawn, the server is told of reading a few
    times, and scrolling up reads every one of them without a hole."""
    asked: list[str] = []

    def count(request: web.Request) -> web.Response | None:
        asked.extend([request.path] if request.path.endswith("/read") else [])
        return None

    gateway.refusals.append(count)
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(visitor.bubble("Line 59")).to_be_in_viewport()
    for number in range(60, MANY):
        await gateway.arrive(dana, f"Line {number}")
    await expect(visitor.bubble(f"Line {MANY - 1}")).to_be_in_viewport()
    assert await page.locator(".message").count() <= 300
    assert len(asked) < 30
    scroller = page.get_by_role("region", name="Dana Whitfield")
    await scroller.evaluate(
        """async scroller => {
          const start = Date.now()
          while (!scroller.textContent.includes("The conversation begins here") && Date.now() - start < 9000) {
            scroller.scrollTop = Math.max(1, scroller.scrollTop - 600)
            await new Promise(done => requestAnimationFrame(done))
          }
        }"""
    )
    expected = [item["body"] for item in gateway.messages[dana]]
    assert expected == await page.locator(".message .body").all_text_contents()


async def test_a_flood_below_is_counted_and_read_later(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """While one reads further up, 700 texts are counted, few of them drawn, and going down reads all of them."""
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(visitor.bubble("Line 59")).to_be_in_viewport()
    scroller = page.get_by_role("region", name="Dana Whitfield")
    await scroller.evaluate("e => { e.scrollTop = 0 }")
    await expect(visitor.bubble("Line 59")).not_to_be_in_viewport()
    for number in range(60, MANY):
        await gateway.arrive(dana, f"Line {number}")
    await expect(page.get_by_role("button", name=f"{MANY - 60} new")).to_be_visible()
    assert await page.locator(".message").count() <= 400
    await scroller.evaluate(
        """async scroller => {
          const start = Date.now()
          while (!scroller.textContent.includes("Line 699") && Date.now() - start < 9000) {
            scroller.scrollTop += 600
            await new Promise(done => requestAnimationFrame(done))
          }
        }"""
    )
    expected = [item["body"] for item in gateway.messages[dana]]
    shown = await page.locator(".message .body").all_text_contents()
    assert expected[-len(shown) :] == shown


async def test_a_flooded_list_stays_small(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """While one stands in the list, 700 customers who write for the first time do not all become rows."""
    page = await visitor.enter()
    await page.get_by_role("link", name="Dana Whitfield").focus()
    for number in range(MANY):
        await gateway.arrive(gateway.thread(f"Customer {number}", f"+1303{number:07}"), "Hello")
    await expect(page.locator(".list .news")).to_be_visible()
    await expect(page.locator(".count").first).to_have_text(str(MANY + 1))
    assert await page.locator(".row").count() <= 300
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()


async def test_the_newest_delivery_stands(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """An answer to "Send again" that comes after the stream has told more does not undo what the stream told."""
    ana = gateway.agents["ana"]
    failed = {"state": "failed", "detail": "No.", "at": rfc3339(ago(minutes=3))}
    message = gateway.write(dana, "out", gateway.person(ana), "Thursday.", ago(minutes=4), delivery=failed)
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(visitor.bubble("Thursday.")).to_contain_text("Not delivered")
    late = message | {"delivery": {"state": "queued", "at": rfc3339(ago(minutes=1))}}

    async def answer(route: Route) -> None:
        await gateway.report(message, "delivered")
        await expect(visitor.bubble("Thursday.")).to_contain_text("Delivered")
        await route.fulfill(json=late)

    await page.route("**/retry", answer)
    async with page.expect_response("**/retry"):
        await page.get_by_role("button", name="Send again").press("Enter")
    await gateway.arrive(dana, "Thank you")
    await expect(visitor.bubble("Thank you")).to_be_visible()
    await expect(visitor.bubble("Thursday.")).to_contain_text("Delivered")
