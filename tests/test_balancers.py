"""nginx and HAProxy with the files in deploy/, in front of two nodes: any node takes any request, and a lost one costs
little."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from gateway.files.intake import MEGABYTE
from gateway.http.bodies import HOOK_BYTES
from tests.balancer_process import SHIPPED, balancer_process
from tests.caddy_process import SITE, Front
from tests.gateway_process import LOGIN, NUMBER, PASSWORD, GatewayProcess, hire
from tests.node_processes import node_processes, reading
from tests.processes import until
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

HOOK = "/hooks/sms/messages"
CUSTOMER = "+17205550111"
EVENTS = "/api/agent/v1/events"
HUNG_UP = 1
"""HAProxy's answer to a request whose node was lost, on a connection that has carried another before."""
BALANCERS = [pytest.param(name, marks=pytest.mark.needs(name, "postgresql")) for name in SHIPPED]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as twilio:
        yield twilio


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(
    tmp_path_factory: pytest.TempPathFactory, twilio: TwilioStandIn
) -> AsyncIterator[tuple[GatewayProcess, GatewayProcess]]:
    company = hire(tmp_path_factory.mktemp("company"), "postgresql")
    async with node_processes(tmp_path_factory.mktemp("nodes"), company, twilio.url) as (one, two):
        yield one, two


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BALANCERS)
async def front(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    pair: tuple[GatewayProcess, GatewayProcess],
) -> AsyncIterator[Front]:
    folder = tmp_path_factory.mktemp(request.param)
    async with balancer_process(request.param, folder, (pair[0].port, pair[1].port)) as front:
        yield front


@pytest.fixture
def bearer(pair: tuple[GatewayProcess, GatewayProcess]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair[0].token}"}


async def text(
    where: Front | GatewayProcess,
    twilio: TwilioStandIn,
    http: aiohttp.ClientSession,
    body: str,
    signed_for: str = f"https://{SITE}{HOOK}",
    sid: str | None = None,
) -> int:
    """A text as Twilio posts it to the public address, through the balancer or to one node."""
    form = twilio.text_form(CUSTOMER, NUMBER, body, sid=sid)
    headers = {"X-Twilio-Signature": twilio.sign(signed_for, form)}
    async with http.post(where.url + HOOK, data=form, headers=headers) as answer:
        return answer.status


async def test_webhook(front: Front, twilio: TwilioStandIn) -> None:
    """A text signed over the public URL is believed behind the balancer, and one signed over another is not."""
    assert [200, 200] == [await text(front, twilio, front.http, "hello") for _ in range(2)]
    elsewhere = f"http://127.0.0.1:8080{HOOK}"
    assert [403, 403] == [await text(front, twilio, front.http, "hello", elsewhere) for _ in range(2)]


async def test_sign_in(front: Front, pair: tuple[GatewayProcess, GatewayProcess]) -> None:
    """Who has signed in through the balancer is signed in on each node, and signed out on each."""
    ours = {"Origin": f"https://{SITE}"}
    words = {"login": LOGIN, "password": PASSWORD}
    session = f"{front.url}/api/agent/v1/session"
    async with front.http.post(session, json=words, headers=ours) as answer:
        assert 200 == answer.status
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}

    async def known() -> list[int]:
        urls = [f"{where.url}/api/agent/v1/me" for where in (*pair, front)]
        answers = [await front.http.get(url, headers=cookie) for url in urls]
        return [answer.status for answer in answers]

    assert [200, 200, 200] == await known()
    async with front.http.delete(session, headers=ours | cookie) as answer:
        assert 204 == answer.status
    assert [401, 401, 401] == await known()


async def test_events(
    front: Front, twilio: TwilioStandIn, pair: tuple[GatewayProcess, GatewayProcess], bearer: dict[str, str]
) -> None:
    """What one node has taken comes out of the balancer within a second on streams of both, while they stay open; and
    a stream ends on its node when its client's connection does."""
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        streams = [
            await stack.enter_async_context(front.http.get(front.url + EVENTS, headers=bearer)) for _ in range(4)
        ]
        for stream in streams:
            assert (200, "text/event-stream") == (stream.status, stream.content_type)
            assert await stream.content.readany()
        assert all([await reading(node, front.http, "teamline_feed_streams") for node in pair])
        took = [await _everywhere(twilio, front.http, pair[0], streams, f"as it comes {number}") for number in range(3)]
        for stream in streams:
            assert not stream.content.at_eof()
            assert stream.connection is not None
            assert stream.connection.transport is not None
            stream.connection.transport.abort()
    assert min(took) < 1.0
    await until(lambda: _no_stream(pair, front.http), within=10)


