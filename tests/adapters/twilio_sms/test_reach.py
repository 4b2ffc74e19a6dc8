"""Where media may be fetched from: every notation of an address inside, names that lie, and Twilio itself."""

from __future__ import annotations

import asyncio
from socket import AF_INET, AddressFamily

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.twilio_sms.media import Fetcher
from adapters.twilio_sms.reach import Reach
from gateway.channels.contract import FetchError
from gateway.channels.reach import CheckedResolver, Refused, is_public
from gateway.domain.message import Media

TWILIO = "https://api.twilio.com"
HERE = "http://127.0.0.1:9000"

INSIDE = [
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://017700000001/x",
    "https://0177.0.0.1/x",
    "https://0x7f000001/x",
    "https://0x7f.1/x",
    "https://127.0.0.1./x",
    "https://0/x",
    "https://10.0.0.1/x",
    "https://172.16.0.1/x",
    "https://192.168.1.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/x",
    "https://[::1]/x",
    "https://[::]/x",
    "https://[fe80::1]/x",
    "https://[fd00::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[::ffff:7f00:1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://[2002:7f00:1::]/x",
    "https://8.8.8.8/x",
    "https://localhost/x",
    "https://LOCALHOST/x",
    "https://localhost./x",
    "https://db.localhost/x",
    "https://printer.local/x",
    "https://metadata.google.internal/x",
    "https://intranet/x",
    "https://\u2460\u2461\u2466.0.0.1/x",
    "https://1\u30022\u30023\u30024/x",
    "https://api.twilio.com@127.0.0.1/x",
    "https://user:word@media.example.com/x",
    "https://127.0.0.1\\@api.twilio.com/x",
    "https://api.twilio.com:x/",
    "https://api.twilio.com:99999/",
    "http://api.twilio.com/x",
    "ftp://media.example.com/x",
    "file:///etc/passwd",
    "gopher://media.example.com/x",
    "data:image/png;base64,AAAA",
    "//media.example.com/x",
    "https:///x",
    "https://",
    "/x",
    "",
    "https://media.example.com/x\r\nHost: inside",
    "https://media.example.com/a b",
    "https://%31%32%37.0.0.1/x",
]


@pytest.mark.parametrize("url", INSIDE)
def test_what_is_refused_by_its_looks(url: str) -> None:
    """No bare address, no local name, no other scheme, nothing that two readers may read in two ways."""
    with pytest.raises(Refused):
        Reach(TWILIO).checked(url)


def test_a_redirect_is_looked_at_where_it_ends() -> None:
    """A relative one stays on its host; one that names another place inside is refused."""
    reach, base = Reach(TWILIO), URL(f"{TWILIO}/a/b")
    relative = ("/c", "c", "?c", "https:///c", "#c")
    assert {"api.twilio.com"} == {reach.checked(where, base).host for where in relative}
    for where in ("//127.0.0.1/c", "//localhost/c", "http://api.twilio.com/c", "https://0x7f.1/c", "file:///c"):
        with pytest.raises(Refused):
            reach.checked(where, base)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
        "https://mms.twiliocdn.com/AC1/abc?Expires=1&Signature=a~b-c_%2F%2b&Key-Pair-Id=K",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/abc",
    ],
)
def test_what_is_allowed_stays_as_it_is_written(url: str) -> None:
    """A signed URL is not rewritten, since it would no longer fit its signature."""
    assert url == str(Reach(TWILIO).checked(url))


def test_a_configured_origin_is_allowed_and_nothing_beside_it() -> None:
    """`api_base_url` may lie inside; another port, scheme or host of the same machine may not."""
    reach = Reach(HERE)
    assert f"{HERE}/media/1" == str(reach.checked("/media/1", URL(f"{HERE}/a")))
    for beside in ("http://127.0.0.1:9001/", "https://127.0.0.1:9000/", "http://localhost:9000/", "http://127.1:9000/"):
        with pytest.raises(Refused):
            reach.checked(beside)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.twilio.com/x", True),
        ("https://api.dublin.ie1.twilio.com/x", True),
        ("https://api.ie1.twilio.com/x", True),
        (f"{HERE}/x", True),
        ("https://mms.twiliocdn.com/x", False),
        ("https://api.twilio.com:8443/x", False),
        ("https://api.twilio.com.example.net/x", False),
        ("https://notapi.twilio.com/x", False),
        ("https://evil-api.twilio.com/x", False),
        ("https://s3-external-1.amazonaws.com/x", False),
        ("http://127.0.0.1:9001/x", False),
    ],
)
def test_who_gets_our_credentials(url: str, expected: bool) -> None:
    """Twilio's API in any region and the configured origin; no CDN, and no name that only looks like Twilio's."""
    assert expected == Reach(HERE).gets_credentials(URL(url))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::6810:84e5", True),
        *[(inside, False) for inside in ("0.0.0.0", "127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1")],
        *[(inside, False) for inside in ("169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "240.0.0.1")],
        *[(inside, False) for inside in ("224.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.1")],
        *[(inside, False) for inside in ("::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1")],
        *[(inside, False) for inside in ("::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "2002:808:808::1")],
        *[(inside, False) for inside in ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "::8.8.8.8", "fec0::1")],
    ],
)
def test_which_addresses_are_public(address: str, expected: bool) -> None:
    """Nothing of a private, shared, local, reserved or translated network is public."""
    assert expected == is_public(address)


class Names(AbstractResolver):
    """A DNS that gives each answer once, in turn, and counts how often it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=address, port=port, family=AF_INET, proto=0, flags=0)
            for address in self._answers.pop(0)
        ]

    async def close(self) -> None:
        return


async def test_a_name_that_leads_inside_is_refused() -> None:
    """What DNS says is looked at: a private answer is refused, and beside a public one it is left out."""
    resolver = CheckedResolver(Reach(TWILIO).admits, Names(["10.0.0.1"], ["169.254.169.254", "8.8.8.8"], []))
    with pytest.raises(Refused):
        await resolver.resolve("media.example.com", 443)
    assert ["8.8.8.8"] == [each["host"] for each in await resolver.resolve("media.example.com", 443)]
    with pytest.raises(Refused):
        await resolver.resolve("media.example.com", 443)


async def test_a_name_that_changes_gains_nothing() -> None:
    """The address that was checked is the one that is connected to; DNS is not asked a second time."""
    came = asyncio.Event()

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    fetcher = Fetcher(Reach(TWILIO, lambda address: address == "127.0.0.1"), "AC1", ["token"], 5.0, names)
    with pytest.raises(FetchError):  # it speaks no TLS
        await fetcher.fetch(Media(f"https://media.example.com:{port}/x", "image/png"), 100)
    assert (True, 1) == (came.is_set(), names.asked)
    await fetcher.close()
    server.close()
    await server.wait_closed()


async def test_a_refusal_says_nothing_of_the_url() -> None:
    """Neither the host nor the address turns up in the reason, and it is not tried again."""
    fetcher = Fetcher(Reach(TWILIO), "AC1", ["token"], 5.0, Names(["10.0.0.1"]))
    for url in ("https://media.example.com/secret", "https://127.0.0.1/secret"):
        with pytest.raises(FetchError) as refusal:
            await fetcher.fetch(Media(url, "image/png"), 100)
        assert ("It lies where we do not fetch from", False) == (refusal.value.reason, refusal.value.again)
    await fetcher.close()
