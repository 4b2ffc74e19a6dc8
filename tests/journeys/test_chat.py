"""A customer at the web page and a person at the team, over a real gateway: live, over a closed tab, and over a network
that is cut while both go on writing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.gateway_process import GatewayProcess, gateway_process, hire, until
from tests.journeys.cable import Cable
from tests.journeys.conftest import profile
from tests.journeys.look import objections

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("chromium", "axe")]

WEB = {"adapters/web.toml": 'adapter = "web_chat"\n'}
API = "/api/agent/v1"


@dataclass
class Desk:
    """Ana at the agents' API."""

    http: aiohttp.ClientSession
    url: str

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.url}{API}{path}") as response:
            assert 200 == response.status
            return await response.json()

    async def newest_thread(self) -> str:
        async def ask() -> str | None:
            items = (await self.get("/threads?view=waiting"))["items"]
            return str(items[-1]["id"]) if items else None

        return await until(ask)

    async def messages(self, thread: str) -> list[dict[str, Any]]:
        return [each for each in (await self.get(f"/threads/{thread}/messages"))["items"] if "body" in each]

    async def reply(self, thread: str, body: str) -> None:
        async with self.http.post(f"{self.url}{API}/threads/{thread}/messages", json={"body": body}) as response:
            assert 202 == response.status

    async def sees(self, thread: str, body: str, state: str) -> None:
        async def ask() -> bool:
            found = [each for each in await self.messages(thread) if each["body"] == body]
            return [state] == [each["delivery"]["state"] for each in found]

        await until(ask)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory, engine: str) -> AsyncIterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("chat")
    (folder / "company").mkdir()
    async with gateway_process(
        folder / "gateway", hire(folder / "company", engine), "http://127.0.0.1:9", config=WEB
    ) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def desk(gateway: GatewayProcess) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {gateway.token}"}) as http:
        yield Desk(http, gateway.url)


async def come(context: BrowserContext, gateway: GatewayProcess) -> Page:
    page = await context.new_page()
    await page.goto(f"{gateway.url}/chat")
    await expect(page.get_by_role("heading", name="Front Range")).to_be_visible()
    return page


async def write(page: Page, words: str) -> None:
    await page.get_by_role("textbox", name="Message to Front Range").focus()
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")


async def test_a_conversation(browser: Browser, gateway: GatewayProcess, desk: Desk) -> None:
    """A visitor writes, a person answers, the open page shows it and the person sees that it was read; the tab is
    closed and the answer is there on return; what both write while the network is cut arrives once and in order."""
    async with (
        Cable(gateway.port) as cable,
        profile(browser, proxy={"server": cable.server}) as context,
    ):
        page = await come(context, gateway)
        assert [] == await objections(page)
        await write(page, "Is the blue one back?")
        thread = await desk.newest_thread()
        await desk.reply(thread, "Since Tuesday.")
        await expect(page.locator(".body")).to_have_text(["Is the blue one back?", "Since Tuesday."])
        await desk.sees(thread, "Since Tuesday.", "read")

        await page.close()
        await desk.reply(thread, "Shall I keep one?")
        page = await come(context, gateway)
        await expect(page.get_by_text("New since you were here")).to_be_visible()
        await expect(page.locator(".body").last).to_have_text("Shall I keep one?")
        await desk.sees(thread, "Shall I keep one?", "read")
        assert [] == await objections(page)

        cable.cut()
        await expect(page.get_by_text("No connection. What you write is kept here")).to_be_visible()
        for words in ("Yes", "in 40 liters", "until Friday"):
            await write(page, words)
        await expect(page.locator(".pending").get_by_text("Waits for the network")).to_have_count(3)
        assert [] == await objections(page)
        await desk.reply(thread, "Are you there?")
        cable.mend()
        await expect(page.locator(".pending")).to_have_count(0)
        await expect(page.locator(".body").filter(has_text="Are you there?")).to_have_count(1)
        told = [each["body"] for each in await desk.messages(thread) if each["direction"] == "in"]
        assert ["Is the blue one back?", "Yes", "in 40 liters", "until Friday"] == told
        await desk.sees(thread, "Are you there?", "read")
        shown = await page.locator(".body").all_text_contents()
        assert [each["body"] for each in await desk.messages(thread)] == shown


async def test_a_picture(browser: Browser, gateway: GatewayProcess, desk: Desk, tmp_path: Path) -> None:
    """A picture goes to the team, and is seen small and whole on the page; another visitor sees none of it."""
    Image.linear_gradient("L").resize((900, 600)).save(tmp_path / "door.png")
    async with profile(browser) as context:
        page = await come(context, gateway)
        await page.locator("input[type=file]").set_input_files(tmp_path / "door.png")
        await write(page, "This is the door")
        await page.get_by_role("link", name="door").press("Enter")
        await expect(page.get_by_role("dialog").get_by_role("img")).to_have_js_property("naturalWidth", 900)
        [message] = await desk.messages(await desk.newest_thread())
        assert ("This is the door", 1, 900) == (
            message["body"],
            len(message["attachments"]),
            message["attachments"][0]["width"],
        )
    async with profile(browser) as other:
        page = await come(other, gateway)
        await expect(page.get_by_text("Write, and close this page. The answer will be here.")).to_be_visible()
        await expect(page.locator(".message")).to_have_count(0)
