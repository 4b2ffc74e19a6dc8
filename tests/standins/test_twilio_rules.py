"""The stand-in behaves as Twilio between two numbers: opt-outs, rates, lists, files, and calls that it repeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.standins.twilio import ACCOUNT, TOKEN, TwilioStandIn

CUSTOMER, OURS = "+17205550111", "+13035550100"
FORM = {"To": CUSTOMER, "From": OURS, "Body": "on my way"}
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
OVERRIDES = "#rc=5&rp=5xx,ct,rt"


@asynccontextmanager
async def gateway(*statuses: int) -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """A webhook that answers each request with the next status (the last one for good); its URL, and the forms."""
    seen: list[dict[str, str]] = []

    async def hook(request: web.Request) -> web.Response:
        seen.append({name: str(value) for name, value in (await request.post()).items()})
        status = statuses[min(len(seen), len(statuses)) - 1]
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=status or 200)

    app = web.Application()
    app.router.add_post("/hooks", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooks", seen
    await runner.cleanup()


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        standin.hooks.pause = 0.001
        yield standin


@pytest.fixture
async def api(twilio: TwilioStandIn) -> AsyncIterator[Callable[..., Any]]:
    """Ask the API: (status, JSON)."""
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession(headers=headers) as http:

        async def ask(path: str, data: Any = None) -> tuple[int, Any]:
            async with http.request("POST" if data else "GET", twilio.url + path, data=data) as answer:
                return answer.status, await answer.json()

        yield ask


@pytest.mark.parametrize(
    ("fragment", "statuses", "tries", "status"),
    [
        ("", (500,), 1, 500),
        (OVERRIDES, (500, 503, 200), 3, 200),
        (OVERRIDES, (500,), 6, 500),
        (OVERRIDES, (400,), 1, 400),
        (OVERRIDES, (0, 0, 200), 3, 200),
        ("#rc=2&rp=all", (404, 404, 200), 3, 200),
    ],
)
async def test_it_calls_again_as_the_url_says(
    twilio: TwilioStandIn, fragment: str, statuses: tuple[int, ...], tries: int, status: int
) -> None:
    """Retries follow the fragment, which is not sent; without it a 5xx is the end."""
    async with gateway(*statuses) as (url, seen):
        twilio.serves(OURS, url + fragment)
        answer = await twilio.text(CUSTOMER, OURS, "hi")
    assert (tries, status, tries) == (answer.tries, answer.status, len(seen))
    assert [status == 200] == [message.delivered for message in twilio.inbound]


async def test_a_gateway_that_is_down(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """Nobody answers: the call fails, and the text stands in the list all the same."""
    twilio.serves(OURS, f"http://127.0.0.1:1/hooks{OVERRIDES}")
    with pytest.raises(aiohttp.ClientConnectorError):
        await twilio.text(CUSTOMER, OURS, "hi")
    assert [False] == [message.delivered for message in twilio.inbound]
    _, page = await api(f"{MESSAGES}.json?To=%2B13035550100")
    assert [("hi", "inbound")] == [(message["body"], message["direction"]) for message in page["messages"]]


async def test_it_never_leaves_this_machine(twilio: TwilioStandIn) -> None:
    """A public URL without a local one is not called."""
    twilio.serves(OURS, "https://care.example.com/hooks")
    with pytest.raises(OSError, match="not on this machine"):
        await twilio.text(CUSTOMER, OURS, "hi")


async def test_a_repeated_text_is_one_message(twilio: TwilioStandIn) -> None:
    """The same SID again is the same message in the list."""
    async with gateway(200) as (url, seen):
        twilio.serves(OURS, url)
        for _ in range(2):
            await twilio.text(CUSTOMER, OURS, "hi", sid="SM" + "a" * 32)
    assert (2, 1) == (len(seen), len(twilio.inbound))


async def test_stop_start_and_help(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """Twilio answers by itself, lists its answers, and refuses what is sent after STOP until START."""
    async with gateway(200) as (url, seen):
        twilio.serves(OURS, url)
        statuses = []
        for word in ("stop", "help", "yes", "Stop please"):
            await twilio.text(CUSTOMER, OURS, word)
            status, told = await api(f"{MESSAGES}.json", FORM)
            statuses.append((status, told.get("code")))
    assert [(400, 21610), (400, 21610), (201, None), (201, None)] == statuses
    assert not any("OptOutType" in form for form in seen)
    _, page = await api(f"{MESSAGES}.json?PageSize=1000")
    directions = [message["direction"] for message in page["messages"]]
    assert (3, 4, 2) == tuple(directions.count(each) for each in ("outbound-reply", "inbound", "outbound-api"))


async def test_advanced_opt_out_tells_and_hides_its_answers(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """Webhooks say what Twilio took the text for, on short codes as well; the answers are in no list."""
    twilio.rules.advanced = True
    async with gateway(200) as (url, seen):
        twilio.serves("72975", url)
        await twilio.text(CUSTOMER, "72975", "STOP")
    assert ["STOP"] == [form["OptOutType"] for form in seen]
    _, page = await api(f"{MESSAGES}.json")
    assert (["inbound"], 1) == ([message["direction"] for message in page["messages"]], len(twilio.answers))


async def test_a_short_code_answers_nothing(twilio: TwilioStandIn) -> None:
    """Without a service a short code leaves the words to whoever has it."""
    assert None is twilio.rules.hear(CUSTOMER, "72975", "STOP")
    assert None is twilio.rules.hear(f"whatsapp:{CUSTOMER}", f"whatsapp:{OURS}", "STOP")


async def test_a_number_has_its_rate(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """What comes faster than a number may send is refused with a time to wait, for that number only."""
    twilio.rules.rates[OURS] = 2
    statuses = [(await api(f"{MESSAGES}.json", FORM))[0] for _ in range(3)]
    other = await api(f"{MESSAGES}.json", FORM | {"From": "+13035550142"})
    assert ([201, 201, 429], 201) == (statuses, other[0])


async def test_a_service_picks_its_sender(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """RCS for a phone that has it, the service's number for others, and the number that was asked for."""
    service = "MG" + "2" * 32
    twilio.rules.rcs, twilio.rules.pools = {service: "rcs:brand"}, {service: OURS}
    twilio.rules.rcs_phones.add(CUSTOMER)
    form = {"To": CUSTOMER, "MessagingServiceSid": service, "Body": "hi"}
    for more in ({}, {"To": "+17205550112"}, {"From": "+13035550142"}):
        await api(f"{MESSAGES}.json", form | more)
    assert ["rcs:brand", OURS, "+13035550142"] == [message.from_ for message in twilio.accepted]


