"""WhatsApp and RCS, in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.channels.contract import DeliveryReport
from gateway.channels.testing import refused
from gateway.domain.address import Address
from tests.adapters.twilio_sms.playing import OURS, SERVICE, THEIRS, channel, outbound, request
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_forms import status_form

AGENT = "rcs:brand_xyz123_agent"


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        yield standin


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Ana \u2603", "Ana \u2603"),
        ("  Ana\n\tMaria ", "Ana Maria"),
        ("\u202eevil\u202c \u2066x\u2069\u200f", "evil x"),
        ("\u0000\u0007\u001b[31mAna", "[31mAna"),
        ("Ana\u2028Maria", "Ana Maria"),
        ("\U0001f469\u200d\U0001f527", "\U0001f469\u200d\U0001f527"),
        ("<b>Ana</b>", "<b>Ana</b>"),
        ("\u202e\u0000 ", None),
        ("", None),
        ("x" * 300, "x" * 255),
    ],
)
async def test_a_profiles_name_is_only_a_name(twilio: TwilioStandIn, told: str, expected: str | None) -> None:
    """Control characters and direction marks are taken out; an emoji keeps its joiners."""
    form = twilio.text_form(f"whatsapp:{THEIRS}", f"whatsapp:{OURS}", "hi", ProfileName=told)
    async with channel(twilio) as adapter:
        (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
    assert expected == inbound.sender_name


async def test_a_text_has_no_profile(twilio: TwilioStandIn) -> None:
    """Nobody vouches for a name that comes with a text."""
    async with channel(twilio) as adapter:
        form = twilio.text_form(THEIRS, OURS, "hi", ProfileName="Ana")
        assert None is (await adapter.webhook(request(twilio, form))).inbound[0].sender_name


async def test_whatsapps_24_hours(twilio: TwilioStandIn) -> None:
    """Within 24 hours of the customer's last message it goes through; later Twilio takes it, and it fails."""
    both = (f"whatsapp:{THEIRS}", f"whatsapp:{OURS}")
    twilio.rules.hear(*both, "hi")
    async with channel(twilio) as adapter:
        await adapter.send(outbound(to=Address("whatsapp", THEIRS)))
        twilio.rules.age(*both, hours=25)
        await adapter.send(outbound(to=Address("whatsapp", THEIRS), n=1))
        await twilio.settled()
        assert [("queued", None), ("failed", 63016)] == [(each.status, each.error_code) for each in twilio.accepted]
        form = status_form(twilio.accepted[1], "failed", 63016)
        (report,) = (await adapter.webhook(request(twilio, form, "status", query="?ref=ref-1"))).reports
    words = "WhatsApp takes free text only within 24 hours of the customer's last message"
    assert ("63016", words, "permanent") == (report.code, report.detail, report.verdict)


@pytest.mark.parametrize("to", [f"whatsapp:{THEIRS}", f"rcs:{THEIRS}"])
async def test_apps_tell_that_it_was_read(twilio: TwilioStandIn, to: str) -> None:
    """A read receipt is a report of its own."""
    async with channel(twilio) as adapter:
        form = {"AccountSid": twilio.account_sid, "MessageSid": "SM" + "a" * 32, "MessageStatus": "read", "To": to}
        webhook = await adapter.webhook(request(twilio, form, "status", query="?ref=ref-1"))
    assert (DeliveryReport("read", "SM" + "a" * 32, "ref-1"),) == webhook.reports


async def test_rcs_comes_in_from_a_number_to_an_agent(twilio: TwilioStandIn) -> None:
    """The customer is a number of the kind `rcs`; our agent's name is the endpoint, listed or vouched for."""
    form = twilio.text_form(f"rcs:{THEIRS}", AGENT, "hi", MessagingServiceSid=SERVICE)
    async with channel(twilio, messaging_service_sid=SERVICE) as adapter:
        (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
        assert (Address("rcs", THEIRS), AGENT) == (inbound.sender, inbound.endpoint)
        assert adapter.destination(AGENT) is not None


@pytest.mark.parametrize(("phones", "by"), [({THEIRS}, AGENT), (set(), OURS)])
async def test_rcs_goes_out_by_the_service(twilio: TwilioStandIn, phones: set[str], by: str) -> None:
    """The plain number goes to the service, which sends by RCS where the phone can and as a text where it cannot."""
    twilio.rules.rcs, twilio.rules.pools, twilio.rules.rcs_phones = {SERVICE: AGENT}, {SERVICE: OURS}, phones
    async with channel(twilio, messaging_service_sid=SERVICE, numbers={AGENT: "team"}) as adapter:
        asked = outbound(to=Address("rcs", THEIRS), endpoint=AGENT)
        result = await adapter.send(asked)
        assert (result,) == await adapter.look_up(asked)
    (message,) = twilio.accepted
    assert (SERVICE, THEIRS, by) == (message.messaging_service_sid, message.to, message.from_)


async def test_a_report_brings_its_reference_home(twilio: TwilioStandIn) -> None:
    """The callback's own URL carries the reference, under Twilio's signature: nobody can point it elsewhere."""
    seen = []

    async def hook(told: web.Request) -> web.Response:
        seen.append((told.path_qs, told.headers["X-Twilio-Signature"], dict(await told.post())))
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    public = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with channel(twilio, public=public) as adapter:
        await adapter.send(outbound())
        await twilio.report(twilio.accepted[0], "delivered")
        ((path, signature, fields),) = seen
        form = {name: str(value) for name, value in fields.items()}
        assert ("/hooks/sms/status?ref=ref-0", signature) == (path, twilio.sign(public + path, form))
        right = request(twilio, form, "status", query="?ref=ref-0", public=public)
        wrong = request(twilio, form, "status", query="?ref=ref-9", signed_url=public + path, public=public)
        (report,) = (await adapter.webhook(right)).reports
        assert ("ref-0", twilio.accepted[0].sid) == (report.reference, report.provider_id)
        refusal = await refused(adapter, wrong)
        assert 403 == (refusal.status if refusal else None)
    await runner.cleanup()
