"""The rest of SMS, end to end and by keyboard: pictures both ways, STOP, a blocked reply, and START."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, FilePayload, expect

from tests.gateway_process import NUMBER, GatewayProcess
from tests.journeys.conftest import answer, sign_in
from tests.standins.twilio import TwilioStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("chromium")]

CUSTOMER = "+17205550166"


def picture(color: str) -> bytes:
    """A JPEG of one color."""
    file = io.BytesIO()
    Image.new("RGB", (800, 600), color).save(file, "JPEG")
    return file.getvalue()


async def test_pictures_and_opt_out(context: BrowserContext, gateway: GatewayProcess, twilio: TwilioStandIn) -> None:
    """A picture comes in and is seen, one goes out and Twilio has it, STOP closes the composer, START reopens it."""
    twilio.serves(NUMBER, f"{gateway.url}/hooks/sms/messages")
    page = await context.new_page()
    await sign_in(page, gateway.url)
    await twilio.text(CUSTOMER, NUMBER, "Here is the meter", media=[(picture("navy"), "image/jpeg")])
    await page.get_by_role("link").filter(has_text="Here is the meter").press("Enter")
    meter = page.locator(".message", has_text="Here is the meter").get_by_role("img")
    await expect(meter).to_be_visible()
    await page.wait_for_function("document.querySelector('.picture img').naturalWidth > 0")

    await page.get_by_role("textbox", name="Reply to").focus()
    before = len(twilio.accepted)
    crew = FilePayload(name="crew.jpg", mimeType="image/jpeg", buffer=picture("green"))
    await page.locator(".composer input[type=file]").set_input_files([crew])
    await expect(page.get_by_text("MMS, 1 picture")).to_be_visible()
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "false")
    await answer(page, "This is the crew")
    message = await twilio.wait_for(before + 1)
    await twilio.settled()
    ((_, kind),) = twilio.sent_media[message.sid]
    assert ("This is the crew", "image/jpeg") == (message.body, kind)
    await expect(page.locator(".message.out").get_by_role("img")).to_be_visible()

    await twilio.text(CUSTOMER, NUMBER, "STOP")
    await expect(page.locator(".quiet-line").last).to_contain_text("opted out of SMS from +1 303 555 0100")
    await expect(page.locator(".blocked")).to_contain_text("They opted out of texts")
    await page.get_by_role("textbox", name="Reply to").focus()
    await page.keyboard.type("One more thing")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Control+Enter")
    assert before + 1 == len(twilio.accepted)

    await twilio.text(CUSTOMER, NUMBER, "START")
    await expect(page.locator(".blocked")).to_be_hidden()
    await page.get_by_role("textbox", name="Reply to").press("Control+Enter")
    assert "One more thing" == (await twilio.wait_for(before + 2)).body


async def test_whatsapp(context: BrowserContext, gateway: GatewayProcess, twilio: TwilioStandIn) -> None:
    """A WhatsApp message is answered on WhatsApp, which is said before, and its read receipt is seen as "Read"."""
    ours = f"whatsapp:{NUMBER}"
    twilio.serves(ours, f"{gateway.url}/hooks/sms/messages")
    page = await context.new_page()
    await sign_in(page, gateway.url)
    assert 200 == (await twilio.text("whatsapp:+17205550167", ours, "Hello by WhatsApp")).status
    row = page.get_by_role("link").filter(has_text="Hello by WhatsApp")
    await expect(row.locator(".row-meta")).to_have_text("WhatsApp")
    await row.press("Enter")
    await expect(page.locator("#measure")).to_have_text("WhatsApp")
    before = len(twilio.accepted)
    await answer(page, "Good morning")
    message = await twilio.wait_for(before + 1)
    assert ("whatsapp:+17205550167", ours) == (message.to, message.from_)
    for status in ("sent", "delivered", "read"):
        assert 200 == (await twilio.report(message, status)).status
    await expect(page.locator(".message.out").last).to_contain_text("Read")
