"""The ways to a customer in the console: which one a reply takes, what is closed, and how one writes first."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_gateway import FakeGateway
from tests.pages.fake_ways import ENDPOINT
from tests.pages.test_look import findings
from tests.pages.world import ago, rfc3339

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium", "axe")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


async def _send(page: Page) -> None:
    """The words are shown before the server has them: wait until it has answered."""
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.keyboard.press("Control+Enter")


async def test_another_way_is_picked_by_keyboard(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """y leads to the ways, the reply goes by the one that is picked, and a new message by another ends that choice."""
    gateway.way(dana)
    other, third = gateway.way(dana, "whatsapp"), gateway.way(dana, "web")
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await page.keyboard.press("y")
    await expect(page.get_by_label("Send by")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#measure")).to_have_text("WhatsApp")
    await page.locator("#words").fill("Thursday")
    await _send(page)
    await expect(visitor.bubble("Thursday")).to_be_visible()
    assert other["id"] == gateway.replies[-1]["way"]
    usual = gateway.ways[dana][0]
    usual["last"], third["last"] = False, True
    gateway.ways[dana].reverse()
    await gateway.arrive(dana, "Fine", channel="sms")
    await expect(page.get_by_label("Send by")).to_have_value(third["id"])
    await page.locator("#words").fill("Good")
    await _send(page)
    await expect(visitor.bubble("Good")).to_be_visible()
    assert "way" not in gateway.replies[-1]


async def test_a_closed_way_says_so_before_anything_is_written(
    visitor: Visitor, gateway: FakeGateway, dana: str
) -> None:
    """Where the usual way is closed the composer says why and since when, and offers what can be reached."""
    gateway.close(gateway.way(dana))
    web = gateway.way(dana, "web")
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(page.locator(".blocked")).to_contain_text("They opted out of texts from +1 303 555 0100 on")
    await page.locator("#words").fill("Hello")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "true")
    assert [] == await findings(page)
    await page.get_by_role("button", name="Write by Web chat").click()
    await expect(page.locator("#words")).to_be_focused()
    await expect(page.locator(".blocked")).to_be_hidden()
    await _send(page)
    await expect(visitor.bubble("Hello")).to_be_visible()
    assert web["id"] == gateway.replies[-1]["way"]


async def test_stop_again_and_start(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """STOP, a later text, a request for help and START are lines of the thread, and the composer follows each."""
    way = gateway.way(dana)
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    gateway.close(way)
    await gateway.line(dana, "line.opted_out", answered=True)
    lines = page.locator(".quiet-line")
    await expect(lines.last).to_contain_text(
        "Dana Whitfield opted out of SMS from +1 303 555 0100 to +1 303 555 0127; the carrier has answered"
    )
    await expect(page.locator(".blocked")).to_contain_text("No other way leads to them now")
    way |= {"wrote_again": True}
    await gateway.arrive(dana, "Are you there?")
    await expect(page.locator(".blocked")).to_contain_text("wrote again: the carrier still blocks")
    await gateway.line(dana, "line.help", source="provider", answered=True)
    await expect(lines.last).to_contain_text(
        "The carrier reports that they asked for help by SMS from +1 303 555 0127 to +1 303 555 0100"
    )
    for name in ("problem", "detail", "since", "wrote_again"):
        del way[name]
    way["ok"] = True
    await gateway.line(dana, "line.opted_in")
    await expect(lines.last).to_contain_text("Dana Whitfield may be written to again by SMS from +1 303 555 0100")
    await expect(page.locator(".blocked")).to_be_hidden()


async def test_an_opt_out_is_recorded_by_hand(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """The panel takes the customer's own words, asks in place, and closes the way."""
    way = gateway.way(dana)
    page = await visitor.enter(f"#/all/t/{dana}")
    await page.get_by_role("button", name="Record an opt-out").press("Enter")
    await expect(page.get_by_label("What the customer said")).to_be_focused()
    await page.get_by_role("button", name="Record it").press("Enter")
    await expect(page.get_by_text("Write what the customer said")).to_be_visible()
    assert [] == await findings(page)
    await page.get_by_label("What the customer said").fill("Please leave me alone")
    await page.get_by_role("button", name="Record it").press("Enter")
    await expect(page.locator(".quiet-line").last).to_contain_text("You recorded an opt-out of SMS")
    await expect(page.locator(".blocked")).to_be_visible()
    assert [{"way": way["id"], "note": "Please leave me alone"}] == gateway.opt_outs


