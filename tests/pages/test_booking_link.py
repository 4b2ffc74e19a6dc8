"""The page of a signed link: the same times and bookings for somebody without an account, and no word of the thread."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_chat import COOKIE, FakeChat, chat_with_times
from tests.pages.fake_slots import DENVER
from tests.pages.world import rfc3339

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

gateway = pytest.fixture(chat_with_times)


@pytest.fixture
def zone() -> str:
    return "America/Denver"


@pytest.fixture
def viewport() -> dict[str, int]:
    return {"width": 360, "height": 740}


async def test_booked_without_an_account(visitor: Visitor, gateway: FakeChat) -> None:
    """Whoever has the link sees whose it is and when it is open, and books; the number may be left out, and nothing is
    kept in this browser but what was typed."""
    page = visitor.page
    await page.clock.set_fixed_time(gateway.now)
    await page.goto(visitor.origin + gateway.invite())
    await expect(page.get_by_role("heading", level=1)).to_have_text("Front Range")
    await expect(page.get_by_text("Nothing is booked.")).to_be_visible()
    await page.get_by_role("button", name="Hours").click()
    await expect(page.get_by_text("Monday to Friday")).to_be_visible()
    await page.get_by_role("button", name="Book a time").click()
    await expect(page.get_by_text("Left empty, it is the one that you text from.")).to_be_visible()
    await page.get_by_role("radio", name="Tomorrow").check()
    await page.get_by_role("radio", name="10:30").check()
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_role("heading", name="Call tomorrow at 10:30")).to_be_focused()
    await expect(page.get_by_text("Nothing is booked.")).to_be_hidden()
    [(_, asked)] = gateway.wishes
    assert ([], False) == (await visitor.context.cookies(), "phone" in asked)
    assert "/messages" not in {path for _, path in gateway.requests}
    assert COOKIE not in await page.evaluate("document.cookie + JSON.stringify(localStorage)")


async def test_what_the_team_does_is_seen(visitor: Visitor, gateway: FakeChat) -> None:
    """Without a stream, the page asks again: what has become of a booking is seen within half a minute."""
    page = visitor.page
    path = gateway.invite()
    one = gateway.book(gateway.invited["bk_good"], "call", datetime(2026, 11, 24, 10, 30, tzinfo=DENVER))
    await page.clock.install(time=gateway.now)
    await page.goto(visitor.origin + path)
    await expect(page.locator(".card")).to_contain_text("Booked. Once somebody has taken it, you see here who.")
    await gateway.stand(one, "booked", claimed_by={"name": "Ana"})
    await page.clock.run_for(30_000)
    await expect(page.locator(".card")).to_contain_text("Ana has taken it.")
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Yes, cancel it").click()
    await expect(page.get_by_role("button", name="Earlier bookings (1)")).to_be_visible()
    assert "cancelled" == one["state"]


async def test_all_at_once(visitor: Visitor, gateway: FakeChat) -> None:
    """What is ahead is shown whole, the next first; what is over is a press away."""
    page, who = visitor.page, gateway.invite()
    customer = gateway.invited["bk_good"]
    ended = {"ended_at": rfc3339(gateway.now), "begun_by": {"name": "Ben"}}
    gateway.book(customer, "call", datetime(2026, 11, 20, 9, 0, tzinfo=DENVER), state="done", **ended)
    gateway.book(customer, "chat", datetime(2026, 11, 25, 9, 0, tzinfo=DENVER))
    gateway.book(customer, "call", datetime(2026, 11, 24, 9, 0, tzinfo=DENVER))
    await page.clock.set_fixed_time(gateway.now)
    await page.goto(visitor.origin + who)
    titles = page.locator(".card:visible h3")
    await expect(titles).to_have_text(["Call tomorrow at 09:00", "Chat Wednesday, November 25 at 09:00"])
    await page.get_by_role("button", name="Earlier bookings (1)").click()
    await expect(page.locator(".past .card")).to_contain_text("Done. Ben called.")


@pytest.mark.parametrize("token", ["bk_forged", "x"])
async def test_a_link_that_has_ended(visitor: Visitor, gateway: FakeChat, token: str) -> None:
    """An old or forged link is said to have ended, with what to do, and offers nothing."""
    await visitor.page.goto(f"{visitor.origin}/book/{token}")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This link has ended")
    await expect(visitor.page.get_by_text("Ask the team for another link")).to_be_visible()
    await expect(visitor.page.get_by_role("button")).to_have_count(0)


async def test_a_link_that_ends_meanwhile(visitor: Visitor, gateway: FakeChat) -> None:
    """A link that ends while its page is open says so with the next thing that is asked."""
    await visitor.page.goto(visitor.origin + gateway.invite())
    await expect(visitor.page.get_by_text("Nothing is booked.")).to_be_visible()
    gateway.invited.clear()
    await visitor.page.get_by_role("button", name="Book a time").click()
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This link has ended")
    await expect(visitor.page.get_by_role("button")).to_have_count(0)
