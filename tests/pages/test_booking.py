"""Bookings on the customers' page: a time is chosen, booked once, moved, cancelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.pages.chatting import begin, open_chat
from tests.pages.choosing import TUESDAY, booked, card, choose, lines, tick
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat, chat_with_times

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

gateway = pytest.fixture(chat_with_times)


@pytest.fixture
def zone() -> str:
    return "America/Denver"


async def test_booked_by_keyboard(visitor: Visitor, gateway: FakeChat) -> None:
    """A call is booked without a mouse, by somebody who has written nothing; it then stands on the page, with
    focus, and in the conversation."""
    page = await choose(visitor, gateway)
    await expect(page.get_by_role("heading", name="Book a time")).to_be_focused()
    for key in ("Tab", "Tab", "ArrowRight", "ArrowRight", "Tab", "Space", "ArrowRight", "Tab"):
        await page.keyboard.press(key)
    await page.keyboard.type("+1 720 555 0142")
    await page.keyboard.press("Tab")
    await page.keyboard.type("The straps are missing")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Call tomorrow at 09:30")).to_be_focused()
    await expect(card(page)).to_contain_text("+1 720 555 0142 · The straps are missing")
    await expect(lines(page)).to_have_text(["Call booked for tomorrow at 09:30 · 09:02"])
    [(key_, asked)] = gateway.wishes
    wanted = {"slot": "call-20261124T1630Z", "kind": "call", "phone": "+1 720 555 0142", "zone": "America/Denver"}
    assert (36, wanted | {"about": "The straps are missing"}) == (len(key_ or ""), asked)


async def test_once(visitor: Visitor, gateway: FakeChat) -> None:
    """A double press and a lost answer make one booking, by one key, which is done with once there is an answer."""
    gateway.lost_bookings = 1
    page = await choose(visitor, gateway)
    await tick(page, "Chat you write here")
    await tick(page, "Tomorrow")
    await tick(page, "10:30")
    await page.get_by_role("button", name="Book the chat").dblclick()
    await expect(card(page)).to_contain_text("Chat tomorrow at 10:30", timeout=15_000)
    assert (2, 1) == (len(gateway.wishes), len({key for key, _ in gateway.wishes}))
    assert 1 == len(gateway.booked[gateway.newest])
    assert None is await page.evaluate("sessionStorage.getItem('teamline.book.intent')")


async def test_taken_meanwhile(visitor: Visitor, gateway: FakeChat) -> None:
    """Where somebody was quicker, the next times are there to choose from, and what was typed is not lost."""
    page = await choose(visitor, gateway)
    await tick(page, "Tomorrow")
    await tick(page, "10:30")
    await page.get_by_label("Number to call").fill("+1 720 555 0142")
    await page.get_by_label("What it is about").fill("The straps are missing")
    gateway.take_slot(TUESDAY)
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_text("That time has just been taken. These are the next:")).to_be_visible()
    await expect(page.get_by_role("button", name="Tomorrow at 11:00")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(card(page)).to_contain_text("Call tomorrow at 11:00")
    assert ["The straps are missing"] * 2 == [asked["about"] for _, asked in gateway.wishes]


async def test_a_number_that_is_refused(visitor: Visitor, gateway: FakeChat) -> None:
    """The server's reason stands at the number; a good one is kept in this browser for the next time."""
    page = await choose(visitor, gateway)
    await tick(page, "Tomorrow")
    await tick(page, "10:30")
    number = page.get_by_label("Number to call")
    await number.fill("911")
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_text("An emergency number is never called.")).to_be_visible()
    await expect(number).to_be_focused()
    await number.fill("+1 720 555 0142")
    await expect(page.get_by_text("An emergency number is never called.")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(card(page)).to_contain_text("Call tomorrow at 10:30")
    await page.reload()
    await page.get_by_role("button", name="Move").click()
    await expect(number).to_have_value("+1 720 555 0142")


async def test_called_now(visitor: Visitor, gateway: FakeChat) -> None:
    """A call is asked for now; the page says who is being asked, who calls, and that it was done, as it is."""
    page = await choose(visitor, gateway)
    await tick(page, "Now")
    await expect(page.get_by_text("are asked, one after another, and whoever takes it calls you.")).to_be_visible()
    await page.get_by_label("Number to call").fill("+1 720 555 0142")
    await page.get_by_role("button", name="Call me now").click()
    await expect(card(page)).to_contain_text("Call as soon as possible")
    await expect(card(page)).to_contain_text("The team is being asked to call you.")
    [(_, asked)] = gateway.wishes
    assert (True, False) == (asked["now"], "slot" in asked)
    one = gateway.booked[gateway.newest][0]
    await gateway.stand(one, "due", claimed_by={"name": "Ana"})
    await expect(card(page)).to_contain_text("Ana is being asked to call you.")
    await gateway.stand(one, "begun", begun_by={"name": "Ana"})
    await expect(card(page)).to_contain_text("Ana is calling you.")
    await expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    await gateway.stand(one, "done")
    await expect(lines(page)).to_have_text(["You asked for a call as soon as possible · 09:02", "Ana called · 09:02"])
    await expect(page.locator(".shelf")).to_be_hidden()


async def test_nobody_can_call_now(visitor: Visitor, gateway: FakeChat) -> None:
    """Where nobody can any more, that is said, with the next times to choose from."""
    page = await choose(visitor, gateway)
    await tick(page, "Now")
    gateway.can_call_now = False
    await page.get_by_role("button", name="Call me now").click()
    await expect(page.get_by_text("Nobody can call right now. These are the next:")).to_be_visible()
    await expect(page.get_by_role("radio", name="Now")).to_have_count(0)
    await page.get_by_role("button", name="Today at 11:00").click()
    await expect(page.locator(".summary")).to_have_text("Call today at 11:00")


async def test_moved_and_cancelled(visitor: Visitor, gateway: FakeChat) -> None:
    """A booking is moved, and cancelled only when one is sure; both stand in the conversation, and the link to the
    calendar's file is the server's."""
    page, one = await booked(visitor, gateway)
    await expect(page.get_by_role("link", name="Add to calendar")).to_have_attribute("href", one["ics"])
    await page.get_by_role("button", name="Move").press("Enter")
    await expect(
        page.get_by_text("A call is booked tomorrow at 10:30. What you choose takes its place.")
    ).to_be_visible()
    await tick(page, "Wed")
    await tick(page, "14:00")
    await page.get_by_role("button", name="Move the call").click()
    await expect(page.get_by_role("heading", name="Call Wednesday, November 25 at 14:00")).to_be_focused()
    moved = "Call moved to Wednesday, November 25 at 14:00 · 09:02"
    await expect(lines(page)).to_have_text(["Call booked · 09:02", moved])
    await page.get_by_role("button", name="Cancel").press("Enter")
    await expect(page.get_by_role("button", name="Yes, cancel it")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Book a time")).to_be_focused()
    await expect(lines(page)).to_have_text(["Call booked · 09:02", "Call cancelled · 09:02"])
    assert "cancelled" == one["state"]


async def test_cancelled_too_late(visitor: Visitor, gateway: FakeChat) -> None:
    """What cannot be cancelled any more is not, and the reason stands with it."""
    page, one = await booked(visitor, gateway)
    one["state"] = "begun"
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Yes, cancel it").click()
    await expect(card(page)).to_contain_text("It was not cancelled. A booking that is begun cannot be cancelled.")


async def test_made_in_another_tab(visitor: Visitor, gateway: FakeChat) -> None:
    """Whoever has booked in another tab is told so, and can move that booking to the time chosen here."""
    page = await choose(visitor, gateway)
    await tick(page, "Wed")
    await tick(page, "09:00")
    gateway.is_silent = True
    gateway.book(gateway.newest, "call", TUESDAY)
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_role("heading", name="Move the call")).to_be_visible()
    await page.get_by_role("button", name="Move the call").click()
    await expect(card(page)).to_contain_text("Call Wednesday, November 25 at 09:00")
    assert 1 == len(gateway.booked[gateway.newest])


async def test_nothing_is_offered(visitor: Visitor, gateway: FakeChat) -> None:
    """A team that takes no bookings is not asked for one; one that takes chats only offers these."""
    gateway.facts["books"] = []
    page = await open_chat(visitor)
    await expect(page.get_by_role("button", name="Book a time")).to_be_hidden()
    gateway.facts["books"] = gateway.kinds = ["chat"]
    await page.reload()
    await page.get_by_role("button", name="Book a time").click()
    await expect(page.get_by_role("button", name="Book the chat")).to_be_visible()
    await expect(page.get_by_role("radio", name="Call")).to_have_count(0)
    await expect(page.get_by_label("Number to call")).to_be_hidden()


async def test_times_that_cannot_be_read(visitor: Visitor, gateway: FakeChat) -> None:
    """Without an answer the page says so, and asks again when told to; Escape leads back to where one was."""
    down = True

    def refuse(request: web.Request) -> web.Response | None:
        return web.Response(status=503) if down and request.path.endswith("/slots") else None

    gateway.refusals.append(refuse)
    page = await begin(visitor)
    await page.get_by_role("button", name="Book a time").press("Enter")
    await expect(page.get_by_text("The times could not be read.")).to_be_visible()
    down = False
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("button", name="Call me now")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Book a time")).to_be_focused()
    await expect(page.get_by_text("Hello")).to_be_visible()


async def test_all_of_them(visitor: Visitor, gateway: FakeChat) -> None:
    """The next one is on top, and the others are behind it."""
    await begin(visitor)
    gateway.now = datetime.now(UTC)
    for days in (3, 1):
        gateway.book(gateway.newest, "chat", gateway.now + timedelta(days=days))
    await visitor.page.reload()
    await expect(visitor.page.locator(".shelf .card:visible")).to_have_count(1)
    await expect(card(visitor.page)).to_contain_text("Chat tomorrow at")
    await visitor.page.get_by_role("button", name="All bookings (2)").press("Enter")
    await expect(visitor.page.locator(".shelf .card:visible")).to_have_count(2)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_role("button", name="All bookings (2)")).to_be_focused()
