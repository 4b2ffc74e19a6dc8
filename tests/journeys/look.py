"""What axe-core objects to on a page as it is, in light and in dark."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from playwright.async_api import Page

from tests.conftest import NEEDS

ALL: Final = "axe.run({ resultTypes: ['violations'] })"
COLORS: Final = "axe.run({ resultTypes: ['violations'], runOnly: ['color-contrast', 'link-in-text-block'] })"
"""The rules whose answer may change with the scheme; structure and names do not."""


@cache
def _axe() -> str:
    return NEEDS["axe"].read_text(encoding="utf-8")


async def objections(page: Page) -> list[str]:
    """One line each, with the scheme they were seen in."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    found = await _run(page, "light", ALL)
    await page.emulate_media(color_scheme="dark")
    found += await _run(page, "dark", COLORS)
    await page.emulate_media(color_scheme="light")
    return found


async def _run(page: Page, scheme: str, run: str) -> list[str]:
    result: dict[str, Any] = await page.evaluate(run)
    return [f"{scheme}, {each['id']}: {node['html'][:120]}" for each in result["violations"] for node in each["nodes"]]
