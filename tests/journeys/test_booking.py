"""A customer books at the web page and a person keeps it at the console, over a real gateway and by keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.gateway_process import GatewayProcess, gateway_process, hire
from tests.journeys.conftest import profile, sign_in
from tests.journeys.test_chat import WEB

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("chromium")]

PHONE = "+1 303 555 0142"
ZONE = "America/Denver"
"""The team's."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory, engine: str) -> AsyncIterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("booking")
    (folder / "company").mkdir()
    async with gateway_process(
        folder / "gateway", hire(folder / "company", engine), "http://127.0.0.1:9", config=WEB
    ) as gateway:
        yield gateway


async def choosing(customer: Page, gateway: GatewayProcess) -> None:
    await customer.goto(f"{gateway.url}/chat")
    await customer.get_by_role("button", name="Book a time").press("Enter")
    await expect(customer.get_by_role("heading", name="Book a time")).to_be_focused()


async def tick(customer: Page, name: str) -> None:
    await customer.get_by_role("radio", name=name).first.press("Space")


def card(customer: Page) -> Locator:
    return customer.locator(".card").first


async def test_called_at_once(browser: Browser, gateway: GatewayProcess) -> None:
    """Who wants to be called now rings at the console; a person takes the call on, dials, and notes how it ended, and
    the customer sees each step without having written a word."""
    async with profile(browser, timezone_id=ZONE) as at_home, profile(browser, timezone_id=ZONE) as at_work:
        agent = await at_work.new_page()
        await sign_in(agent, gateway.url)
        customer = await at_home.new_page()
        await choosing(customer, gateway)
        await tick(customer, "Now")
        await customer.get_by_label("Number to call").fill(PHONE)
        await customer.get_by_role("button", name="Call me now").press("Enter")
        await expect(card(customer)).to_contain_text("The team is being asked to call you")
        strip = agent.locator(".strip")
        await strip.get_by_role("button", name="Call").press("Enter")
        await expect(strip.get_by_role("link", name=f"Dial {PHONE}")).to_have_attribute("href", "tel:+13035550142")
        await expect(card(customer)).to_contain_text("Ana is calling you.")
        await strip.get_by_role("button", name="Note how it ended").press("Enter")
        await strip.get_by_label("Reached").press("Space")
        await strip.get_by_role("button", name="Note it").press("Enter")
        await expect(strip).to_be_hidden()
        await expect(customer.locator(".booked-line").last).to_contain_text("Ana called")


async def test_a_time_of_ones_own(browser: Browser, gateway: GatewayProcess) -> None:
    """A call is booked for tomorrow; the team sees it on its board and somebody claims it, which the customer sees; the
    customer moves it and cancels it, and the board knows."""
    async with profile(browser, timezone_id=ZONE) as at_home, profile(browser, timezone_id=ZONE) as at_work:
        customer = await at_home.new_page()
        await choosing(customer, gateway)
        await tick(customer, "Tomorrow")
        await tick(customer, "12:30")
        await customer.get_by_label("Number to call").fill(PHONE)
        await customer.get_by_label("What it is about").fill("The straps are missing")
        await customer.get_by_role("button", name="Book the call").press("Enter")
        await expect(card(customer)).to_contain_text("The straps are missing")
        agent = await at_work.new_page()
        await sign_in(agent, gateway.url)
        await agent.keyboard.press("b")
        await expect(agent.get_by_role("heading", name="Bookings")).to_be_visible()
        booking = agent.locator("tl-board .booking", has_text="The straps are missing")
        await agent.keyboard.press("]")
        await booking.get_by_role("button", name="Claim").press("Enter")
        await expect(card(customer)).to_contain_text("Ana has taken it.")
        await card(customer).get_by_role("button", name="Move").press("Enter")
        await tick(customer, "Tomorrow")
        await tick(customer, "13:00")
        await customer.get_by_role("button", name="Move the call").press("Enter")
        await expect(card(customer)).to_contain_text("Call tomorrow at 13:00")
        await expect(booking.get_by_role("button", name="Claim")).to_be_visible()
        await card(customer).get_by_role("button", name="Cancel").press("Enter")
        await card(customer).get_by_role("button", name="Yes, cancel it").press("Enter")
        await expect(customer.locator(".booked-line").last).to_contain_text("Call cancelled")
        await expect(booking).to_contain_text("Cancelled")