async def test_files_are_refused_as_twilio_does(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """More than ten, or something that is no URL, is refused at once; a message may be nothing but a file."""
    plain = [("To", CUSTOMER), ("From", OURS)]
    many = [*plain, *(("MediaUrl", f"http://127.0.0.1:1/{n}") for n in range(11))]
    codes = [
        (await api(f"{MESSAGES}.json", form))[1].get("code") for form in (plain, many, [*plain, ("MediaUrl", "x")])
    ]
    assert [21602, 21623, 21620] == codes
    await api(f"{MESSAGES}.json", [*plain, ("MediaUrl", "https://care.example.com/x")])
    await twilio.settled()
    assert ("failed", 11200) == (twilio.accepted[0].status, twilio.accepted[0].error_code)


async def test_a_late_refusal_is_called_back(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """A WhatsApp message outside the 24 hours is taken, fails, and is reported as failed."""
    both = {"To": f"whatsapp:{CUSTOMER}", "From": f"whatsapp:{OURS}", "Body": "hi"}
    async with gateway(200) as (url, seen):
        assert 201 == (await api(f"{MESSAGES}.json", both | {"StatusCallback": url}))[0]
        await twilio.settled()
    assert [("failed", "63016")] == [(form["MessageStatus"], form["ErrorCode"]) for form in seen]


async def test_kept_texts_are_listed_by_day_and_page(twilio: TwilioStandIn, api: Callable[..., Any]) -> None:
    """Newest first by the time they were sent, with Twilio's filters, at most 1,000 a page."""
    now = datetime.now(UTC)
    for days in (0, 2, 1):
        twilio.keep(CUSTOMER, OURS, f"{days} days ago", at=now - timedelta(days=days))
    _, page = await api(f"{MESSAGES}.json?PageSize=5000&DateSent%3E={(now - timedelta(days=1)).date()}")
    assert ["0 days ago", "1 days ago"] == [message["body"] for message in page["messages"]]
    assert 1_000 == page["page_size"]
    status, fetched = await api(f"{MESSAGES}/{twilio.inbound[1].sid}.json")
    assert (200, "2 days ago", "received") == (status, fetched["body"], fetched["status"])
    assert 404 == (await api(f"{MESSAGES}/SM0.json"))[0]


async def test_media_need_credentials_and_a_cdn_wants_none(twilio: TwilioStandIn) -> None:
    """Twilio's list and redirect are for the account only; the CDN refuses whoever brings its credentials along."""
    twilio.media.elsewhere = True
    message = twilio.keep(CUSTOMER, OURS, "look", media=[(b"a cat", "image/jpeg")])
    (file,) = twilio.media.of(message.sid)
    login = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    listed, download = (f"{twilio.url}{MESSAGES}/{message.sid}/{path}" for path in ("Media.json", f"Media/{file.sid}"))
    async with aiohttp.ClientSession() as http:

        async def get(url: str, headers: dict[str, str]) -> tuple[int, bytes, str]:
            async with http.get(url, headers=headers, allow_redirects=False) as answer:
                return answer.status, await answer.read(), answer.headers.get("Location", "")

        assert [401, 401] == [(await get(url, {}))[0] for url in (listed, download)]
        assert file.sid.encode() in (await get(listed, login))[1]
        status, _, cdn = await get(download, login)
        assert (307, 400, 200) == (status, (await get(cdn, login))[0], (await get(cdn, {}))[0])
        assert b"a cat" == (await get(cdn, {}))[1]
        assert 404 == (await get(f"{twilio.url}{MESSAGES}/{message.sid}/Media/ME0", login))[0]


async def test_it_reports_by_itself(api: Callable[..., Any]) -> None:
    """With `reports`, each message is called back about in turn, and a gateway that is down stops nothing."""
    async with TwilioStandIn(reports=("sent", "delivered")) as twilio, gateway(200) as (url, seen):
        login = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        async with aiohttp.ClientSession(headers=login) as http:
            for callback in (url, "http://127.0.0.1:1/"):
                await http.post(f"{twilio.url}{MESSAGES}.json", data=FORM | {"StatusCallback": callback})
        await asyncio.wait_for(twilio.settled(), 5)
    assert ["sent", "delivered"] == [form["MessageStatus"] for form in seen]
