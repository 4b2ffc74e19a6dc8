"""Debian's Chromium under Playwright: its headless shell, which draws the same pages in two thirds of the time, and all
of it for what the shell lacks, such as push messages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

SHELL: Final = "/usr/bin/chromium-headless-shell"
WHOLE: Final = "/usr/bin/chromium"
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
PATIENCE_MS: Final = 20_000

expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def chromium(program: str = SHELL) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        await browser.close()


def browser_fixture(program: str = SHELL, *, scope: Any = "module", loop_scope: Any = "module") -> Any:
    """One browser for all tests of that scope, for a module or a conftest to call `browser`."""

    @pytest_asyncio.fixture(scope=scope, loop_scope=loop_scope)
    async def browser() -> AsyncIterator[Browser]:
        async with chromium(program) as browser:
            yield browser

    return browser
