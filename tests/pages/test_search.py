"""The search: found by keyboard, shown as text, opened at the message, and left again without losing one's place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway
from tests.pages.test_hostile import INVISIBLE, MARKUP, OVERRIDE, UNBROKEN
from tests.pages.test_modules import ask
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread of 300 lines, one of which speaks of a boiler."""
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    for number in range(300):
        words = "About the Boiler, then" if number == 120 else f"Line {number} of many"
        gateway.write(thread, "in", gateway.customer(thread), words, ago(hours=9) + timedelta(seconds=number))
    return thread


async def test_found_opened_and_left_by_keyboard(visitor: Visitor, dana: str) -> None:
    """/ searches, Enter goes to what was found and opens it at the message, and Escape goes back level by level."""
    page = await visitor.enter()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search messages and customers")).to_be_focused()
    await page.keyboard.type("boil")
    await expect(page.locator(".hit mark")).to_have_text("Boiler")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.found")).to_be_in_viewport()
    await expect(page.locator(".message.found")).to_contain_text("About the Boiler, then")
    assert await page.evaluate("location.hash") == f"#/search/boil/t/{dana}/m/{int(dana) + 121 + 1}"
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Search messages and customers")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()
    await expect(page.locator(".rows")).to_be_visible()


async def test_history_goes_on_from_what_was_found(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """From a found message one reads on in both directions, without a jump, a hole or a repeat, to the very ends."""
    message = gateway.messages[dana][120]["id"]
    page = await visitor.enter(f"#/search/boiler/t/{dana}/m/{message}")
    await expect(page.locator(".message.found")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="To the newest")).to_be_visible()
    await gateway.arrive(dana, "And one more")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    scroller = page.get_by_role("region", name="Dana Whitfield")
    jumps = await scroller.evaluate(
        """async scroller => {
          const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
          const bodies = () => [...scroller.querySelectorAll(".body")].map(e => e.textContent)
          let jumps = 0
          for (const [by, last] of [[-150, "Line 0 of many"], [150, "And one more"]]) {
            const start = Date.now()
            while (!bodies().includes(last) && Date.now() - start < 9000) {
              scroller.scrollTop = Math.max(1, scroller.scrollTop + by)
              await frame()
              const seen = [...scroller.querySelectorAll(".message")].find(e => e.getBoundingClientRect().top > 100)
              const top = seen.getBoundingClientRect().top
              await frame()
              if (Math.abs(seen.getBoundingClientRect().top - top) > 1) jumps += 1
            }
          }
          return jumps
        }"""
    )
    assert 0 == jumps
    expected = [item["body"] for item in gateway.messages[dana]]
    assert expected == await page.locator(".message .body").all_text_contents()


async def test_to_the_newest(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """g goes from a found message to the newest one, and what arrives from then on is shown as ever."""
    message = gateway.messages[dana][120]["id"]
    page = await visitor.enter(f"#/search/boiler/t/{dana}/m/{message}")
    await expect(page.locator(".message.found")).to_be_in_viewport()
    await page.keyboard.press("g")
    await expect(visitor.bubble("Line 299 of many")).to_be_in_viewport()
    await gateway.arrive(dana, "And one more")
    await expect(visitor.bubble("And one more")).to_be_in_viewport()


async def test_customers_and_nothing(visitor: Visitor, dana: str) -> None:
    """A name finds the customer, and what nobody said is said to be nowhere."""
    page = await visitor.enter("#/search/whit")
    await expect(page.get_by_role("list", name="Customers").locator("mark")).to_have_text("Whitfield")
    await page.get_by_label("Search messages and customers").fill("unheard of")
    await expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    await page.get_by_label("Search messages and customers").fill("dana")
    await expect(page.get_by_role("list", name="Customers").get_by_role("link")).to_have_count(1)
    assert dana in (await page.get_by_role("list", name="Customers").get_by_role("link").get_attribute("href") or "")


@pytest.mark.parametrize("body", [MARKUP, OVERRIDE, INVISIBLE, UNBROKEN, "שלום, אפשר?"])
async def test_hostile_text_is_only_found(visitor: Visitor, gateway: FakeGateway, body: str) -> None:
    """What a hostile text or name holds is shown as text among the results, and acts on nothing."""
    thread = gateway.thread(f"needle {body[:150]}", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), f"{body} needle", ago(minutes=1))
    page = await visitor.enter("#/search/needle")
    await expect(page.locator(".hit")).to_have_count(2)
    assert 0 == await page.locator(".hit mark *, .row-name :not(mark), .hit-text bdi :not(mark)").count()
    assert "owned" != await page.title()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_long_result_goes_on(visitor: Visitor, dana: str) -> None:
    """Scrolling to the end of what was found reads the next of it."""
    page = await visitor.enter("#/search/line")
    await expect(page.locator(".hit")).to_have_count(30)
    await page.locator(".hit").last.scroll_into_view_if_needed()
    await expect(page.locator(".hit")).not_to_have_count(30)


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
async def test_search_on_a_phone(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """At 360 px a found message fills the width, and Back returns to what was found."""
    message = gateway.messages[dana][120]["id"]
    page = await visitor.enter("#/search/boiler")
    await page.locator(".hit").click()
    await expect(page.locator(".message.found")).to_be_in_viewport()
    assert (await page.evaluate("location.hash")).endswith(f"/m/{message}")
    await page.get_by_role("link", name="Search").click()
    await expect(page.locator(".hit")).to_be_visible()
    await expect(page.locator("tl-thread")).to_be_hidden()


async def test_words_are_marked_as_they_are_found(visitor: Visitor) -> None:
    """Marks follow the server's folding: case, accents, whole words, the last as a beginning, and CJK by character."""
    cases = [
        ["Crème brûlée", "creme", [["Crème", True], [" brûlée", False]]],
        ["orders and order", "order", [["orders", True], [" and ", False], ["order", True]]],
        ["orders and order", "order ", [["orders and ", False], ["order", True]]],
        ["e\u0301tude", "etude", [["e\u0301tude", True]]],
        ["東京に", "京", [["東", False], ["京", True], ["に", False]]],
        ["\ufb01ne", "fine", [["\ufb01ne", True]]],
        ["nothing", "", [["nothing", False]]],
    ]
    found = await ask(visitor, "marks", "a.map(([text, question]) => m.marked(text, question))", cases)
    assert [case[2] for case in cases] == found
