"""Pictures of inbound messages, by real HTTP from the stand-in: credentials, redirects, bounds and faults."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import SecretStr
from yarl import URL

from adapters.twilio_sms.adapter import TwilioSms
from adapters.twilio_sms.media import Fetcher
from adapters.twilio_sms.reach import Reach
from gateway.channels.contract import FetchError
from gateway.domain.message import Media
from tests.adapters.twilio_sms.playing import OURS, THEIRS, channel, request
from tests.standins.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.standins.twilio_media import MediaFault

PICTURE = b"\x89PNG" + bytes(range(256)) * 40


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
async def adapter(twilio: TwilioStandIn) -> AsyncIterator[TwilioSms]:
    async with channel(twilio) as made:
        yield made


async def picture(twilio: TwilioStandIn, adapter: TwilioSms) -> Media:
    """What the webhook of a picture tells of it."""
    form = twilio.text_form(THEIRS, OURS, "look", media=[(PICTURE, "image/png")])
    (inbound,) = (await adapter.webhook(request(twilio, form))).inbound
    return inbound.media[0]


async def fails(adapter: TwilioSms, media: Media, most: int = 1_000_000) -> tuple[str, bool]:
    with pytest.raises(FetchError) as error:
        await adapter.fetch(media, most)
    assert media.url not in error.value.reason
    return error.value.reason, error.value.again


async def test_a_picture_is_fetched_with_our_credentials(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """Twilio sends on to where the bytes are, and they come as they were."""
    assert PICTURE == await adapter.fetch(await picture(twilio, adapter), len(PICTURE))
    assert [aiohttp.encode_basic_auth(ACCOUNT, TOKEN)] == twilio.media.authorizations


async def test_a_second_port_is_another_host(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """A redirect to another port of this machine is refused: only the configured origin may lie inside."""
    twilio.media.elsewhere = True
    assert ("It lies where we do not fetch from", False) == await fails(adapter, await picture(twilio, adapter))


class Lenient(Reach):
    """Follows anywhere, so that a test can have a CDN on this machine; who gets credentials is as ever."""

    def checked(self, url: str, base: URL | None = None) -> URL:
        return base.join(URL(url, encoded=True)) if base else URL(url, encoded=True)


async def test_a_cdn_gets_no_credentials(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """They are dropped on the way to another host, which would refuse them."""
    twilio.media.elsewhere = True
    fetcher = Fetcher(Lenient(twilio.url), ACCOUNT, [TOKEN])
    assert PICTURE == await fetcher.fetch(await picture(twilio, adapter), len(PICTURE))
    assert [aiohttp.encode_basic_auth(ACCOUNT, TOKEN), None] == twilio.media.authorizations
    await fetcher.close()


@pytest.mark.parametrize(
    "where",
    ["http://127.0.0.1:1/x", "http://[::1]/x", "https://2130706433/x", "file:///etc/passwd", "https://a.local/"],
)
async def test_a_redirect_inside_is_refused(twilio: TwilioStandIn, adapter: TwilioSms, where: str) -> None:
    """Each hop is looked at as if it were the first."""
    media = await picture(twilio, adapter)
    twilio.media.redirect_to = where
    assert ("It lies where we do not fetch from", False) == await fails(adapter, media)


@pytest.mark.parametrize(
    ("fault", "again", "reason"),
    [
        ("404", True, "Twilio did not hand it over"),
        ("500", True, "Twilio did not hand it over"),
        ("401", False, "Twilio does not let us have it"),
        ("endless", False, "It is too big"),
        ("packed", False, "It came packed"),
        ("loop", False, "It was redirected too often"),
    ],
)
async def test_what_goes_wrong(
    twilio: TwilioStandIn, adapter: TwilioSms, fault: MediaFault, again: bool, reason: str
) -> None:
    """What may get well by itself is tried again; bombs and loops end where they are seen."""
    media = await picture(twilio, adapter)
    twilio.media.fail_next(fault)
    assert (reason, again) == await fails(adapter, media)


async def test_too_big_is_refused_by_its_length(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """A file of one byte too many is refused before it is read."""
    assert ("It is too big", False) == await fails(adapter, await picture(twilio, adapter), len(PICTURE) - 1)


async def test_nobody_waits_for_ever(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """A server that does not answer is left in time, and asked again later."""
    fetcher = Fetcher(Reach(twilio.url), ACCOUNT, [TOKEN], patience=0.1)
    media = await picture(twilio, adapter)
    twilio.media.fail_next("hang")
    with pytest.raises(FetchError) as error:
        await fetcher.fetch(media, 100)
    assert error.value.again
    await fetcher.close()


async def test_either_token_fetches_during_a_rotation(twilio: TwilioStandIn) -> None:
    """A token that is not accepted gives way to the other."""
    async with channel(twilio, auth_token=[SecretStr("new"), SecretStr(TOKEN)]) as rotating:
        assert PICTURE == await rotating.fetch(await picture(twilio, rotating), len(PICTURE))


async def test_a_file_that_is_gone(twilio: TwilioStandIn, adapter: TwilioSms) -> None:
    """What Twilio does not know (yet) is asked for again; the credentials are right."""
    media = await picture(twilio, adapter)
    assert ("Twilio did not hand it over", True) == await fails(adapter, Media(f"{media.url[:-1]}x", "image/png"))
