"""The console in Chromium with 100,000 threads behind it: how soon it can be worked in, and how soon a key shows.

Chromium renders as on a screen, 60 frames a second, and its times are its own: a sign-in is done when its answer has
come; the inbox is usable when its rows are painted, the stream is live and a key moves the focus. A key's time runs
from the key event's time stamp until after the next frame, which is taken to be painted when the task that follows it
runs. Keys are struck while 50 signed webhooks a second arrive for the team that is looked at, from two thousand
customers and then all from the one whose thread is open, and what was acknowledged is looked for in the database.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from rich.console import Console
from rich.progress import Progress

from bench.database import scratch
from bench.figures import Figure, percentile
from bench.forms import hooks
from bench.history import ONE, PASSWORD, TEAMS
from bench.large import THREADS, large_database
from bench.load import pace
from bench.server import Server, configure, gateway
from bench.stored import check_received
from bench.trial import PAIRS, SECONDS

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
SIZE: Final = {"width": 1440, "height": 900}
RATE: Final = 50
"""Webhooks a second."""
STROKE: Final = 0.1
"""Seconds between two keys: a quick typist."""
STROKES: Final = max(20, int(25 * SECONDS))
TALKER: Final = "+17205569876"
"""Whose texts are a flood of their own: their first one makes the thread."""
SENTENCE: Final = "We have looked into it and somebody will be with you this afternoon. "
PATIENCE: Final = 30_000

PROBE: Final = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch(await large_database(progress)) as (folder, database):
        public_url = configure(folder, database, TEAMS)
        count, chance = int((5 + 3 * STROKES * STROKE) * RATE), random.Random(6)
        texts = hooks(count, chance, public_url)
        flood = hooks(count // 2, chance, public_url, lambda: TALKER)
        task = progress.add_task("console", total=PAIRS + 3)
        with gateway(folder) as server:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                figures = await _opening(browser, server, progress)
                progress.advance(task, PAIRS + 1)
                results = []
                for arriving, strokes in ((texts, _strokes), (flood, _flooded)):
                    results.append(asyncio.create_task(pace(server.address, arriving, RATE)))
                    figures += await strokes(browser, server)
                    progress.advance(task)
                    await results[-1]
                await browser.close()
        acknowledged = {key for each in results for key in each.result().acknowledged}
        await check_received(console, database, acknowledged, sum(each.result().refused for each in results))
    return figures


async def _opening(browser: Browser, server: Server, progress: Progress) -> list[Figure]:
    """Sign in, and open again with the session, each in a fresh profile; the first time warms the server up."""
    signed_in, opened = [], []
    for number in range(PAIRS + 1):
        context = await _profile(browser)
        page = await context.new_page()
        signed = await _sign_in(page, server)
        await page.reload()
        again = await _usable(page)
        await context.close()
        if number:
            signed_in.append(signed)
            opened.append(again)
    behind = f"{THREADS:,} threads, Chromium, a warm server"
    return [
        Figure("console: sign-in done to usable", signed_in, "s", behind, at_most=1),
        Figure("console: opened with a session to usable", opened, "s", behind, at_most=1),
    ]


async def _profile(browser: Browser) -> BrowserContext:
    context = await browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # a plain dict will do
    context.set_default_timeout(PATIENCE)
    await context.add_init_script(PROBE)
    return context


async def _sign_in(page: Page, server: Server) -> float:
    await page.goto(f"{server.url}/console")
    await expect(page.get_by_label("Login")).to_be_focused()
    await page.keyboard.type(ONE.login)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    return await _usable(page)


async def _usable(page: Page) -> float:
    """Seconds since the sign-in was answered, or else since the page was asked for."""
    async with asyncio.timeout(PATIENCE / 1_000):
        return float(await page.evaluate("bench.usable.then((at) => (at - bench.signedIn) / 1000)"))


async def _strokes(browser: Browser, server: Server) -> list[Figure]:
    context = await _profile(browser)
    page = await context.new_page()
    await _sign_in(page, server)
    moving = await _strike(page, "jk")
    await page.keyboard.press("Enter")
    composer = page.get_by_role("textbox", name="Reply to")
    await composer.focus()
    typing = await _strike(page, SENTENCE)
    await expect(composer).not_to_have_value("")
    await context.close()
    return [*_key_figures("j and k in the inbox", moving), *_key_figures("typing a reply", typing)]


async def _flooded(browser: Browser, server: Server) -> list[Figure]:
    """Type into the thread of the one who sends all of it."""
    context = await _profile(browser)
    page = await context.new_page()
    await _sign_in(page, server)
    await page.keyboard.press("3")
    await page.get_by_role("link", name=TALKER[-4:]).first.click()
    await page.get_by_role("textbox", name="Reply to").focus()
    typing = await _strike(page, SENTENCE)
    await context.close()
    return _key_figures("typing where all of it arrives", typing)


def _key_figures(name: str, times: list[float]) -> list[Figure]:
    during = f"while {RATE} webhooks a second arrive, {THREADS:,} threads"
    return [
        Figure(f"key to paint, {name}: p{share}", [percentile(times, share / 100)], "ms", during, at_most=50)
        for share in (50, 98)
    ]


async def _strike(page: Page, keys: str) -> list[float]:
    """Milliseconds from each key to its paint."""
    painted = await page.evaluate_handle(f"({{ all: bench.next({STROKES}) }})")
    for number in range(STROKES):
        await page.keyboard.press("Space" if keys[number % len(keys)] == " " else keys[number % len(keys)])
        await asyncio.sleep(STROKE)
    return [float(taken) for taken in await painted.evaluate("({ all }) => all")]
