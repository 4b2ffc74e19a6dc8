"""Pictures that go out: Twilio really fetches them from us, and refuses what Twilio refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.twilio_sms.files import MOST_BYTES, TYPES
from gateway.channels.contract import OutboundFile
from gateway.channels.testing import failure
from gateway.domain.address import Address
from tests.adapters.twilio_sms.playing import OURS, THEIRS, channel, outbound
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_media import TYPES as TAKEN

FILES = {
    "cat.jpg": (b"a cat", "image/jpeg"),
    "bill.pdf": (b"a bill", "application/pdf"),
    "page.html": (b"<b>", "text/html"),
    "big.jpg": (bytes(MOST_BYTES + 1), "image/jpeg"),
}


@asynccontextmanager
async def shelf() -> AsyncIterator[str]:
    """A server with our files; its URL."""

    async def hand_out(request: web.Request) -> web.Response:
        if request.match_info["name"] not in FILES:
            raise web.HTTPNotFound
        content, content_type = FILES[request.match_info["name"]]
        return web.Response(body=content, content_type=content_type)

    app = web.Application()
    app.router.add_get("/files/{name}", hand_out)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/files/"
    await runner.cleanup()


def named(url: str, *names: str) -> tuple[OutboundFile, ...]:
    return tuple(OutboundFile(url + name, "image/jpeg", 10, name) for name in names)


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        yield standin


async def test_files_go_out_by_their_urls(twilio: TwilioStandIn) -> None:
    """Twilio gets the URLs beside the text, fetches both files, and the message is found by a look-up."""
    async with shelf() as url, channel(twilio) as adapter:
        asked = outbound("your cat", files=named(url, "cat.jpg", "bill.pdf"))
        result = await adapter.send(asked)
        await adapter.send(outbound("your cat", n=1))
        await twilio.settled()
        assert (result,) == await adapter.look_up(asked)
    assert [FILES["cat.jpg"], FILES["bill.pdf"]] == twilio.sent_media[result.provider_id]
    assert [2, 0] == [message.num_media for message in twilio.accepted]


async def test_a_picture_needs_no_text(twilio: TwilioStandIn) -> None:
    """A message may be nothing but a file."""
    async with shelf() as url, channel(twilio) as adapter:
        result = await adapter.send(outbound("", files=named(url, "cat.jpg")))
        await twilio.settled()
    assert ([FILES["cat.jpg"]], "") == (twilio.sent_media[result.provider_id], twilio.accepted[0].body)


@pytest.mark.parametrize(("name", "code"), [("page.html", 12300), ("big.jpg", 11751), ("gone.jpg", 11200)])
async def test_what_twilio_does_not_take_fails_later(twilio: TwilioStandIn, name: str, code: int) -> None:
    """A wrong type, too much, or nothing at the URL: the message was taken, and its report says why it failed."""
    async with shelf() as url, channel(twilio) as adapter:
        await adapter.send(outbound(files=named(url, name)))
        await twilio.settled()
    assert ("failed", code) == (twilio.accepted[0].status, twilio.accepted[0].error_code)


async def test_too_many_and_too_large_are_not_tried(twilio: TwilioStandIn) -> None:
    """Twilio's own bounds hold before it is asked."""
    many = named("https://care.example.com/files/", *(f"{n}.jpg" for n in range(11)))
    large = (OutboundFile("https://care.example.com/files/1", "image/jpeg", MOST_BYTES + 1, "1.jpg"),)
    two = outbound(to=Address("whatsapp", THEIRS), files=many[:2])
    async with channel(twilio) as adapter:
        errors = [await failure(adapter, each) for each in (outbound(files=many), outbound(files=large), two)]
    assert ["permanent"] * 3 == [error.verdict if error else None for error in errors]
    assert 0 == twilio.requests


async def test_whatsapp_takes_one_file(twilio: TwilioStandIn) -> None:
    """One is within what WhatsApp takes."""
    twilio.rules.hear(f"whatsapp:{THEIRS}", f"whatsapp:{OURS}", "hi")
    async with shelf() as url, channel(twilio) as adapter:
        await adapter.send(outbound(to=Address("whatsapp", THEIRS), files=named(url, "cat.jpg")))
        await twilio.settled()
    assert [1] == [len(files) for files in twilio.sent_media.values()]


def test_what_we_offer_twilio_takes() -> None:
    """The types of the capabilities hold those of the pipeline's pictures, and Twilio's stand-in agrees on those."""
    assert {"image/jpeg", "image/png", "image/gif", "application/pdf"} <= TYPES & TAKEN
