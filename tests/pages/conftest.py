"""One browser for all page tests, a fresh gateway and a fresh profile for each, and a watch on what the page says.

A page that logs an error, raises, or meets its own Content-Security-Policy fails the test it is in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser import browser_fixture
from tests.pages.fake_gateway import FakeGateway, served

EXPECTED = "Failed to load resource"
"""What Chromium itself logs for any answer that is not 2xx; the tests ask for some of those."""


@dataclass
class Visitor:
    """A browser profile at the console of one gateway."""

    gateway: FakeGateway
    origin: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._heard(said.type, said.text))

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(EXPECTED):
            self.complaints.append(text)

    async def enter(self, place: str = "", login: str = "ana") -> Page:
        """Sign in by keyboard, as that person, and wait for the first row."""
        await self.page.goto(f"{self.origin}/console{place}")
        await expect(self.page.get_by_label("Login")).to_be_focused()
        await self.page.keyboard.type(login)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type("correct horse")
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator(".link-state")).to_have_text("Live")
        return self.page

    def bubble(self, text: str) -> Any:
        return self.page.locator(".message", has_text=text)


browser = browser_fixture(scope="session", loop_scope="session")


@pytest.fixture
def gateway() -> FakeGateway:
    """Ana and Ben, nobody waiting."""
    gateway = FakeGateway()
    gateway.agent("ana", "Ana Reyes")
    gateway.agent("ben", "Ben Whitlock")
    return gateway


@pytest.fixture
def viewport() -> dict[str, int]:
    return {"width": 1440, "height": 900}


@pytest.fixture
def scheme() -> str:
    return "light"


@pytest.fixture
def zone() -> str | None:
    """The browser's time zone; None: this machine's."""
    return None


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(
    browser: Browser, gateway: FakeGateway, viewport: dict[str, Any], scheme: Any, zone: str | None
) -> AsyncIterator[Visitor]:
    async with served(gateway) as origin:
        context = await browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=scheme,
            reduced_motion="reduce",
            timezone_id=zone,
        )
        context.set_default_timeout(10_000)
        visitor = Visitor(gateway, origin, context, await context.new_page())
        visitor.watch(visitor.page)
        yield visitor
        await context.close()
    assert [] == visitor.complaints