async def test_late_messages_have_two_times(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A message that came in after an outage says when it was written and when it came."""
    await visitor.enter(f"#/all/t/{dana}")
    await gateway.arrive(dana, "Anyone?", late=True, sent_at=rfc3339(ago(minutes=70)))
    await expect(visitor.bubble("Anyone?").locator(".message-state")).to_contain_text("Written ")
    await expect(visitor.bubble("Anyone?").locator(".message-state")).to_contain_text(", came ")


async def test_a_row_says_the_kind(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A row and the thread's head say WhatsApp where the customer wrote by it, whatever the channel is called."""
    gateway.threads[dana]["kind"] = "whatsapp"
    gateway.way(dana, "whatsapp", endpoint=f"whatsapp:{ENDPOINT}")
    page = await visitor.enter()
    await expect(page.locator(".row-meta")).to_have_text("WhatsApp")
    await page.get_by_role("link", name="Dana Whitfield").click()
    await expect(page.locator(".where")).to_contain_text("WhatsApp")
    await gateway.line(dana, "line.opted_out", address_kind="whatsapp", endpoint=f"whatsapp:{ENDPOINT}")
    await expect(page.locator(".quiet-line").last).to_contain_text("opted out of WhatsApp from +1 303 555 0100 to +1")


async def test_a_visitor_without_a_name(visitor: Visitor, gateway: FakeGateway) -> None:
    """A visitor is called in short where a name stands, and in full in the side panel."""
    whole = "visitor-d4dq45nzyf"
    thread = gateway.thread(whole, whole, "web")
    gateway.way(thread, "web", address=whole)
    await gateway.arrive(thread, "Is anybody there?")
    page = await visitor.enter()
    await expect(page.locator(".row-name")).to_have_text("Visitor d4dq")
    await expect(page.locator(".row .avatar")).to_have_text("D4")
    await page.get_by_role("link", name="Visitor d4dq").click()
    await expect(page.get_by_role("heading", name="Visitor d4dq")).to_be_visible()
    await expect(visitor.bubble("Is anybody there?").locator(".message-head")).to_contain_text("Visitor d4dq")
    await expect(page.get_by_label("Reply to Visitor d4dq")).to_be_visible()
    await expect(page.locator(".panel .fact").first).to_have_text(f"Web chat{whole}")
    assert 1 == await page.locator("body").evaluate("(body, whole) => body.innerText.split(whole).length - 1", whole)


async def test_writing_first(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """w opens the form, what is missing is said at its field, nothing is lost to a refusal, and it ends in a thread."""
    gateway.doors[0]["endpoints"].append("+17205550100")
    page = await visitor.enter()
    await page.keyboard.press("w")
    await expect(page.get_by_label("To", exact=True)).to_be_focused()
    await page.keyboard.type("+13035550999")
    await page.get_by_label("From").select_option("+17205550100")
    await page.get_by_label("Message", exact=True).fill("Your part is here.")
    await page.get_by_role("button", name="Send", exact=True).press("Enter")
    await expect(page.get_by_label("Who agreed")).to_be_focused()
    await expect(page.get_by_text("Write who agreed to be written to.")).to_be_visible()
    assert [] == await findings(page)
    await page.get_by_label("Who agreed").fill("Ann Lee")
    await page.get_by_label("When", exact=True).fill(ago(days=1).strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_label("How", exact=True).fill("On the order form")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="Not sent.")).to_contain_text("opted out")
    await page.get_by_label("To", exact=True).fill("+13035550144")
    await page.keyboard.press("Enter")
    await expect(visitor.bubble("Your part is here.")).to_be_visible()
    sent = gateway.openings[-1]
    assert ("+13035550144", "+17205550100", "Ann Lee") == (sent["address"], sent["from"], sent["consent"]["who"])