async def _everywhere(
    twilio: TwilioStandIn, http: aiohttp.ClientSession, node: GatewayProcess, streams: list[Any], body: str
) -> float:
    """Seconds from the node's answer until every stream has told of it."""
    assert 200 == await text(node, twilio, http, body)
    begun = monotonic()
    await asyncio.gather(*(_until_told(stream, body.encode()) for stream in streams))
    return monotonic() - begun


async def _until_told(stream: aiohttp.ClientResponse, body: bytes) -> None:
    async for line in stream.content:
        if body in line:
            return
    raise AssertionError("the stream has ended")


async def _no_stream(pair: tuple[GatewayProcess, GatewayProcess], http: aiohttp.ClientSession) -> bool:
    return not any([await reading(node, http, "teamline_feed_streams") for node in pair])


async def test_large_files(front: Front, bearer: dict[str, str]) -> None:
    """A file of 25 MB comes in, and a larger one is refused, as is a webhook's body beyond its bound."""
    url = f"{front.url}/api/agent/v1/attachments"
    for size, status in ((25 * MEGABYTE, 201), (26 * MEGABYTE, 413)):
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(b"x" * size), filename="log.txt", content_type="text/plain")
        async with front.http.post(url, data=form, headers=bearer) as answer:
            assert status == answer.status
    async with front.http.post(front.url + HOOK, data=b"x" * (2 * HOOK_BYTES)) as answer:
        assert 413 == answer.status


async def test_operators_doors_stay_shut(front: Front) -> None:
    """The public can ask whether it is up, and not what it counted."""
    for path, status in {"/healthz": 200, "/metrics": 404}.items():
        async with front.http.get(front.url + path) as answer:
            assert status == answer.status


async def test_plain_http(front: Front) -> None:
    """Who comes without TLS is sent to the same page with it."""
    async with front.http.get(f"{front.plain_url}/console", allow_redirects=False) as answer:
        location = answer.headers["Location"]
    assert (308, f"https://{SITE}", "/console") == (answer.status, location[: len(f"https://{SITE}")], location[-8:])


async def test_node_is_killed(
    front: Front, twilio: TwilioStandIn, pair: tuple[GatewayProcess, GatewayProcess], bearer: dict[str, str]
) -> None:
    """When a node is killed under load, requests are answered or fail with 502, 503 or a connection that ends, the
    other goes on with all of it, and each text is there once that Twilio has given until it was taken."""
    answers = Counter[int]()
    sids = [new_sid("SM") for _ in range(80)]
    before = await _count(front, bearer)

    async def give(sid: str) -> None:
        status = 0
        while status != 200:
            try:
                status = await text(front, twilio, front.http, "storm", sid=sid)
            except aiohttp.ServerDisconnectedError:
                status = HUNG_UP
            answers[status] += 1

    async def ask() -> None:
        for _ in range(20):
            async with front.http.get(f"{front.url}/api/agent/v1/me", headers=bearer) as answer:
                answers[answer.status] += 1

    async def kill() -> None:
        await until(lambda: _when(answers[200] > 30))
        await pair[1].kill()

    waiting = iter(sids)

    async def customer() -> None:
        for sid in waiting:
            await give(sid)

    try:
        async with asyncio.timeout(60):
            await asyncio.gather(kill(), *(customer() for _ in range(6)), *(ask() for _ in range(3)))
        assert answers.keys() <= {200, 502, 503, HUNG_UP}
        assert [200] * 20 == [await _status(front, bearer) for _ in range(20)]
        assert before + len(sids) == await _count(front, bearer)
    finally:
        await pair[1].kill()
        await pair[1].start()


async def _when(true: bool) -> bool:
    return true


async def _status(front: Front, bearer: dict[str, str]) -> int:
    async with front.http.get(f"{front.url}/api/agent/v1/me", headers=bearer) as answer:
        return answer.status


async def _count(front: Front, bearer: dict[str, str]) -> int:
    """Messages in the customer's thread."""
    threads = f"{front.url}/api/agent/v1/threads"
    async with front.http.get(f"{threads}?view=all", headers=bearer) as answer:
        rows = (await answer.json())["items"]
    if not rows:
        return 0
    found, before = 0, ""
    while True:
        async with front.http.get(f"{threads}/{rows[0]['id']}/messages?limit=100{before}", headers=bearer) as answer:
            page = (await answer.json())["items"]
        found += len(page)
        if len(page) < 100:
            return found
        before = f"&before={page[0]['id']}"
