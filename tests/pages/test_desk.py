"""What a desk needs all day: counts, drafts that follow the person, colleagues in sight, and the page for admins."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.pages.company import STATUS
from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread in which Dana waits."""
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


def rival(page: Page) -> Locator:
    """What another window of the same person has begun."""
    return page.get_by_role("region", name="Another window of yours has a draft here")


async def test_counts_follow_what_happens(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Each view says how many threads it has; 40 messages at once cost one question more, not 40."""
    page = await visitor.enter()
    counts = page.locator(".count")
    await expect(counts).to_have_text(["1", "0", "1"])
    asked = gateway.counted
    for number in range(40):
        await gateway.arrive(gateway.thread(f"Customer {number}", f"+1303555{number:04}"), "Hello")
    await expect(counts).to_have_text(["41", "0", "41"])
    assert gateway.counted - asked <= 2


async def test_counts_stop_at_999(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A thousand is said as what it is: more than 999."""
    for number in range(1_001):
        gateway.thread(f"Customer {number}", f"+1303{number:07}")
    page = await visitor.enter()
    await expect(page.locator(".count")).to_have_text(["1", "0", "999+"])


async def test_a_draft_follows_its_writer(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A half-written reply is kept by the server, is there in another browser, and is gone once it is sent."""
    ana = gateway.agents["ana"]
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await page.get_by_label("Reply to Dana Whitfield").fill("Half a sent")
    await gateway.until(lambda: gateway.drafts.get((ana["id"], dana)) == "Half a sent")
    await page.evaluate("localStorage.clear()")
    await page.reload()
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_have_value("Half a sent")
    await expect(page.locator(".row-line")).to_have_text("Draft: Half a sent")
    await page.get_by_label("Reply to Dana Whitfield").focus()
    await page.keyboard.press("End")
    await page.keyboard.type("ence.")
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Half a sentence.")).to_contain_text("Waiting to be sent")
    await page.evaluate("localStorage.clear()")
    await page.reload()
    await expect(visitor.bubble("Half a sentence.")).to_be_visible()
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_have_value("")
    assert {} == gateway.drafts


async def test_a_draft_survives_a_dropped_network(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Words typed while the server refuses stay here over a reload, beside other ones it has, and reach it later."""
    ana = gateway.agents["ana"]
    page = await visitor.enter(f"#/waiting/t/{dana}")
    gateway.refusals.append(lambda request: problem(503, "Not now.") if request.path.endswith("/draft") else None)
    await page.get_by_label("Reply to Dana Whitfield").fill("Written here")
    await gateway.keep_draft(ana, dana, "Written elsewhere, before")
    await page.reload()
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_have_value("Written here")
    gateway.refusals.clear()
    await expect(rival(page)).to_contain_text("Written elsewhere, before")
    await page.get_by_role("button", name="Keep mine").click()
    await gateway.until(lambda: gateway.drafts.get((ana["id"], dana)) == "Written here")


async def test_two_windows_with_words(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Of two windows that write in one thread, neither loses its words: the later one shows both, and asks."""
    ana = gateway.agents["ana"]
    assert visitor.context.browser
    context = await visitor.context.browser.new_context()
    other = Visitor(gateway, visitor.origin, context, await context.new_page())
    first, second = await visitor.enter(f"#/waiting/t/{dana}"), await other.enter(f"#/waiting/t/{dana}")
    await expect(second.get_by_label("Reply to Dana Whitfield")).to_be_visible()
    await first.get_by_label("Reply to Dana Whitfield").fill("AAA")
    await gateway.until(lambda: gateway.drafts.get((ana["id"], dana)) == "AAA")
    await second.get_by_label("Reply to Dana Whitfield").fill("BBB")
    await expect(rival(second).locator(".rival-words")).to_have_text("AAA")
    await expect(second.get_by_label("Reply to Dana Whitfield")).to_have_value("BBB")
    assert {(ana["id"], dana): "AAA"} == gateway.drafts
    await second.get_by_role("button", name="Keep mine").click()
    await expect(rival(second)).to_be_hidden()
    await gateway.until(lambda: gateway.drafts.get((ana["id"], dana)) == "BBB")
    await first.evaluate("dispatchEvent(new Event('focus'))")
    await expect(first.get_by_label("Reply to Dana Whitfield")).to_have_value("BBB")
    await context.close()


async def test_the_other_window_s_words(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Whoever comes back finds what they began elsewhere; what stands beside their words outlives the reply to it."""
    ana = gateway.agents["ana"]
    page = await visitor.enter(f"#/waiting/t/{dana}")
    words = page.get_by_label("Reply to Dana Whitfield")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await gateway.keep_draft(ana, dana, "Begun elsewhere")
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(words).to_have_value("Begun elsewhere")
    await gateway.keep_draft(ana, dana, "Gone on elsewhere")
    await words.fill("Tuesday.")
    await expect(rival(page)).to_contain_text("Gone on elsewhere")
    await words.press("Control+Enter")
    await expect(visitor.bubble("Tuesday.")).to_contain_text("Waiting to be sent")
    await page.get_by_role("button", name="Take that one").click()
    await expect(words).to_have_value("Gone on elsewhere")
    await gateway.until(lambda: gateway.drafts.get((ana["id"], dana)) == "Gone on elsewhere")


async def test_a_colleague_is_seen_and_heard_of(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Who else is in the thread, and who types, stands in its head, in the row, and goes when they go."""
    ben = gateway.agents["ben"]
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await gateway.be(ben, dana, "here")
    await expect(page.locator(".others")).to_have_text("Ben is here")
    await expect(page.locator("#announcer")).to_have_text("Ben Whitlock is here")
    await gateway.be(ben, dana, "typing")
    await expect(page.locator(".others")).to_have_text("Ben is typing")
    await expect(page.locator(".row-meta")).to_have_text("Ben is typing")
    await page.get_by_label("Reply to Dana Whitfield").fill("Thurs")
    await expect(page.locator(".route")).to_have_text("Ben is typing")
    await gateway.be(ben, dana, "gone")
    await expect(page.locator(".others")).to_be_hidden()
    await expect(page.locator(".row-meta")).to_have_text("SMS")


async def test_typing_is_said_of_keystrokes_only(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Keys pressed by hand say "typing" once in three seconds, words put there by a program do not, sending ends it,
    and leaving says "gone"."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await gateway.until(lambda: ("ana", dana, "here") in gateway.said)
    words = page.get_by_label("Reply to Dana Whitfield")
    await words.evaluate(
        "e => { e.value = 'Put here'; e.dispatchEvent(new InputEvent('input', { inputType: 'insertText' })) }"
    )
    await expect(page.locator(".measure")).to_have_text("SMS, 1 segment")
    assert "typing" not in {state for _, _, state in gateway.said}
    await words.press("x")
    await words.press("y")
    await gateway.until(lambda: ("ana", dana, "typing") in gateway.said)
    await page.keyboard.press("Control+Enter")
    await gateway.until(lambda: gateway.said[-1] == ("ana", dana, "here"))
    assert 1 == [state for _, _, state in gateway.said].count("typing")
    await page.evaluate("location.hash = '#/waiting'")
    await gateway.until(lambda: gateway.said[-1] == ("ana", dana, "gone"))


async def test_leaving_the_page_says_gone(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A tab that is closed says so, so that nobody waits for its person."""
    await visitor.enter(f"#/waiting/t/{dana}")
    await gateway.until(lambda: ("ana", dana, "here") in gateway.said)
    await visitor.page.goto("about:blank")
    await gateway.until(lambda: ("ana", dana, "gone") in gateway.said)


async def test_delivered_when(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A delivery says since when it is in its state, and a reply written under a token says that quietly."""
    author = {**gateway.person(gateway.agents["ana"]), "via": "token"}
    delivery = {"state": "delivered", "at": "2026-11-20T14:02:00.000000Z"}
    gateway.write(dana, "out", author, "Thursday.", ago(minutes=2), delivery=delivery)
    page = await visitor.enter(f"#/all/t/{dana}")
    clock = await page.evaluate("new Date('2026-11-20T14:02:00Z').toTimeString().slice(0, 5)")
    await expect(visitor.bubble("Thursday.")).to_contain_text(f"Delivered {clock}")
    await expect(visitor.bubble("Thursday.")).to_contain_text("via token")


async def test_status_by_keyboard(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """s shows an admin faults by file and line, each channel's traffic, people and tokens, and keeps them current."""
    gateway.agents["ana"]["role"] = "admin"
    gateway.status |= STATUS
    page = await visitor.enter()
    await page.keyboard.press("s")
    await expect(page.get_by_role("heading", name="Status")).to_be_focused()
    await expect(page.locator(".fault")).to_contain_text("config/adapters/sms.toml:7 acount_sid")
    await expect(page.locator(".channel").first).to_contain_text("The phone cannot be reached. (30003)")
    await expect(page.locator(".channel").last).to_contain_text("Never")
    await expect(page.locator(".entry")).to_have_count(3)
    gateway.status["faults"] = []
    gateway.status["notices"] = []
    await expect(page.get_by_text("No faults.")).to_be_visible(timeout=8_000)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()


async def test_status_is_for_admins(visitor: Visitor, dana: str) -> None:
    """Others find no link to it, s does nothing, and its address says whom it is for."""
    page = await visitor.enter()
    await expect(page.get_by_role("link", name="Status")).to_be_hidden()
    await page.keyboard.press("s")
    await expect(page.locator("tl-status")).to_be_hidden()
    await page.goto(f"{visitor.origin}/console#/status")
    await expect(page.get_by_role("alert").filter(has_text="Only admins see this.")).to_be_visible()
