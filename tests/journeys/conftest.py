"""One browser, one gateway on each engine and one stand-in for Twilio for all journeys of a file; a fresh profile for
each journey.

All of it lives in one event loop, the module's. A page that logs an error or raises one fails its
journey, and so does an answer that refuses what a page asked (but for "not signed in", with which it begins).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.browser import PATIENCE_MS, browser_fixture
from tests.engines import ENGINES
from tests.gateway_process import LOGIN, PASSWORD, GatewayProcess, gateway_process, hire
from tests.standins.twilio import TwilioStandIn


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


browser = browser_fixture()


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with profile(browser) as context:
        yield context


@asynccontextmanager
async def profile(browser: Browser, forgives: Container[int] = (), **options: Any) -> AsyncIterator[BrowserContext]:
    """A fresh browser profile, watched: `forgives` are statuses of refusals that belong to the journey."""
    complaints: list[str] = []
    refused: list[tuple[int, str]] = []

    def hear(answer: Response) -> None:
        if answer.status > 401 and answer.status not in forgives:
            refused.append((answer.status, answer.url))

    context = await browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE_MS)
    context.on("weberror", lambda raised: complaints.append(str(raised.error)))
    context.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    context.on("response", hear)
    yield context
    await context.close()
    assert ([], []) == (complaints, refused)


def _is_complaint(said: ConsoleMessage) -> bool:
    """What Chromium itself says of an answer that is not 2xx is looked at as an answer."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as twilio:
        yield twilio


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(
    tmp_path_factory: pytest.TempPathFactory, engine: str, twilio: TwilioStandIn
) -> AsyncIterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("journey")
    (folder / "company").mkdir()
    async with gateway_process(folder / "gateway", hire(folder / "company", engine), twilio.url) as gateway:
        yield gateway


async def sign_in(page: Page, url: str, login: str = LOGIN, password: str = PASSWORD) -> None:
    """Sign in to the console by keyboard, and wait until it follows what happens."""
    await page.goto(f"{url}/console")
    await expect(page.get_by_label("Login")).to_be_focused()
    await page.keyboard.type(login)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


async def answer(page: Page, words: str) -> None:
    """Write in the thread that is open, by keyboard."""
    await page.get_by_role("textbox", name="Reply to").focus()
    await page.keyboard.type(words)
    await page.keyboard.press("Control+Enter")
