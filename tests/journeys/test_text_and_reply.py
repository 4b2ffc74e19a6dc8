"""The main job, end to end: a text in, a person's reply out, and what became of it."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from tests.gateway_process import NUMBER, GatewayProcess
from tests.journeys.conftest import answer, sign_in
from tests.standins.twilio import TwilioStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("chromium")]

JOURNEYS = {
    "in order": ("+17205550101", ["sent", "delivered"]),
    "doubled": ("+17205550102", ["sent", "sent", "delivered", "delivered"]),
    "out of order": ("+17205550103", ["delivered", "sent", "queued"]),
    "late": ("+17205550104", ["delivered"]),
    "early": ("+17205550105", ["sent", "delivered"]),
}
"""The customer, and Twilio's status callbacks."""


@pytest.mark.parametrize("kind", JOURNEYS)
async def test_text_and_reply(
    context: BrowserContext, gateway: GatewayProcess, twilio: TwilioStandIn, kind: str
) -> None:
    """A signed webhook appears in the open console, the reply typed there reaches Twilio with the right credentials and
    fields, and its status callbacks, however they come, end in "Delivered"."""
    customer, statuses = JOURNEYS[kind]
    twilio.serves(NUMBER, f"{gateway.url}/hooks/sms/messages")
    page = await context.new_page()
    await sign_in(page, gateway.url)

    assert 200 == (await twilio.text(customer, NUMBER, f"Which day is it? ({kind})")).status
    await page.get_by_role("link").filter(has_text=f"Which day is it? ({kind})").press("Enter")
    if kind == "early":
        twilio.fail_next("hang after")  # Twilio has it, reports it, and its answer never comes
    before = len(twilio.accepted)
    await answer(page, f"Thursday ({kind})")
    message = await twilio.wait_for(before + 1)
    assert (customer, NUMBER, f"Thursday ({kind})") == (message.to, message.from_, message.body)
    assert message.status_callback.startswith(f"{gateway.url}/hooks/sms/status?")

    reply = page.get_by_role("listitem").filter(has_text=f"Thursday ({kind})").last
    if kind == "late":
        await page.reload()
        await expect(reply).to_contain_text("Sent")
    for status in statuses:
        assert 200 == (await twilio.report(message, status)).status
    await expect(reply).to_contain_text("Delivered")
    await page.reload()
    await expect(reply).to_contain_text("Delivered")
