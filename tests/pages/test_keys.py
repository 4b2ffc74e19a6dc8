"""Keys: those of one letter can be turned off, and the focus is somewhere after every one of them."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread in which Dana waits."""
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


async def test_single_letter_keys_can_be_turned_off(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Turned off in the list of keys, no letter acts and no button names one, over a reload; Enter and Escape still do;
    turned on again, they act."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    take_on = page.get_by_role("button", name="Take on")
    await expect(take_on).to_have_attribute("aria-keyshortcuts", "c")
    await page.keyboard.press("?")
    switch = page.get_by_role("switch", name="Single-letter keys")
    await expect(switch).to_be_checked()
    await switch.press("Space")
    await page.keyboard.press("Escape")
    await page.reload()
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    for key in ("c", "e", "r", "n", "j", "g", "3", "/", "?"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(take_on).not_to_have_attribute("aria-keyshortcuts", "c")
    await expect(page.get_by_role("region", name="Dana Whitfield")).to_be_focused()
    assert "#/waiting" == (await page.evaluate("location.hash"))[:9]
    assert gateway.threads[dana]["claimed_by"] is None
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()
    await page.get_by_role("button", name="Keys").press("Enter")
    await switch.press("Space")
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.locator(".quiet-line", has_text="You took this on")).to_be_visible()


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
async def test_focus_goes_along_on_a_phone(visitor: Visitor, dana: str) -> None:
    """At 360 px Enter on a row puts the focus into the thread that takes its place, and Back into the inbox."""
    page = await visitor.enter()
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Dana Whitfield")).to_be_focused()
    await page.go_back()
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
async def test_the_inbox_is_reached_from_a_thread_on_a_phone(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """At 360 px, in an open thread, / shows the search, j the row after the open one, and Escape the row one was in."""
    for minute, name in ((9, "Marcus Oyelaran"), (5, "Priya Raman")):
        thread = gateway.thread(name, f"+130355501{minute:02}")
        gateway.write(thread, "in", gateway.customer(thread), "Hello", ago(minutes=minute))
    page = await visitor.enter()
    for key, reached in (("j", "Priya Raman"), ("Escape", "Marcus Oyelaran")):
        await page.get_by_role("link", name="Marcus Oyelaran").press("Enter")
        await expect(page.get_by_role("region", name="Marcus Oyelaran")).to_be_focused()
        await page.keyboard.press(key)
        await expect(page.get_by_role("link", name=reached)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Marcus Oyelaran")).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search messages and customers")).to_be_focused()


async def test_the_key_of_a_view_shows_what_waited(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """In a list that is held still, the key of the view one is in shows what is new, and the focus is on it."""
    other = gateway.thread("Marcus Oyelaran", "+13035550142")
    gateway.write(other, "in", gateway.customer(other), "Thanks", ago(minutes=5))
    page = await visitor.enter("#/all")
    await page.get_by_role("link", name="Dana Whitfield").focus()
    await gateway.arrive(dana, "Hello?")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    await page.keyboard.press("3")
    await expect(page.locator(".row-name")).to_have_text(["Dana Whitfield", "Marcus Oyelaran"])
    await expect(page.locator(".row").first).to_be_focused()
