"""Being told of an answer: /chat offers it once, to who has written, and its service worker shows what a push says."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest
from playwright.async_api import Locator, Page, expect

from gateway.pages import FOLDER
from tests.browser import WHOLE, browser_fixture
from tests.pages import fake_gateway
from tests.pages.chatting import begin, hide, open_chat
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat
from tests.pages.fake_desk import problem
from tests.pages.fake_devices import KEY
from tests.pages.pushing import ENDPOINT, Pushes, allow, notice
from tests.pages.test_look import findings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("all of chromium")]

OFFER = "Tell me on this device when somebody answers"
ON = "You are told here when somebody answers."

browser = browser_fixture(WHOLE, loop_scope="session")


@pytest.fixture
def gateway() -> FakeChat:
    chat = FakeChat()
    chat.push_key = KEY
    return chat


def offer(page: Page) -> Locator:
    return page.get_by_role("button", name=OFFER)


async def told(visitor: Visitor, gateway: FakeChat) -> Pushes:
    """A conversation in a browser that is told of answers."""
    await allow(visitor)
    page = await begin(visitor)
    pushes = await Pushes(page, "/chat").open()
    await offer(page).press("Enter")
    await expect(page.locator(".tell p")).to_have_text(ON)
    return pushes


async def test_it_is_offered_to_who_has_written(visitor: Visitor, gateway: FakeChat) -> None:
    """Who only looks is offered nothing; who has written is, in one line, and the browser is not asked for anything."""
    await visitor.page.add_init_script("Notification.requestPermission = () => { throw Error('asked') }")
    page = await open_chat(visitor)
    await expect(offer(page)).to_have_count(0)
    page = await begin(visitor)
    await expect(offer(page)).to_be_visible()
    assert [] == await page.evaluate("navigator.serviceWorker.getRegistrations()")
    gateway.push_key = None
    await page.reload()
    await expect(page.get_by_text("Sent. You can close this page")).to_be_visible()
    await expect(offer(page)).to_have_count(0)
    assert ("GET", "/push-key") not in gateway.requests


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
async def test_on_and_off_by_keyboard(visitor: Visitor, gateway: FakeChat) -> None:
    """It is turned on and off at one place by keyboard, with the focus staying there, and is remembered meanwhile."""
    page = (await told(visitor, gateway)).page
    [device] = gateway.devices.values()
    assert device["endpoint"].startswith(ENDPOINT)
    assert ("webpush", {"p256dh": "p", "auth": "a"}) == (device["platform"], device["keys"])
    await expect(page.get_by_role("button", name="Turn off")).to_be_focused()
    await page.reload()
    await expect(page.locator(".tell p")).to_have_text(ON)
    assert 1 == gateway.registered
    await page.get_by_role("button", name="Turn off").press("Enter")
    await expect(offer(page)).to_be_focused()
    await gateway.until(lambda: not gateway.devices)
    assert [[], None] == await page.evaluate(
        "(async () => [await navigator.serviceWorker.getRegistrations(), localStorage.getItem('test.subscription')])()"
    )
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_push_is_shown_and_collapses(visitor: Visitor, gateway: FakeChat) -> None:
    """The worker shows a push as it is, one notice for a thread, and nothing for what is no push of ours."""
    pushes = await told(visitor, gateway)
    await pushes.push("not ours")
    await pushes.push(notice())
    await pushes.until([["Front Range", "Ana from your team wrote", "t1"]])
    await pushes.push(notice(message="m2", body="Ben from your team wrote", badge=2))
    await pushes.until([["Front Range", "Ben from your team wrote", "t1"]])


async def test_what_was_read_is_not_told(visitor: Visitor, gateway: FakeChat) -> None:
    """A notice stands while nobody looks, and goes when the page has shown the message, whichever came first."""
    pushes = await told(visitor, gateway)
    await hide(pushes.page, True)
    answer = await gateway.say("It does.")
    await expect(pushes.page.get_by_text("It does.", exact=True)).to_be_visible()
    assert ("PUT", "/received") not in gateway.requests  # it would not be pushed then
    await pushes.push(notice(message=answer["id"]))
    await pushes.until([["Front Range", "Ana from your team wrote", "t1"]])
    await expect(pushes.page.get_by_text("It does.", exact=True)).to_be_visible()
    assert 1 == len(await pushes.notices())
    await hide(pushes.page, False)
    await pushes.until([])
    await pushes.page.evaluate("navigator.setAppBadge = async n => { window.badge = n }")
    await pushes.push(notice(message=answer["id"]))
    await pushes.holds("window.badge === 0")
    await pushes.until([])


async def test_a_notice_leads_to_the_page(visitor: Visitor, gateway: FakeChat) -> None:
    """A press on a notice brings an open page to the front, at its newest message, and else opens one."""
    pushes = await told(visitor, gateway)
    for number in range(30):
        await gateway.say(f"Line {number}")
    await expect(pushes.page.get_by_text("Line 29", exact=True)).to_be_visible()
    await pushes.page.locator(".scroller").evaluate("e => { e.scrollTop = 0 }")
    await expect(pushes.page.get_by_text("Line 29", exact=True)).not_to_be_in_viewport()
    await hide(pushes.page, True)
    await pushes.push(notice())
    await pushes.until([["Front Range", "Ana from your team wrote", "t1"]])
    assert [["focus", "/chat"]] == await pushes.press()
    await expect(pushes.page.get_by_text("Line 29", exact=True)).to_be_in_viewport()
    await pushes.until([])
    await pushes.push(notice())
    await pushes.until([["Front Range", "Ana from your team wrote", "t1"]])
    await pushes.worker().evaluate("Clients.prototype.matchAll = async () => []")
    assert [["open", "/chat"]] == await pushes.press()


async def test_the_channel_of_the_page_is_opened(visitor: Visitor, gateway: FakeChat) -> None:
    """Where there are several channels, a notice opens the page that it was turned on at."""
    await allow(visitor)
    await begin(visitor)
    page = await open_chat(visitor, "?channel=web-north")
    await offer(page).press("Enter")
    await expect(page.locator(".tell p")).to_have_text(ON)
    pushes = await Pushes(page, "/chat").open()
    await hide(page, True)
    await pushes.push(notice())
    await pushes.until([["Front Range", "Ana from your team wrote", "t1"]])
    await pushes.worker().evaluate("Clients.prototype.matchAll = async () => []")
    assert [["open", "/chat?channel=web-north"]] == await pushes.press()


async def test_who_is_not_known_any_more_is_not_told(visitor: Visitor, gateway: FakeChat) -> None:
    """When the server has ended a visitor, the browser ends its subscription and takes its notices away."""
    pushes = await told(visitor, gateway)
    await hide(pushes.page, True)
    await pushes.push(notice())
    await pushes.until([["Front Range", "Ana from your team wrote", "t1"]])
    await gateway.forget()
    await expect(pushes.page.locator(".ended")).to_be_visible()
    await pushes.until([])
    await pushes.holds("localStorage.getItem('test.subscription') === null")
    await expect(pushes.page.locator(".tell")).to_have_count(0)


async def test_another_key(visitor: Visitor, gateway: FakeChat) -> None:
    """A browser whose registration has grown old tells the server again, and subscribes anew if the key is another."""
    page = (await told(visitor, gateway)).page
    [before] = gateway.devices.values()
    gateway.push_key = KEY[:-2] + "w8"
    await page.evaluate(
        """() => {
          const name = "teamline.chat.device"
          localStorage.setItem(name, JSON.stringify({ ...JSON.parse(localStorage.getItem(name)), at: 0 }))
        }"""
    )
    await page.reload()
    await gateway.until(lambda: gateway.registered == 2)
    assert before["endpoint"] != list(gateway.devices.values())[-1]["endpoint"]
    await expect(page.locator(".tell p")).to_have_text(ON)


async def test_a_new_subscription_is_told(visitor: Visitor, gateway: FakeChat) -> None:
    """When the browser puts another subscription in place of one, the worker tells the server without the page."""
    pushes = await told(visitor, gateway)
    await pushes.worker().evaluate(
        """endpoint => {
          const event = new Event("pushsubscriptionchange")
          event.waitUntil = () => {}
          event.newSubscription = { toJSON: () => ({ endpoint, keys: { p256dh: "q", auth: "b" } }) }
          dispatchEvent(event)
        }""",
        f"{ENDPOINT}new",
    )
    await gateway.until(lambda: f"{ENDPOINT}new" in [device["endpoint"] for device in gateway.devices.values()])


async def test_what_the_workers_share_is_renewed(
    visitor: Visitor, gateway: FakeChat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer one of the file that both workers import reaches a worker that is installed, which has not changed."""
    pushes = await told(visitor, gateway)
    newer = copytree(FOLDER, tmp_path / "pages")
    shared = newer / "console/push.js"
    shared.write_text(shared.read_text(encoding="utf-8").replace("(title,", "(`New: ${title}`,"), encoding="utf-8")
    monkeypatch.setattr(fake_gateway, "FOLDER", newer)
    await pushes.page.evaluate(
        """async () => {
          window.registration = await navigator.serviceWorker.ready
          window.before = registration.active
          await registration.update()
        }"""
    )
    await pushes.holds("registration.active !== before && registration.active.state === 'activated'")
    await pushes.push(notice())
    await pushes.until([["New: Front Range", "Ana from your team wrote", "t1"]])


