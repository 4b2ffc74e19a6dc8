"""The demo on one page: the phone beside the console, and first steps that tick themselves off."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_demo import Demo
from tests.pages.fake_gateway import served
from tests.pages.test_look import findings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, viewport: dict[str, int], scheme: str) -> AsyncIterator[Visitor]:
    """Somebody at the demo's page, where Ana and Ben work; nobody is signed in."""
    demo = Demo()
    demo.agent("ana", "Ana Reyes")
    demo.agent("ben", "Ben Whitlock")
    async with served(demo) as origin:
        context = await browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        visitor = Visitor(demo, origin, context, await context.new_page())
        visitor.watch(visitor.page)
        await visitor.page.goto(f"{origin}/demo")
        yield visitor
        await context.close()
    assert [] == visitor.complaints


async def sign_in(visitor: Visitor) -> None:
    console = visitor.page.frame_locator("#frame")
    await console.get_by_label("Login").fill("ana")
    await console.get_by_label("Password").fill("correct horse")
    await console.get_by_label("Password").press("Enter")
    await expect(console.locator(".link-state")).to_have_text("Live")


async def test_first_steps_tick_themselves_off(visitor: Visitor) -> None:
    """Text, answer, note and colleague are ticked by what really happened, and stay ticked over a reload."""
    page, demo = visitor.page, visitor.gateway
    console = page.frame_locator("#frame")
    await sign_in(visitor)
    steps = page.locator(".step[data-done]")
    await expect(steps).to_have_count(0)
    await page.get_by_label("Text message").fill("Is anyone there?")
    await page.keyboard.press("Enter")
    await expect(steps).to_have_text(["Done: Text the team"])
    thread = demo.thread("+13035550127", "+13035550127")
    await demo.arrive(thread, "Is anyone there?")
    await console.get_by_role("link").filter(has_text="Is anyone there?").press("Enter")
    await console.get_by_role("textbox", name="Reply to").fill("Yes.")
    await page.keyboard.press("Control+Enter")
    await expect(steps).to_have_count(2)
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.type("A test.")
    await page.keyboard.press("Control+Enter")
    await expect(steps).to_have_count(3)
    await demo.be(demo.agents["ben"], thread, "here")
    await expect(steps).to_have_count(4)
    await page.reload()
    await expect(steps).to_have_count(4)
    await expect(page.locator("#step-hint")).to_contain_text("That is the whole job")


async def test_nothing_else_ticks_a_step(visitor: Visitor) -> None:
    """A message from the page itself, or of no known step, ticks nothing; what the team did before does not either."""
    await expect(visitor.page.locator(".step")).to_have_count(4)
    await visitor.page.evaluate("postMessage({ teamline: 'answered' }, location.origin)")
    await visitor.page.evaluate("document.getElementById('frame').contentWindow.postMessage({}, location.origin)")
    await sign_in(visitor)
    await expect(visitor.page.locator(".step[data-done]")).to_have_count(0)


async def test_steps_can_be_hidden_and_shown(visitor: Visitor) -> None:
    """The first steps are put away and brought back by keyboard, with the focus on the button that undoes it."""
    page = visitor.page
    await page.get_by_role("button", name="Hide first steps").press("Enter")
    await expect(page.get_by_role("button", name="First steps", exact=True)).to_be_focused()
    await page.reload()
    await expect(page.locator("#steps")).to_be_hidden()
    await page.get_by_role("button", name="First steps", exact=True).press("Enter")
    await expect(page.get_by_role("button", name="Hide first steps")).to_be_focused()


async def test_the_frame_leaves_the_focus_alone(visitor: Visitor) -> None:
    """The phone has the focus when the page opens, and the console in its frame does not take it."""
    await expect(visitor.page.frame_locator("#frame").get_by_label("Login")).to_be_visible()
    await expect(visitor.page.get_by_label("Text message")).to_be_focused()


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
async def test_two_tabs_on_a_phone(visitor: Visitor) -> None:
    """At 360 px phone and console are two tabs, and a tab out of sight says that something came."""
    page = visitor.page
    await expect(page.get_by_label("Text message")).to_be_visible()
    await page.get_by_label("Text message").fill("Hello")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("tab", name="Console new")).to_be_visible()
    await page.get_by_role("tab", name="Phone").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="Console", exact=True)).to_be_focused()
    await expect(page.frame_locator("#frame").get_by_label("Login")).to_be_visible()
    await expect(page.get_by_label("Text message")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.needs("axe")
@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [({"width": width, "height": 800}, scheme) for width, scheme in ((360, "dark"), (800, "light"), (1440, "dark"))],
)
async def test_axe_finds_nothing(visitor: Visitor) -> None:
    """axe-core has no objection to the demo's page, with a text on the phone and a step done."""
    page = visitor.page
    await page.get_by_label("Text message").fill("Hello")
    await page.keyboard.press("Enter")
    await expect(page.locator(".step[data-done]")).to_have_count(1)
    assert [] == await findings(page)
