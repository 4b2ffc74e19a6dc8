"""Whatever a customer writes is text: it acts on nothing, and moves nothing but its own bubble."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

MARKUP = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    "<style>* { display: none }</style>"
)
OVERRIDE = "\u202egnp.exe\u202d \u2066\u2067 and on"
INVISIBLE = "pay\u200b\u200d\ufeff\u00adpal \u0301\u0301\u0301 \ufffe"
LONG = "word " * 3_200
UNBROKEN = "x" * 16_000


@pytest.mark.parametrize("body", [MARKUP, OVERRIDE, INVISIBLE, LONG, UNBROKEN, "שלום, אפשר לשנות?", "\n" * 500 + "end"])
async def test_text_is_shown_as_it_came(visitor: Visitor, gateway: FakeGateway, body: str) -> None:
    """A hostile body and name are shown letter by letter, run nothing, and leave the page as wide as it was."""
    thread = gateway.thread(body[:200], "+13035550127")
    page = await visitor.enter("#/all")
    await gateway.arrive(thread, body)
    await expect(page.locator(".row-unread")).to_have_text("1 unread")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message .body")).to_have_count(1)
    assert body == await page.locator(".message .body").text_content()
    assert 0 == await page.locator(".body *, .row-text *, .row-name *, .message-head bdi *").count()
    assert "owned" != await page.title()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bubble = await page.locator(".bubble").bounding_box()
    main = await page.locator("tl-thread").bounding_box()
    assert bubble
    assert main
    assert main["x"] <= bubble["x"]
    assert bubble["x"] + bubble["width"] <= main["x"] + main["width"]


async def test_direction_stays_in_its_bubble(visitor: Visitor, gateway: FakeGateway) -> None:
    """A name that turns the direction of text turns only itself: the time still stands to its right."""
    thread = gateway.thread("\u202eDana", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "\u202eabc", ago(minutes=1))
    page = await visitor.enter(f"#/all/t/{thread}")
    name, time = page.locator(".message-head bdi"), page.locator(".message-head time")
    await expect(name).to_be_visible()
    left, right = await name.bounding_box(), await time.bounding_box()
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"]
    assert "rtl" != await page.locator(".message").first.evaluate("e => getComputedStyle(e).direction")


async def test_a_long_message_is_folded(visitor: Visitor, gateway: FakeGateway) -> None:
    """16,000 characters take a bounded part of the screen until somebody asks for all of them."""
    thread = gateway.thread("Dana", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), LONG, ago(minutes=1))
    page = await visitor.enter(f"#/all/t/{thread}")
    body = page.locator(".message .body")
    folded = await body.bounding_box()
    await page.get_by_role("button", name="Show all of it").click()
    await expect(page.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    whole = await body.bounding_box()
    assert folded
    assert whole
    assert folded["height"] < 400 < whole["height"]
