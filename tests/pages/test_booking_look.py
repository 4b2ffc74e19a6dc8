"""What bookings look like where it can be measured: axe-core in every state, width, touch and the keyboard."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.async_api import Page, expect

from tests.pages.chatting import begin, open_chat
from tests.pages.choosing import TUESDAY, card, choose, tick
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat, chat_with_times
from tests.pages.fake_slots import DENVER
from tests.pages.test_look import findings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

gateway = pytest.fixture(chat_with_times)


@pytest.fixture
def zone() -> str:
    return "Europe/London"


async def refused(visitor: Visitor, gateway: FakeChat) -> Page:
    """The choosing, with a time that was just taken and a number that is never called."""
    page = await choose(visitor, gateway)
    await tick(page, "Tomorrow")
    await tick(page, "17:30")
    await page.get_by_label("Number to call").fill("911")
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_text("An emergency number is never called.")).to_be_visible()
    return page


async def taken(page: Page, gateway: FakeChat) -> None:
    gateway.take_slot(TUESDAY)
    await page.get_by_label("Number to call").fill("+1 720 555 0142")
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_text("That time has just been taken.")).to_be_visible()


@pytest.mark.needs("axe")
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_axe_finds_nothing(visitor: Visitor, gateway: FakeChat, width: int) -> None:
    """axe-core has no objection to any state of a booking."""
    await visitor.page.set_viewport_size({"width": width, "height": 780})
    page = await refused(visitor, gateway)
    found = {"refused": await findings(page)}
    await taken(page, gateway)
    found["taken"] = await findings(page)
    await page.get_by_role("button", name="Tomorrow at 18:00").click()
    found["chosen"] = await findings(page)
    await page.get_by_role("button", name="Book the call").click()
    await expect(card(page)).to_be_visible()
    found["booked"] = await findings(page)
    await page.get_by_role("button", name="Cancel").click()
    found["cancel?"] = await findings(page)
    one = gateway.booked[gateway.newest][0]
    await gateway.stand(one, "due", claimed_by={"name": "Ana"})
    await expect(card(page)).to_contain_text("It is time.")
    found["due"] = await findings(page)
    await gateway.stand(one, "missed", broken=True, next=gateway.free("call"))
    await expect(card(page)).to_contain_text("Nobody called you.")
    found["missed"] = await findings(page)
    path = gateway.invite()
    gateway.book(gateway.invited["bk_good"], "chat", TUESDAY)
    gateway.book(gateway.invited["bk_good"], "call", datetime(2026, 11, 20, 9, 0, tzinfo=DENVER), state="cancelled")
    await page.goto(visitor.origin + path)
    await page.get_by_role("button", name="Earlier bookings (1)").click()
    found["link"] = await findings(page)
    await page.goto(f"{visitor.origin}/book/bk_forged")
    await expect(page.get_by_text("This link has ended")).to_be_visible()
    found["ended"] = await findings(page)
    assert {} == {state: lines for state, lines in found.items() if lines}


WIDER = """() => [...document.querySelectorAll("body *")].filter(e => !e.closest(".unseen, svg") && e.checkVisibility()
  && (e.getBoundingClientRect().right > innerWidth + 0.5 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    && getComputedStyle(e).overflowX !== "visible")).map(e => e.className || e.tagName)"""


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 640}])
async def test_nothing_is_cut_off(visitor: Visitor, gateway: FakeChat, viewport: dict[str, int]) -> None:
    """At 320 px, and so at 400 % (WCAG 1.4.10), nothing scrolls sideways; what is pressed is 44 px high, and what books
    stands at the thumb."""
    page = await refused(visitor, gateway)
    wide = {"refused": await page.evaluate(WIDER)}
    await taken(page, gateway)
    wide["taken"] = await page.evaluate(WIDER)
    book = await page.get_by_role("button", name="Book the call").bounding_box()
    assert book
    assert (True, True) == (book["height"] >= 44, book["y"] + book["height"] <= viewport["height"])
    await page.get_by_role("button", name="Tomorrow at 18:00").click()
    await page.get_by_role("button", name="Book the call").click()
    await expect(card(page)).to_be_visible()
    wide["booked"] = await page.evaluate(WIDER)
    heights = "[...document.querySelectorAll('.card .button, .facts .button')].filter(e => e.checkVisibility())"
    assert 44 <= await page.evaluate(f"Math.min(...{heights}.map(e => e.offsetHeight))")
    await page.goto(visitor.origin + gateway.invite())
    await expect(page.get_by_text("Nothing is booked.")).to_be_visible()
    wide["link"] = await page.evaluate(WIDER)
    assert {} == {state: names for state, names in wide.items() if names}


async def _way(page: Page, steps: int) -> list[str]:
    names = []
    focused = "e => e.getAttribute('aria-labelledby') ?? (e.labels?.[0] ?? e).innerText.replace('\\n', ' ')"
    for _ in range(steps):
        await page.keyboard.press("Tab")
        names.append(str(await page.evaluate(f"({focused})(document.activeElement)")))
    return names


async def test_the_way_of_the_tab_key(visitor: Visitor, gateway: FakeChat) -> None:
    """Tab goes from top to bottom: the team, the booking and what can be done with it, the conversation, the composer;
    and through the choosing in the order in which one chooses."""
    await begin(visitor)
    gateway.book(gateway.newest, "chat", TUESDAY)
    await visitor.page.clock.set_fixed_time(gateway.now)
    page = await open_chat(visitor)
    await expect(card(page)).to_be_visible()
    await expect(page.get_by_role("main").get_by_role("region", name="Your bookings")).to_be_visible()
    expected = ["Book a time", "Hours", "Move", "Add to calendar", "Cancel", "thread-name", "Message to Front Range"]
    assert expected == await _way(page, len(expected))
    await page.get_by_role("button", name="Book a time").press("Enter")
    await expect(page.get_by_role("radio", name="Now")).to_be_attached()
    await tick(page, "Tomorrow")
    await page.get_by_role("heading", name="Book a time").focus()
    expected = ["Call we call you", "Tomorrow Nov 24", "16:00 09:00 in Denver", "Number to call", "What it is about"]
    assert [*expected, "Book the call"] == await _way(page, len(expected) + 1)