async def test_what_did_not_work_is_said(visitor: Visitor, gateway: FakeChat) -> None:
    """A refusal of the server or of the push service is said where it was asked for, and can be tried again."""
    await allow(visitor)
    page = await begin(visitor)
    gateway.refusals.append(lambda request: problem(429, "Too often.") if request.path.endswith("/devices") else None)
    await offer(page).press("Enter")
    await expect(page.locator(".tell p")).to_have_text("That did not work, and nothing was changed. Too often.")
    gateway.refusals.clear()
    await page.evaluate("window.refusing = 'push service error'; localStorage.removeItem('test.subscription')")
    await offer(page).press("Enter")
    await expect(page.locator(".tell p")).to_contain_text("push service error")
    await page.evaluate("window.refusing = ''")
    await offer(page).press("Enter")
    await expect(page.locator(".tell p")).to_have_text(ON)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })", "does not let this page"),
        ("delete window.PushManager", "This browser cannot tell you"),
        ("delete window.PushManager; navigator.standalone = false", "Share, then Add to Home Screen"),
    ],
)
async def test_where_it_cannot_be(visitor: Visitor, gateway: FakeChat, script: str, words: str) -> None:
    """A browser that may not or cannot be told of answers is told so in words, with no button that would do nothing."""
    await visitor.page.add_init_script(script)
    page = await begin(visitor)
    await expect(page.locator(".tell p")).to_contain_text(words)
    await expect(page.locator(".tell button")).to_be_hidden()


@pytest.mark.needs("axe")
@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(visitor: Visitor, gateway: FakeChat) -> None:
    """axe-core has no objection to the line, off or on."""
    await allow(visitor)
    page = await begin(visitor)
    await expect(offer(page)).to_be_visible()
    found = await findings(page)
    await offer(page).press("Enter")
    await expect(page.locator(".tell p")).to_have_text(ON)
    assert [] == found + await findings(page)
