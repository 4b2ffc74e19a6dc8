"""A customer's page on which a time is being chosen, or is booked."""

from __future__ import annotations

from datetime import datetime

from playwright.async_api import Locator, Page, expect

from tests.pages.chatting import open_chat
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat
from tests.pages.fake_slots import DENVER
from tests.pages.world import Json

TUESDAY = datetime(2026, 11, 24, 10, 30, tzinfo=DENVER)


async def choose(visitor: Visitor, gateway: FakeChat) -> Page:
    """The choosing is open, on the day that the gateway's clock shows."""
    await visitor.page.clock.set_fixed_time(gateway.now)
    page = await open_chat(visitor)
    await page.get_by_role("button", name="Book a time").press("Enter")
    await expect(page.get_by_role("radio", name="Today")).to_be_visible()
    return page


async def tick(page: Page, name: str) -> None:
    await page.get_by_role("radio", name=name).check()


async def booked(visitor: Visitor, gateway: FakeChat) -> tuple[Page, Json]:
    """A call tomorrow at half past ten is booked, and stands on the page."""
    page = await choose(visitor, gateway)
    await tick(page, "Tomorrow")
    await tick(page, "10:30")
    await page.get_by_label("Number to call").fill("+1 720 555 0142")
    await page.get_by_role("button", name="Book the call").click()
    await expect(card(page)).to_contain_text("Call tomorrow at 10:30")
    return page, gateway.booked[gateway.newest][0]


def card(page: Page) -> Locator:
    return page.locator(".card").first


def lines(page: Page) -> Locator:
    return page.locator(".booked-line")
