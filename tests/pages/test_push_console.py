"""An agent whose console is not in sight is told of customers on this device, if they want."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import WHOLE, browser_fixture
from tests.pages.conftest import Visitor
from tests.pages.fake_devices import KEY
from tests.pages.fake_gateway import FakeGateway
from tests.pages.pushing import Pushes, allow, notice
from tests.pages.test_look import findings
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("all of chromium")]

OFFER = "Tell me when nobody is looking"
DANA = ["Front Range", "Ana from your team wrote"]
"""Title and body of the notice; its tag is the thread."""

browser = browser_fixture(WHOLE, loop_scope="session")


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread in which Dana waits."""
    gateway.push_key = KEY
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


def switch(page: Page) -> Locator:
    return page.get_by_role("switch", name=OFFER)


async def told(visitor: Visitor) -> Pushes:
    """Ana at her console, in a browser that tells her of customers."""
    await allow(visitor)
    page = await visitor.enter()
    pushes = await Pushes(page, "/console").open()
    await page.keyboard.press("?")
    await expect(switch(page)).not_to_be_checked()
    await switch(page).press("Space")
    await expect(switch(page)).to_be_checked()
    return pushes


async def leave(pushes: Pushes) -> None:
    """No console is in sight any more, as the worker sees it."""
    await pushes.page.keyboard.press("Escape")
    await pushes.worker().evaluate(
        "Object.defineProperty(WindowClient.prototype, 'visibilityState', { get: () => 'hidden' })"
    )


async def look(page: Page) -> None:
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_on_and_off_by_keyboard(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """The setting stands where the others are, is off at first, is kept over a reload, and is turned off there too."""
    page = (await told(visitor)).page
    await expect(switch(page)).to_be_focused()
    assert ["webpush"] == [device["platform"] for device in gateway.devices.values()]
    await page.reload()
    await expect(page.locator(".link-state")).to_have_text("Live")
    await page.keyboard.press("?")
    await expect(switch(page)).to_be_checked()
    await switch(page).press("Space")
    await expect(switch(page)).not_to_be_checked()
    assert ({}, 1) == (gateway.devices, gateway.registered)


async def test_without_pushes_nothing_is_offered(visitor: Visitor, gateway: FakeGateway) -> None:
    """Where the gateway pushes to no browser, the setting says so, does nothing, and nothing is asked for."""
    page = await visitor.enter()
    await page.keyboard.press("?")
    await expect(page.locator(".telling p")).to_contain_text("This gateway sends nothing to browsers")
    await switch(page).press("Space")
    await expect(switch(page)).not_to_be_checked()
    assert {} == gateway.devices


async def test_a_console_in_sight_needs_no_notice(visitor: Visitor, dana: str) -> None:
    """The worker shows nothing while a console is visible, a notice for each thread and booking when none is, and they
    go when one comes into sight."""
    pushes = await told(visitor)
    await pushes.push(notice(dana, body="seen"))
    await leave(pushes)
    await pushes.push(notice(dana))
    await pushes.until([[*DANA, dana]])
    await pushes.push(notice(dana, message="m2"))
    await pushes.push(notice("other"))
    await pushes.push(notice(dana, booking="7"))
    await pushes.until([[*DANA, dana], [*DANA, f"{dana}-7"], [*DANA, "other"]])
    await look(pushes.page)
    await pushes.until([])


async def test_a_notice_leads_to_its_thread(visitor: Visitor, dana: str) -> None:
    """A press on a notice brings an open console to the front, at that thread, and else opens one there."""
    pushes = await told(visitor)
    await leave(pushes)
    await pushes.push(notice(dana))
    await pushes.until([[*DANA, dana]])
    assert [["focus", "/console"]] == await pushes.press()
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await pushes.push(notice(dana))
    await pushes.until([[*DANA, dana]])
    await pushes.worker().evaluate("Clients.prototype.matchAll = async () => []")
    assert [["open", f"/console#/all/t/{dana}"]] == await pushes.press()


async def test_nobody_is_told_for_somebody_else(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Who signs out is not told until they are back; then it goes on. Somebody else at this browser is not told."""
    page = (await told(visitor)).page
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Sign out").press("Enter")
    await expect(page.get_by_label("Login")).to_be_focused()
    assert await page.evaluate("localStorage.getItem('test.subscription')") is None
    await visitor.enter()
    await gateway.until(lambda: gateway.registered == 2)
    await gateway.end_sessions()
    await expect(page.get_by_label("Password")).to_be_visible()
    await visitor.enter(login="ben")
    await page.keyboard.press("?")
    await expect(switch(page)).not_to_be_checked()
    assert 2 == gateway.registered


async def test_a_device_of_an_ended_session_is_told_again(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A session's end takes its devices along; signing in again registers this one again."""
    await told(visitor)
    gateway.devices.clear()
    await gateway.end_sessions()
    await visitor.enter()
    await gateway.until(lambda: gateway.registered == 2)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })", "does not let the console"),
        ("delete window.PushManager", "This browser cannot do that."),
    ],
)
async def test_where_it_cannot_be(visitor: Visitor, dana: str, script: str, words: str) -> None:
    """A browser that may not or cannot is told so in words, and the switch stays off."""
    await visitor.page.add_init_script(script)
    page = await visitor.enter()
    await page.keyboard.press("?")
    await expect(page.locator(".telling p")).to_contain_text(words)
    await switch(page).press("Space")
    await expect(switch(page)).not_to_be_checked()


@pytest.mark.needs("axe")
@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(visitor: Visitor, dana: str) -> None:
    """axe-core has no objection to the setting, and nothing of it is cut off on a phone."""
    page = (await told(visitor)).page
    assert [] == await findings(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
