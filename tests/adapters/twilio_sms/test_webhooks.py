"""What the Twilio adapter makes of webhooks, good and bad. The contract's checks run in test_contract.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from adapters.twilio.signature import OVERRIDES
from adapters.twilio_sms.adapter import TwilioSms
from gateway.channels.contract import DeliveryReport, FetchError, Reply, Verdict, Webhook, WebhookRequest
from gateway.channels.testing import refused
from gateway.domain.address import Address
from gateway.domain.message import Media
from tests.adapters.twilio_sms.playing import OURS, PUBLIC, SERVICE, THEIRS, channel, request
from tests.standins.twilio import TOKEN, TwilioStandIn

SID = "SM" + "a" * 32


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
async def adapter(twilio: TwilioStandIn) -> AsyncIterator[TwilioSms]:
    async with channel(twilio, messaging_service_sid=SERVICE) as made:
        yield made


async def status(adapter: TwilioSms, told: WebhookRequest) -> int:
    """The status of a refusal, or 200."""
    refusal = await refused(adapter, told)
    return refusal.status if refusal else 200


async def test_the_answer_is_an_empty_document(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Twilio gets TwiML that tells it to send nothing."""
    webhook = await adapter.webhook(request(twilio, twilio.text_form(THEIRS, OURS, "hi")))
    assert Reply(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml") == webhook.reply


async def test_fields_that_collide_in_concatenation_are_refused(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Moving the seams between fields keeps the signature, and is refused for the fields' form."""
    form = twilio.text_form(THEIRS, OURS, "hi")
    rest = {name: value for name, value in form.items() if name not in ("Body", "From", "FromCity")}
    moved = (
        rest | {"BodyhiFrom": THEIRS, "FromCity": "DENVER"},
        rest | {"Body": f"hiFrom{THEIRS}", "FromCity": "DENVER"},
        rest | {"Body": "hi", "From": f"{THEIRS}FromCityDENVER"},
        rest | {"Body": "hi", "From+": THEIRS[1:], "FromCity": "DENVER"},
    )
    for collides in moved:
        assert twilio.sign(PUBLIC, form) == twilio.sign(PUBLIC, collides)
        assert 400 == await status(adapter, request(twilio, collides))


async def test_a_field_that_is_there_twice_is_refused(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Twilio's scheme signs a repeated value once, so the repeat would go unnoticed."""
    form = twilio.text_form(THEIRS, OURS, "hi")
    twice = request(twilio, form, body=urlencode([*form.items(), ("Body", "hi")]).encode())
    assert 400 == await status(adapter, twice)


async def test_two_bodies_lower_case_keys_and_no_sender_are_refused(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Rightly signed, and still no message: a 4xx each."""
    form = twilio.text_form(THEIRS, OURS, "hi")
    both = urlencode([*form.items(), ("Body", "ho")]).encode()
    two = request(twilio, form | {"Body": "hiBodyho"}, body=both)  # fields are signed end to end
    lower = request(twilio, {name.lower(): value for name, value in form.items()})
    nobody = request(twilio, {name: value for name, value in form.items() if name != "From"})
    assert [400, 403, 400] == [await status(adapter, told) for told in (two, lower, nobody)]


async def test_a_signature_fits_with_and_without_the_overrides(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """The fragment of the documented webhook URL may be signed or not; another one does not fit."""
    form, url = twilio.text_form(THEIRS, OURS, "hi"), f"{PUBLIC}/hooks/sms/messages"
    signed = (url, url + OVERRIDES, url + "#rc=1")
    assert [200, 200, 403] == [await status(adapter, request(twilio, form, signed_url=each)) for each in signed]


async def test_every_bad_field_is_refused(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """A rightly signed form with a field that does not look like itself gets a 400."""
    bad = {
        "MessageSid": "SM" + "A" * 32,
        "From": "whatsapp:7205550111",
        "To": "messenger:4711",
        "NumMedia": "11",
        "Body": "x" * 16_001,
    }
    for name, value in bad.items():
        assert 400 == await status(adapter, request(twilio, twilio.text_form(THEIRS, OURS, "hi") | {name: value})), name
    good = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "text/vcard; charset=utf-8"}
    assert 200 == await status(adapter, request(twilio, twilio.text_form(THEIRS, OURS, "hi") | good))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "data:text/html,x", "ftp://x/y", "//x/y", "", None]
)
async def test_a_url_that_is_none_costs_no_text(twilio: TwilioStandIn, adapter: TwilioSms, url: str | None) -> None:
    """The text is taken; the file keeps its type, and fetching it is refused for good."""
    told = {"NumMedia": "1", "MediaContentType0": "image/jpeg"} | ({} if url is None else {"MediaUrl0": url})
    form = twilio.text_form(THEIRS, OURS, "hi") | told
    (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
    assert ("hi", ("image/jpeg",)) == (inbound.body, tuple(media.content_type for media in inbound.media))
    with pytest.raises(FetchError) as error:
        await adapter.fetch(inbound.media[0], 1_000)
    assert ("It lies where we do not fetch from", False) == (error.value.reason, error.value.again)


@pytest.mark.parametrize("said", ["", "<b>", "<script>alert(1)</script>", "image", None])
async def test_a_media_type_that_is_none_costs_no_text(
    twilio: TwilioStandIn, adapter: TwilioSms, said: str | None
) -> None:
    """The text is taken, and the file's type is one that says nothing."""
    told = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x"}
    form = twilio.text_form(THEIRS, OURS, "hi") | told | ({} if said is None else {"MediaContentType0": said})
    (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
    assert ("hi", (Media("https://api.twilio.com/x", "application/octet-stream"),)) == (inbound.body, inbound.media)


async def test_bytes_that_are_no_utf8_are_refused(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Percent-encoded or raw, what is not UTF-8 gets a 400, half a surrogate pair included."""
    form = twilio.text_form(THEIRS, OURS, "hi")
    for body in (b"Body=%FF", b"Body=\xff", b"Body=%ED%A0%80", b"&".join([b"a=1"] * 201)):
        assert 400 == await status(adapter, request(twilio, form, body=body))


async def test_method_and_step_are_told_apart(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Another method gets a 405, another step a 404, a missing signature a 403."""
    good = request(twilio, twilio.text_form(THEIRS, OURS, "hi"))
    get = WebhookRequest("GET", "messages", good.url, {}, good.headers, b"")
    assert [405, 404, 403] == [
        await status(adapter, get),
        await status(adapter, WebhookRequest("POST", "voice", good.url, {}, good.headers, good.body)),
        await status(adapter, WebhookRequest("POST", "messages", good.url, {}, {}, good.body)),
    ]


@pytest.mark.parametrize(
    ("public", "signed"),
    [
        ("https://care.example.com", "https://care.example.com:443"),
        ("https://care.example.com:443", "https://care.example.com"),
        ("https://care.example.com:8443", "https://care.example.com"),
        ("http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080/a/b"),
        ("http://care.example.com", "http://care.example.com:80"),
    ],
)
async def test_ports_and_path_prefixes(twilio: TwilioStandIn, adapter: TwilioSms, public: str, signed: str) -> None:
    """The public URL is what is signed, with the port written or not, behind any prefix."""
    form = twilio.text_form(THEIRS, OURS, "hi")
    told = request(twilio, form, public=public, signed_url=f"{signed}/hooks/sms/messages")
    assert 200 == await status(adapter, told)


async def test_two_tokens_during_a_rotation(twilio: TwilioStandIn) -> None:
    """With two tokens a webhook signed by either is believed; without the signer's, it is not."""
    told = request(twilio, twilio.text_form(THEIRS, OURS, "hi"))
    async with channel(twilio, auth_token=[SecretStr("new"), SecretStr(TOKEN)]) as rotating:
        assert 200 == await status(rotating, told)
    async with channel(twilio, auth_token=SecretStr("new")) as rotated:
        assert 403 == await status(rotated, told)


async def test_whatsapp_is_an_identity_of_its_own(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """A WhatsApp message has its own kind and endpoint, and brings the profile's name."""
    form = twilio.text_form(f"whatsapp:{THEIRS}", f"whatsapp:{OURS}", "hi", ProfileName="Ana \u2603")
    (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
    assert (Address("whatsapp", THEIRS), f"whatsapp:{OURS}", "Ana \u2603") == (
        inbound.sender,
        inbound.endpoint,
        inbound.sender_name,
    )
    assert adapter.destination(OURS) == adapter.destination(inbound.endpoint)


@pytest.mark.parametrize("sender", ["72975", "BANK", "Front Range"])
async def test_senders_without_a_number(twilio: TwilioStandIn, adapter: TwilioSms, sender: str) -> None:
    """Short codes and alphanumeric senders come in under the name they have."""
    (inbound,) = (await adapter.webhook(request(twilio, twilio.text_form(sender, OURS, "hi")))).inbound
    assert Address("sms", sender) == inbound.sender


async def test_media_come_as_references(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """A picture without a word is a message with an empty body and its reference."""
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
    form = twilio.text_form(THEIRS, OURS, "", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")
    (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
    assert ("", (Media(url, "image/jpeg"),)) == (inbound.body, inbound.media)


async def test_a_messaging_service_vouches_for_its_numbers(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """An unlisted number is nobody's until a message of our service came through it; of another's, it stays so."""
    unlisted, foreign = "+13035550142", "+13035550143"
    await adapter.webhook(request(twilio, twilio.text_form(THEIRS, foreign, "hi", MessagingServiceSid="MG" + "9" * 32)))
    await adapter.webhook(request(twilio, twilio.text_form(THEIRS, unlisted, "hi", MessagingServiceSid=SERVICE)))
    found = adapter.destination(unlisted)
    assert (None, "by-region") == (adapter.destination(foreign), found.team if found else None)


async def test_an_unknown_number_is_for_the_gateway_to_refuse(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """The message to a number that is not ours comes through, and its endpoint leads nowhere."""
    (inbound,) = (await adapter.webhook(request(twilio, twilio.text_form(THEIRS, "+13035550142", "hi")))).inbound
    assert ("+13035550142", None) == (inbound.endpoint, adapter.destination(inbound.endpoint))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("queued", None),
        ("accepted", None),
        ("scheduled", None),
        ("sending", None),
        ("something_new", None),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("undelivered", "failed"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
async def test_statuses(twilio: TwilioStandIn, adapter: TwilioSms, told: str, expected: str | None) -> None:
    """Each of Twilio's statuses is one of ours, or says nothing new and is answered all the same."""
    form = {"AccountSid": twilio.account_sid, "MessageSid": SID, "MessageStatus": told}
    webhook = await adapter.webhook(request(twilio, form, "status", query="?ref=abc-1"))
    assert (expected is not None) == (len(webhook.reports) == 1)
    assert [expected] * len(webhook.reports) == [report.state for report in webhook.reports]
    assert [("abc-1", SID)] * len(webhook.reports) == [(r.reference, r.provider_id) for r in webhook.reports]


@pytest.mark.parametrize(
    ("code", "detail", "verdict"),
    [
        ("30003", "The customer's phone is off or out of reach", "permanent"),
        ("21610", "The customer has opted out of texts from our number", "opted_out"),
        ("63051", "WhatsApp has locked our number", "configuration"),
        ("39999", "The message was not delivered (Twilio's error 39999)", None),
        ("0", "The message was not delivered", None),
    ],
)
async def test_a_failure_says_why(
    twilio: TwilioStandIn, adapter: TwilioSms, code: str, detail: str, verdict: Verdict | None
) -> None:
    """The code of a failure becomes words for the agent and a verdict; one that we do not know has words only."""
    form = {"AccountSid": twilio.account_sid, "MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": code}
    webhook = await adapter.webhook(request(twilio, form, "status"))
    assert Webhook(reports=(DeliveryReport("failed", SID, None, code, detail, verdict),)) == webhook


@pytest.mark.parametrize(
    ("form", "query"),
    [
        ({"MessageStatus": "SENT!"}, ""),
        ({"MessageStatus": "failed", "ErrorCode": "x"}, ""),
        ({"MessageSid": ""}, ""),
        ({"MessageStatus": "sent"}, "?ref=%00"),
    ],
)
async def test_a_bad_status_callback_is_refused(
    twilio: TwilioStandIn, adapter: TwilioSms, form: dict[str, str], query: str
) -> None:
    """A rightly signed callback with a field that does not look like itself gets a 400."""
    good = {"AccountSid": twilio.account_sid, "MessageSid": SID, "MessageStatus": "sent"}
    assert 400 == await status(adapter, request(twilio, good | form, "status", query=query))
