"""What an agent does about one booking: calling, noting how it ended, booking for a customer, moving, cancelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.test_board import booked, dana, soon
from tests.pages.world import Json

__all__ = ["dana"]
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


async def ringing(gateway: FakeGateway, thread: str, kind: str = "call") -> Json:
    """A booking that rings for Ana."""
    booking = gateway.booking(thread, soon(0), kind)
    await gateway.ring(booking, "shift", [gateway.agents["ana"]])
    return booking


async def test_a_call_by_our_phones(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Call rings one's own phone; how the call stands is said as it goes on, and its end is noted with words for the
    team."""
    gateway.voice = True
    page = await visitor.enter(f"#/all/t/{dana}")
    booking = await ringing(gateway, dana)
    strip = page.locator(".strip")
    await strip.get_by_role("button", name="Call: Dana Whitfield").press("Enter")
    await expect(strip).to_contain_text("Ringing your phone")
    await gateway.hear(booking, state="under_way", agent="answered")
    await expect(strip).to_contain_text("Your phone is picked up: press a key")
    await gateway.hear(booking, customer="ringing")
    await expect(strip).to_contain_text("Calling Dana")
    await gateway.hear(booking, customer="answered")
    await expect(strip).to_contain_text("Talking 0:0")
    await expect(page.locator(".panel-card")).to_contain_text("Talking 0:0")
    await page.reload()
    await expect(strip).to_contain_text(re.compile(r"Talking \d:\d\d"))  # since they were connected
    await gateway.hear(booking, state="ended", agent="completed", customer="completed", seconds=134)
    await expect(strip).to_contain_text("Ended after 2:14")
    await strip.get_by_role("button", name="Note how it ended").press("Enter")
    await expect(strip.get_by_label("Reached")).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Moved to Friday")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(strip).to_be_hidden()
    await expect(page.locator(".quiet-line", has_text="You noted how the call ended: reached")).to_be_visible()
    noted = ("POST", f"{booking['id']}/outcome", {"outcome": "reached", "note": "Moved to Friday"})
    assert noted == gateway.asked[-1]


