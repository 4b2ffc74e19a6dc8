"""Signing out: nothing of the person stays in the browser, and what would be lost by it is said before."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread in which Dana waits."""
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


async def kept(page: Page) -> str:
    """All that the browser keeps for this origin, as one text."""
    return str(await page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href"))


async def test_a_draft_goes_to_the_server_and_from_here(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Signing out right after a key brings the words to the server and leaves none of them, nor their place, here."""
    page = await visitor.enter(f"#/search/which/t/{dana}")
    await page.get_by_label("Reply to Dana Whitfield").fill("Half a sent")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Login")).to_be_focused()
    found = await kept(page)
    assert [] == [word for word in ("Half", dana + '"', "which", "teamline.draft") if word in found]
    assert "Half a sent" == gateway.drafts[gateway.agents["ana"]["id"], dana]
    assert "Dana" not in await page.content()


async def test_what_would_be_lost_is_said_before(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """An unsent reply and a note begun are named in the page; one may stay, and only a second press loses them."""
    away = lambda request: problem(503, "Not now.") if request.method == "POST" and "threads" in request.path else None  # noqa: E731
    gateway.refusals.append(away)
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await page.get_by_label("Reply to Dana Whitfield").fill("Thursday.")
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Thursday.")).to_contain_text("it will be sent once")
    await page.get_by_role("button", name="Note", exact=True).click()
    await page.get_by_label("Note for your team").fill("Crew 4 is near")
    await page.get_by_role("button", name="Sign out").click()
    said = page.locator(".leaving")
    await expect(said).to_contain_text("1 message that was not sent and 1 text that you have begun")
    await expect(said.get_by_role("link", name="Dana Whitfield")).to_be_visible()
    await expect(page.get_by_role("button", name="Stay")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(said).to_be_hidden()
    await expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    assert "Thursday." in await kept(page)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Sign out and lose it").click()
    await expect(page.get_by_label("Login")).to_be_focused()
    found = await kept(page)
    assert [] == [word for word in ("Thursday", "Crew", "teamline.") if word in found]


async def test_a_sign_out_that_fails_loses_nothing(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Where the server cannot end the session, the page says so and keeps what it has."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    gateway.refusals.append(lambda request: problem(503, "Not now.") if request.method == "DELETE" else None)
    await page.get_by_label("Reply to Dana Whitfield").fill("Half a sent")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator(".leaving")).to_contain_text("You are still signed in. Not now. Nothing was lost.")
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_have_value("Half a sent")


async def test_other_tabs_hold_nothing_either(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Signing out in one tab empties the others of the same person."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    other = await visitor.context.new_page()
    visitor.watch(other)
    await other.goto(f"{visitor.origin}/console#/waiting/t/{dana}")
    await expect(other.locator(".message")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(other.get_by_label("Login")).to_be_visible()
    await expect(other.get_by_text("Sign in to read and answer your team's messages.")).to_be_visible()
    assert "Dana" not in await other.content()
