"""What a customer does at the chat page, in the words of its tests."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat


async def open_chat(visitor: Visitor, query: str = "") -> Page:
    """The page stands, with what the team is known by."""
    await visitor.page.goto(f"{visitor.origin}/chat{query}")
    await expect(visitor.page.get_by_role("heading", name="Front Range")).to_be_visible()
    return visitor.page


async def write(page: Page, words: str) -> None:
    """By keyboard, as people do."""
    await page.get_by_role("textbox", name="Message to").focus()
    await page.keyboard.insert_text(words)
    await page.keyboard.press("Enter")


async def begin(visitor: Visitor, words: str = "Hello") -> Page:
    """A conversation with one message in it that the server has, and the page follows what is said."""
    chat = visitor.gateway
    assert isinstance(chat, FakeChat)
    before = chat.followed
    page = await open_chat(visitor)
    await write(page, words)
    await expect(page.get_by_text("Sent. You can close this page")).to_be_visible()
    await chat.until(lambda: chat.followed > before)
    return page


async def cut(page: Page, chat: FakeChat) -> None:
    """The network goes away, and the page has noticed."""
    await chat.fall()
    await expect(page.get_by_text("No connection. What you write is kept here")).to_be_visible()


def bodies(page: Page) -> Locator:
    return page.locator(".message .body")


def pending(page: Page) -> Locator:
    return page.locator(".message.pending")


async def hide(page: Page, hidden: bool) -> None:
    """What a browser says to a page when another tab is looked at."""
    await page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden })
          document.dispatchEvent(new Event("visibilitychange"))
        }""",
        hidden,
    )


def said(chat: FakeChat) -> list[Any]:
    """What the newest customer has written, as the server has it."""
    return [item["body"] for item in chat.talk[chat.newest] if item["direction"] == "in"]