async def test_a_call_that_does_not_reach_them(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A busy phone is said, and one calls again or notes it."""
    gateway.voice = True
    page = await visitor.enter(f"#/all/t/{dana}")
    booking = await ringing(gateway, dana)
    strip = page.locator(".strip")
    await strip.get_by_role("button", name="Call").press("Enter")
    await gateway.hear(booking, state="ended", agent="completed", customer="busy")
    await expect(strip).to_contain_text("Ended: busy")
    await expect(strip.get_by_role("button", name="Call again")).to_be_visible()
    await expect(strip.get_by_role("button", name="Note how it ended")).to_be_visible()


async def test_a_call_by_hand(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Without a voice channel the number to dial is shown, and the outcome is asked for before it is noted."""
    page = await visitor.enter(f"#/all/t/{dana}")
    await ringing(gateway, dana)
    strip = page.locator(".strip")
    await strip.get_by_role("button", name="Call").press("Enter")
    dial = strip.get_by_role("link", name="Dial +1 303 555 0127")
    await expect(dial).to_have_attribute("href", "tel:+13035550127")
    await expect(dial).to_be_focused()
    await strip.get_by_role("button", name="Note how it ended").press("Enter")
    await strip.get_by_role("button", name="Note it").press("Enter")
    await expect(strip).to_contain_text("Choose how it ended.")
    await page.keyboard.press("Escape")
    await expect(strip.get_by_role("button", name="Note how it ended")).to_be_focused()


async def test_no_phone_of_ones_own(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Who has no phone written down is led to where they write it, and away is turned on and off there."""
    gateway.refuse_booking = lambda verb: problem(409, "You have no phone number here yet.", "/problems/no-phone")
    page = await visitor.enter(f"#/all/t/{dana}")
    await ringing(gateway, dana)
    await page.locator(".strip").get_by_role("button", name="Call").press("Enter")
    await page.locator(".strip").get_by_role("button", name="Write down my phone").press("Enter")
    dialog = page.get_by_role("dialog", name="Ana Reyes")
    phone = dialog.get_by_label("Your phone")
    await expect(phone).to_be_focused()
    await page.keyboard.type("12")
    await page.keyboard.press("Enter")
    await expect(dialog).to_contain_text("Not saved. phone: that is no number that can be called")
    await phone.fill("+1 303 555 0188")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("Saved.", exact=True)).to_be_visible()
    assert "+1 303 555 0188" == gateway.agents["ana"]["phone"]
    away = dialog.get_by_role("switch", name="Away")
    await away.press("Space")
    await expect(away).to_be_checked()
    await expect(page.locator("tl-inbox .person")).to_contain_text("Away")
    await away.press("Space")
    await expect(away).not_to_be_checked()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Ana Reyes").press("Enter")
    await expect(dialog).to_be_visible()


async def test_a_chat_at_its_hour(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A booked chat is opened where one writes, and its thread says so."""
    page = await visitor.enter("#/bookings")
    await ringing(gateway, dana, "chat")
    await page.locator(".strip").get_by_role("button", name="Open the chat").press("Enter")
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_be_focused()
    await expect(page.locator(".quiet-line", has_text="You opened the chat")).to_be_visible()
    await expect(page.locator(".strip")).to_be_hidden()
    card = page.locator(".panel-card")
    await card.get_by_role("button", name="Note how it ended").press("Enter")
    await expect(card.get_by_label("They did not come")).to_be_visible()
    await expect(card.get_by_label("Voicemail")).to_have_count(0)


async def test_booking_for_a_customer(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """An agent books a free time for a customer beside their thread; one that was taken meanwhile says what is next and
    keeps what was written."""
    start = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    gateway.offer(start, left=0)
    slot = gateway.offer(start + timedelta(hours=1))
    taken = problem(409, "That time has just been taken.", "/problems/slot-full", facts={"slots": [slot]})
    gateway.refuse_booking = lambda verb: taken
    page = await visitor.enter(f"#/all/t/{dana}")
    panel = page.locator("tl-panel")
    await expect(panel).to_contain_text("Nothing is booked.")
    await panel.get_by_role("button", name="Book a time").press("Enter")
    await expect(panel.get_by_label("09:00 taken")).to_be_disabled()
    await panel.get_by_label("What it is about").fill("The boiler")
    await panel.get_by_role("button", name="Book it").press("Enter")
    await expect(panel).to_contain_text("Choose a time.")
    await panel.get_by_label("10:00").press("Space")
    await panel.get_by_role("button", name="Book it").press("Enter")
    await expect(panel).to_contain_text("That time has just been taken. The next that is free: 10:00 tomorrow.")
    gateway.refuse_booking = lambda verb: None
    await panel.get_by_label("10:00").press("Space")
    await panel.get_by_role("button", name="Book it").press("Enter")
    await expect(panel.locator(".panel-card")).to_contain_text("Call, 10:00 tomorrow")
    await expect(page.locator(".quiet-line", has_text="You booked a call at 10:00 tomorrow")).to_be_visible()
    await expect(panel.get_by_role("button", name="Book a time")).to_be_focused()
    assert {"thread": dana, "slot": slot["id"], "kind": "call", "about": "The boiler"} == gateway.asked[-1][2]


async def test_a_link_to_book_with(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """The booking link stands in the reply after what was written there; a person sends it."""
    page = await visitor.enter(f"#/all/t/{dana}")
    await page.locator("#words").fill("Choose a time here:")
    await page.get_by_role("button", name="Booking link into the reply").press("Enter")
    await expect(page.locator("#words")).to_have_value(f"Choose a time here: http://127.0.0.1/book/bk_{dana}.signed")
    await expect(page.locator("#words")).to_be_focused()
    assert [] == gateway.posts


async def test_moving_and_cancelling(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A booking is moved to another time, and cancelled only when one was asked once more."""
    gateway.agents["ana"]["teams"][0]["zone"] = "UTC"
    booking = gateway.booking(dana, soon(40))
    start = datetime.now(UTC).replace(hour=11, minute=30, second=0, microsecond=0) + timedelta(days=2)
    slot = gateway.offer(start)
    page = await visitor.enter(f"#/all/t/{dana}")
    card = page.locator(".panel-card")
    await card.get_by_role("button", name="Move").press("Enter")
    await card.get_by_label("11:30").press("Space")
    await card.get_by_role("button", name="Move it").press("Enter")
    await expect(card).to_contain_text("Call, 11:30 on")
    await expect(page.locator(".quiet-line", has_text="You moved the call to 11:30 on")).to_be_visible()
    assert ("PATCH", booking["id"], {"slot": slot["id"]}) == gateway.asked[-1]
    await card.get_by_role("button", name="Cancel").press("Enter")
    await expect(card.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Enter")
    assert "PATCH" == gateway.asked[-1][0]
    await card.get_by_role("button", name="Cancel: Dana Whitfield").press("Enter")
    await card.get_by_role("button", name="Cancel the booking").press("Enter")
    await expect(page.locator("tl-panel")).to_contain_text("Nothing is booked.")
    assert "cancelled" == gateway.bookings[booking["id"]]["state"]


async def test_the_thread_tells_of_it(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Each step of a booking is a quiet line in words, read and live alike, and none is lost that came with another."""
    ben = gateway.agents["ben"]
    booking = gateway.booking(dana, datetime.now(UTC).replace(hour=9, minute=30) + timedelta(days=1), "call")
    await gateway.change(booking, "made", by=ben)
    page = await visitor.enter(f"#/all/t/{dana}")
    lines = page.locator(".quiet-line")
    await expect(lines.filter(has_text="Ben Whitlock booked a call at 09:30 tomorrow")).to_be_visible()
    told: list[tuple[str, Json, str]] = [
        ("asked", {}, "Nobody has claimed the call at 09:30 tomorrow; those on shift are asked"),
        ("warned", {}, "Still nobody has claimed the call at 09:30 tomorrow; the leads are asked too"),
        ("fired", {"late": True}, "It is time for the call, late"),
        ("rang", {"step": "known"}, "Rings those who know them"),
        ("fell_back", {"why": "busy"}, "The call did not reach them: the phone was busy. It rings again"),
        ("missed", {}, "Nobody called at 09:30 tomorrow. The promise is broken"),
        ("left", {}, "Nobody has noted how the call at 09:30 tomorrow ended"),
    ]
    for what, said, _ in told:
        await gateway.change(booking, what, said=said)
    for _, _, words in told:
        await expect(lines.filter(has_text=words)).to_be_visible()
    await page.reload()
    for _, _, words in told:
        await expect(lines.filter(has_text=words)).to_be_visible()


async def test_a_refused_claim_stays_beside_its_booking(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """What the server refuses is said at the booking it was about, and nothing is shown that is not so."""
    gateway.booking(dana, soon(40))
    gateway.refuse_booking = lambda verb: problem(409, "a booking that is claimed cannot be claimed")
    page = await visitor.enter(f"#/bookings/day/{soon(40):%Y-%m-%d}")
    row = booked(page, "Dana Whitfield")
    await row.get_by_role("button", name="Claim").press("Enter")
    await expect(row).to_contain_text("That did not go through. a booking that is claimed cannot be claimed")
    await expect(row).to_contain_text("Not claimed yet")
