"""The demo, as somebody with a bare machine meets it: a phone in one tab, the console in the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from gateway.cli.demo import PASSWORD
from tests.gateway_process import GatewayProcess, ending
from tests.journeys.conftest import answer, sign_in

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("chromium")]

CONFIG = Path(__file__).parent.parent.parent / "config"


@pytest_asyncio.fixture(loop_scope="module")
async def demo(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path)
    gateway.arguments = ("demo", "--config", str(CONFIG), "--port", str(gateway.port))
    async with ending(gateway):
        await gateway.start()
        yield gateway


async def test_demo(context: BrowserContext, demo: GatewayProcess) -> None:
    """A text from the phone on the screen appears in the console, the answer appears on the phone, and the console
    says that it was delivered."""
    console = await context.new_page()
    await sign_in(console, demo.url, "ana", PASSWORD)
    phone = await context.new_page()
    await phone.goto(f"{demo.url}/demo")
    await phone.get_by_label("Text message").fill("Is anybody there?")
    await phone.keyboard.press("Enter")

    await console.bring_to_front()
    await console.get_by_role("link").filter(has_text="Is anybody there?").press("Enter")
    await answer(console, "Yes, Ana is.")

    await phone.bring_to_front()
    await expect(phone.get_by_role("log").get_by_text("Yes, Ana is.")).to_be_visible()
    reply = console.get_by_role("listitem").filter(has_text="Yes, Ana is.").last
    await expect(reply).to_contain_text("Delivered")
