"""A token of the company's app: what is wrong with one, how long it is good, and what is written down of it."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from gateway.store import forgetting
from tests.adapters.app_push.backend import Published
from tests.adapters.app_push.bad_tokens import REFUSED
from tests.http.app import HOUR, App
from tests.http.guest import Guest, guest
from tests.http.running import Desk

DAY = 86_400
HEADERS = {name: bad for name, bad in REFUSED.items() if bad and bad.isascii() and bad.strip() == bad}
"""Those that can stand in a header as they are."""


async def test_bad_tokens(app: App, desk: Desk) -> None:
    """Whatever is wrong with a token, the answer is the same 401, word for word, and nothing was written."""
    expected = await Guest(desk, secrets.token_urlsafe(32)).call("GET", "/messages")
    assert 401 == expected[0]
    for case, bad in HEADERS.items():
        one = Guest(desk, bad)
        assert (case, expected) == (case, await one.call("GET", "/messages"))
        assert (case, expected) == (case, await one.call("POST", "/messages", {"body": "hello"}))
        assert (case, expected) == (case, await one.call("POST", "/devices", {"platform": "fcm", "token": "x" * 30}))
    assert 0 == await _count(desk, "customer")


@pytest.mark.parametrize("size", [8_100, 9_000, 40_000])
async def test_a_token_larger_than_a_header(app: App, desk: Desk, size: int) -> None:
    """A token that no header may hold is refused like any other."""
    expected = await Guest(desk, "a.b.c").call("GET", "/messages")
    assert expected == await Guest(desk, app.token(more="x" * size)).call("GET", "/messages")
    assert 401 == expected[0]


async def test_a_token_of_ours_for_an_agents_door(app: App, desk: Desk) -> None:
    """A customer's token opens nothing of the agents'."""
    headers = {"Authorization": f"Bearer {app.token()}"}
    assert 401 == (await desk.call(None, "GET", "/threads", headers=headers))[0]


async def test_ending_a_token(app: App, desk: Desk) -> None:
    """An ended token stays ended, in another spelling of its signature too; the next one goes on."""
    dana = app.customer()
    await dana.say("hello")
    assert 204 == (await dana.call("DELETE", "/visitors/me"))[0]
    assert (401, 401) == (
        (await dana.call("GET", "/messages"))[0],
        (await dana.call("POST", "/messages", {"body": "x"}))[0],
    )
    assert ["hello"] == await app.customer().heard()


async def test_renewing_is_the_apps(app: App) -> None:
    """Only who signs can make the next token: 409."""
    dana = app.customer()
    assert (409, "/problems/conflict") == ((answer := await dana.call("POST", "/visitors/renew"))[0], answer[1]["type"])
    assert [] == await dana.heard()


async def test_writing_does_not_prolong(app: App, desk: Desk) -> None:
    """A token is good until what is signed, however much is written under it."""
    dana = app.customer()
    await dana.say("hello")
    desk.clock.now += HOUR * 1_000_000  # the channel's own clock stands still
    assert 401 == (await dana.call("GET", "/messages"))[0]


async def test_pages_elsewhere(app: App, desk: Desk) -> None:
    """A page elsewhere may use one only if a web channel's `origins` name it; our own and programs may."""
    dana = app.customer()
    expected = {"https://www.example.com": 200, "https://evil.example": 403, desk.deps.settings().public_url: 200}
    assert expected == {page: (await dana.call("GET", "/messages", Origin=page))[0] for page in expected}


async def test_the_app_is_off(app: App, desk: Desk) -> None:
    """A token is no good without its channel, and is again when the channel is back."""
    dana = app.customer()
    await dana.say("hello")
    await app.turn_on()
    assert 401 == (await dana.call("GET", "/messages"))[0]
    await app.turn_on("app")
    assert ["hello"] == await dana.heard()


async def test_keys_that_cannot_be_had(app: App, desk: Desk) -> None:
    """While nobody answers for the keys it is 503, and visitors of the web go on."""
    ann = await guest(desk)
    async with Published() as published:
        published.answer = None
        published.keys = "none"  # what is no JWKS
        await app.turn_on("app", jwks_url=published.url, jwt_key=())
        status, said = await app.customer().call("GET", "/messages")
        assert (503, "/problems/unavailable") == (status, said["type"])
        assert [] == await ann.heard()


async def test_only_the_first_request_writes(app: App, desk: Desk) -> None:
    """A node writes a token down once; the channel is asked at every request."""
    dana = app.customer()
    await dana.call("GET", "/messages")
    written = await _count(desk, "visitor")
    await asyncio.gather(*(dana.call("GET", "/messages") for _ in range(5)))
    desk.deps.entered._seen.clear()  # as another node, or one that has forgotten
    await dana.call("GET", "/messages")
    assert (1, 1) == (written, await _count(desk, "visitor"))


async def test_first_requests_at_once(app: App, desk: Desk) -> None:
    """Many tokens of a new customer that come at once make one customer."""
    tokens = [app.customer() for _ in range(10)]
    answers = await asyncio.gather(*(one.call("GET", "/messages") for one in tokens))
    assert [200] * 10 == [status for status, _ in answers]
    assert (1, 1, 10) == tuple([await _count(desk, table) for table in ("customer", "profile", "visitor")])


async def test_expired_tokens_are_forgotten(app: App, desk: Desk) -> None:
    """A day after their end they are not written down any more; good ones, and who they speak for, are."""
    await app.customer().say("hello")
    app.pass_(DAY)
    await app.customer().say("again")
    assert False is await desk.store.write(forgetting.forget_expired, desk.clock())
    assert 2 == await _count(desk, "visitor")
    app.pass_(HOUR)
    await desk.store.write(forgetting.forget_expired, desk.clock())
    assert 1 == await _count(desk, "visitor")
    assert ["hello", "again"] == await app.customer().heard()


async def test_a_stream_ends_with_its_token(app: App, desk: Desk) -> None:
    """The stream is the same as a visitor's: their message comes, and it ends when the token is ended."""
    dana = app.customer()
    await dana.say("hello")
    url, own = f"{desk.url}/api/customer/v1/events", {"Authorization": f"Bearer {dana.token}"}
    async with desk.http.get(url, headers=own) as stream:
        assert 200 == stream.status
        await dana.say("again")
        async with asyncio.timeout(10):
            while b"again" not in await stream.content.readline():
                pass
            await dana.call("DELETE", "/visitors/me")
            await stream.content.read()


async def _count(desk: Desk, table: str) -> int:
    async def count(tx):
        return (await tx.one(f"SELECT count(*) AS n FROM {table}"))["n"]

    return await desk.store.read(count)
