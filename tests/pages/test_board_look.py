"""What the bookings look like where it can be measured: what axe-core finds, and that nothing is cut off."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.pages.booked_company import book_up
from tests.pages.company import furnish
from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway
from tests.pages.test_look import findings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

CUT = """() => [...document.querySelectorAll("tl-board *, tl-ringing *, .thread-bookings *")]
  .filter(each => each.checkVisibility() && !each.closest(".unseen, svg") && getComputedStyle(each).opacity !== "0")
  .filter(each => { const { left, right } = each.getBoundingClientRect(); return left < -1 || right > innerWidth + 1 })
  .map(each => each.outerHTML.slice(0, 100))"""


async def enter(visitor: Visitor, gateway: FakeGateway, width: int) -> tuple[Page, str]:
    """A board in every state, with a strip above it."""
    gateway.agents.clear()
    thread, near = furnish(gateway), book_up(gateway)
    await visitor.page.set_viewport_size({"width": width, "height": 800})
    page = await visitor.enter("#/bookings")
    await expect(page.locator("tl-board .booking").first).to_be_visible()
    await gateway.ring(near, "shift", [gateway.agents["ana"]])
    await expect(page.locator(".strip")).to_be_visible()
    return page, thread


@pytest.mark.needs("axe")
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (800, "dark"), (1440, "light"), (1440, "dark")])
async def test_axe_finds_nothing(visitor: Visitor, gateway: FakeGateway, width: int) -> None:
    """axe-core has no objection to a day, a week, a ring, a form, a customer's bookings or one's own settings."""
    page, thread = await enter(visitor, gateway, width)
    found = {"day": await findings(page)}
    await page.evaluate("location.hash = '#/bookings/week'")
    await expect(page.locator(".week-card").first).to_be_visible()
    found["week"] = await findings(page)
    await page.evaluate("id => { location.hash = `#/all/t/${id}` }", thread)
    await expect(page.locator(".message").first).to_be_visible()
    if width < 1100:
        await page.keyboard.press("d")
    await page.get_by_role("button", name="Book a time").click()
    await expect(page.locator(".time-chip").first).to_be_visible()
    found["booking"] = await findings(page)
    await page.keyboard.press("Escape")
    await page.locator(".panel-card").get_by_role("button", name="Note how it ended").click()
    found["outcome"] = await findings(page)
    await page.evaluate("document.querySelector('tl-me').open()")
    found["me"] = await findings(page)
    assert {} == {state: lines for state, lines in found.items() if lines}


async def test_nothing_is_cut_off_when_enlarged(visitor: Visitor, gateway: FakeGateway) -> None:
    """At 320 px nothing of the board, the strip or a customer's bookings is cut off or scrolls sideways."""
    page, thread = await enter(visitor, gateway, 320)
    for place in ("#/bookings", "#/bookings/week", f"#/all/t/{thread}"):
        await page.evaluate("place => { location.hash = place }", place)
        await expect(
            page.locator("tl-thread .message, tl-board .booking").locator("visible=true").first
        ).to_be_visible()
        if place.startswith("#/all"):
            await page.keyboard.press("d")
            await page.get_by_role("button", name="Book a time").click()
            await expect(page.locator(".time-chip").first).to_be_visible()
        assert [] == await page.evaluate(CUT)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
