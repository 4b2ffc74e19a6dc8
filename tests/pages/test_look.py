"""What the console looks like where it can be measured: contrast, width, and what axe-core finds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.conftest import NEEDS
from tests.pages.company import furnish
from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

SURFACES = ["paper", "desk", "hover", "selected", "bubble-in", "bubble-out", "note"]
TEXT = {
    "ink": [*SURFACES, "found"],
    "quiet": SURFACES,
    "accent": ["paper", "desk", "hover", "selected", "bubble-in", "bubble-out"],
    "danger": ["paper", "desk", "hover", "selected", "note"],
    "warning": ["paper", "desk", "note"],
    "success": ["paper", "desk"],
    "on-fill": ["fill", "fill-hover"],
}
CONTROLS = {"edge": ["paper", "desk"], "accent": ["paper", "desk"], "fill": ["paper", "desk"]}

RATIO = """([front, back]) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const probe = document.body.appendChild(document.createElement("span"))
  const luminance = (color) => {
    probe.style.color = color
    canvas.fillStyle = getComputedStyle(probe).color
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a)
  probe.remove()
  return (light + 0.05) / (dark + 0.05)
}"""


async def contrast(page: Page, front: str, back: str) -> float:
    """WCAG 2.2's contrast ratio of two CSS colors, as this page's scheme resolves them."""
    return float(await page.evaluate(RATIO, [front, back]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_contrast_of_tokens(visitor: Visitor) -> None:
    """Text reads at 4.5:1 on every surface it may stand on, controls at 3:1, in both schemes."""
    await visitor.page.goto(f"{visitor.origin}/console")
    weak: dict[tuple[str, str], float] = {}
    for pairs, least in ((TEXT, 4.5), (CONTROLS, 3.0)):
        for front, backs in pairs.items():
            for back in backs:
                ratio = await contrast(visitor.page, f"var(--{front})", f"var(--{back})")
                weak |= {(front, back): round(ratio, 2)} if ratio < least else {}
    assert {} == weak


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_contrast_of_avatars(visitor: Visitor) -> None:
    """Initials read at 4.5:1 on every hue that an identity may get."""
    await visitor.page.goto(f"{visitor.origin}/console")
    pairs = """hue => {
      const avatar = document.body.appendChild(document.createElement("span"))
      avatar.className = "avatar"
      avatar.style.setProperty("--own-hue", hue)
      const { color, backgroundColor } = getComputedStyle(avatar)
      avatar.remove()
      return [color, backgroundColor]
    }"""
    ratios = [await contrast(visitor.page, *await visitor.page.evaluate(pairs, hue)) for hue in range(0, 360, 24)]
    assert min(ratios) >= 4.5


@cache
def axe() -> str:
    return Path(NEEDS["axe"]).read_text()


async def findings(page: Page) -> list[str]:
    """What axe-core objects to, one line each."""
    await page.evaluate(axe())
    result: dict[str, Any] = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [f"{each['id']}: {node['html'][:120]}" for each in result["violations"] for node in each["nodes"]]


@pytest.mark.needs("axe")
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (800, "dark"), (1440, "light"), (360, "dark")])
async def test_axe_finds_nothing(visitor: Visitor, gateway: FakeGateway, width: int) -> None:
    """axe-core has no objection to the sign-in, inbox, thread, keys, panel, search, found message, status or empty
    view."""
    gateway.agents.clear()
    thread = furnish(gateway)
    page = visitor.page
    await page.set_viewport_size({"width": width, "height": 800})
    found: dict[str, list[str]] = {}
    await page.goto(f"{visitor.origin}/console")
    await expect(page.get_by_label("Login")).to_be_focused()
    found["sign-in"] = await findings(page)
    await visitor.enter()
    found["inbox"] = await findings(page)
    await page.evaluate("id => { location.hash = `#/waiting/t/${id}` }", thread)
    await expect(page.locator(".message").first).to_be_visible()
    await page.locator("#words").fill("Noted.")
    await gateway.be(gateway.agents["ben"], thread, "typing")
    await expect(page.locator(".others")).to_be_visible()
    found["thread"] = await findings(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    found["keys"] = await findings(page)
    await page.keyboard.press("Escape")
    if width < 1100:
        await page.keyboard.press("d")
        found["panel"] = await findings(page)
        await page.keyboard.press("Escape")
    await page.evaluate("location.hash = '#/search/order'")
    await expect(page.locator(".hit").first).to_be_visible()
    found["search"] = await findings(page)
    await page.locator(".hit").first.click()
    await expect(page.locator(".message.found")).to_be_visible()
    found["found"] = await findings(page)
    await page.evaluate("location.hash = '#/search/unheard'")
    await expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    found["nothing found"] = await findings(page)
    await page.evaluate("location.hash = '#/status'")
    await expect(page.locator(".fault")).to_be_visible()
    await expect(page.get_by_role("link", name="What the provider says about 30034")).to_be_visible()
    found["status"] = await findings(page)
    gateway.threads.clear()
    await page.goto(f"{visitor.origin}/console#/mine")
    await page.reload()
    await expect(page.get_by_text("Nothing is on you")).to_be_visible()
    found["empty"] = await findings(page)
    assert {} == {state: lines for state, lines in found.items() if lines}


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}])
async def test_one_at_a_time_on_a_phone(visitor: Visitor, gateway: FakeGateway) -> None:
    """At 360 px the inbox or the thread fills the width, the composer stands at the foot, and Back returns."""
    gateway.agents.clear()
    furnish(gateway)
    page = await visitor.enter()
    await expect(page.locator("tl-thread")).to_be_hidden()
    await page.get_by_role("link", name="Dana Whitfield").click()
    await expect(page.locator("tl-inbox")).to_be_hidden()
    send = await page.get_by_role("button", name="Send", exact=True).bounding_box()
    assert send
    assert send["y"] + send["height"] <= 740
    assert send["height"] >= 44
    foot = [await page.locator(f".composer-foot {part}").bounding_box() for part in (".attach", ".measure", ".send")]
    assert 1 == len({round(box["y"] + box["height"] / 2) for box in foot if box})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.go_back()
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_visible()
    await expect(page.locator("tl-thread")).to_be_hidden()


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 640}])
async def test_nothing_is_cut_off_when_enlarged(visitor: Visitor, gateway: FakeGateway) -> None:
    """At 320 px, which is 400 % of a desktop's width (WCAG 1.4.10), nothing scrolls sideways."""
    gateway.agents.clear()
    thread = furnish(gateway)
    page = await visitor.enter(f"#/all/t/{thread}")
    await expect(page.locator(".message").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_composer_grows_to_eight_lines(visitor: Visitor, gateway: FakeGateway) -> None:
    """The composer is as high as its text up to eight lines, and then scrolls."""
    thread = gateway.thread("Dana", "+13035550127")
    await gateway.arrive(thread, "Hello")
    page = await visitor.enter(f"#/all/t/{thread}")
    words = page.locator("#words")
    heights = []
    for lines in (1, 3, 8, 20):
        await words.fill("\n".join(["line"] * lines))
        heights.append(await words.evaluate("e => e.offsetHeight"))
    assert heights[0] < heights[1] < heights[2] == heights[3]
