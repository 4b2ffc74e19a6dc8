"""What a customer's page says of a promise that was broken, or begun and left, and how they choose anew."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.choosing import booked, card, tick
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat, chat_with_times

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

gateway = pytest.fixture(chat_with_times)


@pytest.fixture
def zone() -> str:
    return "America/Denver"


async def test_a_broken_promise(visitor: Visitor, gateway: FakeChat) -> None:
    """A call that nobody made is said to be our broken promise, and one of the next times is two presses away."""
    page, one = await booked(visitor, gateway)
    await gateway.stand(one, "booked", claimed_by={"name": "Ana"})
    await expect(card(page)).to_contain_text("Ana has taken it.")
    await gateway.stand(one, "due")
    await expect(card(page)).to_contain_text("It is time. Ana is being asked to call you.")
    await gateway.stand(one, "missed", broken=True, next=gateway.free("call"))
    await expect(card(page)).to_contain_text("Nobody called you. We promised it for 10:30, and did not keep it.")
    await expect(page.locator("#announcer")).to_contain_text("Nobody called you.")
    await page.get_by_role("button", name="Today at 11:30").click()
    await expect(page.get_by_role("radio", name="11:30")).to_be_checked()
    await page.get_by_role("button", name="Move the call").click()
    await expect(card(page)).to_contain_text("Call today at 11:30")
    assert ("booked", 1) == (one["state"], one["sequence"])


async def test_begun_and_left(visitor: Visitor, gateway: FakeChat) -> None:
    """Where a call was begun and nobody has said how it ended, its customer sees that, and can choose another time."""
    page, one = await booked(visitor, gateway)
    await gateway.stand(one, "begun", begun_by={"name": "Ana"})
    await expect(card(page)).to_contain_text("Ana is calling you.")
    await expect(page.get_by_role("button", name="Move")).to_be_hidden()
    await gateway.stand(one, "begun", left=True, next=gateway.free("call"))
    await expect(card(page)).to_contain_text("Ana began this call. Nobody has noted how it ended.")
    await expect(card(page)).to_contain_text("If you still want to talk, choose another time.")
    await page.get_by_role("button", name="Today at 11:30").click()
    await page.get_by_role("button", name="Move the call").click()
    await expect(card(page)).to_contain_text("Call today at 11:30")


async def test_left_and_booked_anew(visitor: Visitor, gateway: FakeChat) -> None:
    """A call that was begun and left keeps nobody from booking another."""
    page, one = await booked(visitor, gateway)
    await gateway.stand(one, "begun", begun_by={"name": "Ana"}, left=True, next=gateway.free("call"))
    await page.get_by_role("button", name="Book a time").click()
    await expect(page.get_by_role("heading", name="Book a time")).to_be_visible()
    await tick(page, "Call")
    await tick(page, "Wed")
    await tick(page, "09:00")
    await page.get_by_role("button", name="Book the call").click()
    await expect(card(page)).to_contain_text("Booked.")
    assert "cancelled" == one["state"]
