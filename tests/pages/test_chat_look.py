"""What the chat page looks like where it can be measured: axe-core in every state, width, touch and the keyboard."""

from __future__ import annotations

import pytest
from aiohttp import web
from playwright.async_api import FilePayload, Page, expect

from tests.pages.chatting import begin, cut, open_chat, pending, write
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat, png
from tests.pages.fake_desk import problem
from tests.pages.test_chat_files import PICTURE, TOOL
from tests.pages.test_look import findings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def gateway() -> FakeChat:
    return FakeChat()


async def furnish(page: Page, chat: FakeChat) -> None:
    """A conversation with all that may stand in one, some of it new since the last visit."""
    first = await chat.say("It does: https://shop.example.com/packs/40", days=3)
    chat.read_marks[chat.newest] = first["id"]
    await chat.say("A picture", chat.keep("door.png", "image/png", png(800, 600), (800, 600)))
    await chat.say("A file", chat.keep("receipt.pdf", "application/pdf", b"%PDF"))
    await chat.say("One that failed", {**chat.keep("x.png", "image/png", b""), "state": "failed"})
    await page.reload()
    await expect(page.locator(".message")).to_have_count(5)


def _nothing(request: web.Request) -> web.Response | None:
    return problem(503, "Not now.") if request.path.endswith("/thread") else None


@pytest.mark.needs("axe")
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_axe_finds_nothing(visitor: Visitor, gateway: FakeChat, width: int) -> None:
    """axe-core has no objection to any state of the page."""
    await visitor.page.set_viewport_size({"width": width, "height": 780})
    page = await open_chat(visitor)
    found: dict[str, list[str]] = {"first visit": await findings(page)}
    await page.get_by_role("button", name="Hours").click()
    found["hours"] = await findings(page)
    del gateway.facts["open_until"]
    gateway.facts["open"] = False
    page = await begin(visitor)
    found["closed, written"] = await findings(page)
    await furnish(page, gateway)
    found["conversation"] = await findings(page)
    await page.locator(".picture").click()
    found["picture"] = await findings(page)
    await page.keyboard.press("Escape")
    empty: FilePayload = {"name": "empty.png", "mimeType": "image/png", "buffer": b""}
    await page.locator("input[type=file]").set_input_files([PICTURE, TOOL, empty])
    await expect(page.locator(".trouble")).to_contain_text("empty.png")
    found["draft"] = await findings(page)
    await cut(page, gateway)
    await write(page, "Words")
    await expect(pending(page)).to_be_visible()
    found["offline"] = await findings(page)
    gateway.rise()
    await expect(page.get_by_role("alert")).to_be_visible(timeout=15_000)
    found["refused"] = await findings(page)
    await page.get_by_role("button", name="Remove").click()
    await gateway.forget()
    await expect(page.locator(".ended")).to_be_visible(timeout=15_000)
    found["ended"] = await findings(page)
    gateway.refusals.append(_nothing)
    await page.reload()
    await expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    found["unreachable"] = await findings(page)
    assert {} == {state: lines for state, lines in found.items() if lines}


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 640}, {"width": 360, "height": 740}])
async def test_nothing_is_cut_off(visitor: Visitor, gateway: FakeChat, viewport: dict[str, int]) -> None:
    """On a phone, and at 400 % (WCAG 1.4.10), nothing scrolls sideways and the composer stands at the thumb."""
    page = await begin(visitor)
    await furnish(page, gateway)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    send = await page.get_by_role("button", name="Send").bounding_box()
    assert send
    assert send["height"] >= 44
    assert send["y"] + send["height"] <= viewport["height"]


async def test_landmarks_and_the_way_of_the_tab_key(visitor: Visitor, gateway: FakeChat) -> None:
    """The page has a banner, a main part and named regions, and Tab goes through it from top to bottom."""
    page = await begin(visitor)
    await expect(page.get_by_role("banner").get_by_role("heading", level=1)).to_have_text("Front Range")
    for name in ("Conversation", "Write"):
        await expect(page.get_by_role("main").get_by_role("region", name=name).first).to_be_visible()
    await page.get_by_role("button", name="Hours").focus()
    names = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        focused = "e => e.getAttribute('aria-labelledby') ?? (e.labels?.[0] ?? e).textContent"
        names.append(await page.evaluate(f"({focused})(document.activeElement)"))
    assert ["thread-name", "Message to Front Range", "Attach", "Send"] == names


async def test_nothing_shifts_when_a_picture_comes(visitor: Visitor, gateway: FakeChat) -> None:
    """A picture's place is kept before it has come."""
    page = await begin(visitor)
    await page.route("**/files/**", lambda _route: None)
    await gateway.say("Look", gateway.keep("tall.png", "image/png", png(300, 600), (300, 600)))
    box = await page.locator(".picture img").evaluate("e => [e.width, e.height]", timeout=5_000)
    assert [150, 300] == box
