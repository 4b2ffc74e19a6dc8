"""The README's pictures, taken from the running demo in a fresh folder: `make shots`.

The picture shows the demo as a newcomer meets it, after one text and one answer.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
TEXT = "Hi, we are back from vacation and there is no internet. Did the storm get us too?"
ANSWER = "It did, I am sorry. A crew is on your street now; I will write again when the light is green."


async def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="shots-"))
    shutil.copytree(ROOT / "config", folder / "config")
    command = [sys.executable, "-m", "gateway", "demo", "--port", str(free_port())]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as demo:
        try:
            assert demo.stdout is not None
            url = demo.stdout.readline().split()[-1]
            await take(url)
        finally:
            demo.terminate()
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def take(url: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(
            viewport={"width": 1440, "height": 900}, device_scale_factor=1.5, color_scheme="light", locale="en-US"
        )
        await page.goto(f"{url}/demo")
        await converse(page)
        await page.screenshot(path=PICTURES / "demo-light.png")
        await page.emulate_media(color_scheme="dark")
        await page.screenshot(path=PICTURES / "demo-dark.png")
        await browser.close()


async def converse(page: Page) -> None:
    """A text from the phone, and its answer from the console."""
    console = page.frame_locator("iframe")
    await console.locator(".row").first.wait_for()
    await page.locator("#words").fill(TEXT)
    await page.locator("#words").press("Enter")
    await console.locator(".row", has_text="storm get us").first.click()
    await console.locator(".message.in .body", has_text=TEXT).wait_for()
    await console.locator("#words").fill(ANSWER)
    await console.locator("#words").press("Control+Enter")
    await page.locator("#messages").get_by_text(ANSWER).wait_for()
    await console.locator(".message-state", has_text="Delivered").last.wait_for()


asyncio.run(main())
