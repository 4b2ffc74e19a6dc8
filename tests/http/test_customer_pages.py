"""From which pages a customer's token may be used: /chat with its cookie, pages elsewhere with a Bearer token."""

from __future__ import annotations

import dataclasses
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.actions.customer_visit import MOST_VISITORS
from tests.http.guest import CUSTOMER_API, Guest, guest
from tests.http.running import Desk, running

OURS = "http://127.0.0.1:8080"
PARTNER, EVIL = "https://www.example.com", "https://evil.example"
VISITORS = f"{CUSTOMER_API}/visitors"


async def ask(desk: Desk, method: str, path: str, json: Any = None, **headers: str) -> aiohttp.ClientResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with desk.http.request(method, desk.url + path, json=json, headers=named) as response:
        await response.read()
        return response


async def cookie_of(desk: Desk, **headers: str) -> str:
    response = await ask(desk, "POST", VISITORS, {"in": "cookie"}, Origin=OURS, **headers)
    assert (201, {"customer"}) == (response.status, set(await response.json()))
    return response.headers["Set-Cookie"]


async def test_our_own_page_has_a_cookie(desk: Desk) -> None:
    """No script sees the token; the cookie writes, reads, and survives being asked for again."""
    said = await cookie_of(desk)
    assert re.fullmatch(r"teamline_visitor=[\w-]{43}; HttpOnly; Max-Age=34560000; Path=/; SameSite=Lax", said)
    pair = said.partition(";")[0]
    page = Guest(desk, headers={"Cookie": pair, "Origin": OURS, "Sec-Fetch-Site": "same-origin"})
    await page.say("hello")
    assert pair == (await cookie_of(desk, Cookie=pair)).partition(";")[0]
    assert (201, pair) == await _renewed(desk, pair)
    assert ["hello"] == await page.heard()
    ended = await ask(desk, "DELETE", f"{VISITORS}/me", Cookie=pair, Origin=OURS)
    assert (204, True) == (ended.status, 'teamline_visitor=""' in ended.headers["Set-Cookie"])
    assert 401 == (await page.call("GET", "/thread"))[0]


async def _renewed(desk: Desk, pair: str) -> tuple[int, str]:
    response = await ask(desk, "POST", f"{VISITORS}/renew", Cookie=pair, Origin=OURS)
    return response.status, response.headers["Set-Cookie"].partition(";")[0]


async def test_a_dead_cookie_is_replaced(desk: Desk) -> None:
    """A browser whose token is good for nothing becomes a new visitor."""
    dead = "teamline_visitor=gone"
    assert dead != (await cookie_of(desk, Cookie=dead)).partition(";")[0]


async def test_the_cookie_is_bound_to_the_host_over_https(engine: str, tmp_path: Path) -> None:
    """Behind TLS the cookie is secure and of this very host."""
    async with running(tmp_path, "https://care.example.com", engine=engine) as desk:
        response = await ask(desk, "POST", VISITORS, {"in": "cookie"}, Origin="https://care.example.com")
        said = response.headers["Set-Cookie"]
        assert (True, True) == (said.startswith("__Host-teamline-visitor="), "Secure" in said)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": PARTNER},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_cookie_is_for_our_own_pages(desk: Desk, headers: dict[str, str]) -> None:
    """Whatever another page makes a browser send with the cookie is refused, reading included."""
    pair = (await cookie_of(desk)).partition(";")[0]
    page = Guest(desk, headers={"Cookie": pair, **headers})
    calls = [("GET", "/messages", None), ("POST", "/messages", {"body": "x"}), ("DELETE", "/visitors/me", None)]
    assert [403] * 3 == [(await page.call(*call))[0] for call in calls]


async def test_a_cookie_alone_changes_nothing(desk: Desk) -> None:
    """A browser says where a request that changes something comes from; one that does not say is refused, and reads."""
    pair = (await cookie_of(desk)).partition(";")[0]
    page = Guest(desk, headers={"Cookie": pair})
    changes = [
        ("POST", "/messages", {"body": "x"}),
        ("PUT", "/read", {"message": "1"}),
        ("DELETE", "/visitors/me", None),
    ]
    assert [403] * 3 == [(await page.call(*call))[0] for call in changes]
    assert 403 == (await page.upload(b"a text"))[0]
    assert 403 == (await Guest(desk).call("POST", "/visitors", {"in": "cookie"}))[0]
    assert [200, 200] == [(await page.call("GET", path))[0] for path in ("/thread", "/messages")]


async def test_pages_that_are_named_may_call(desk: Desk) -> None:
    """A page of an origin in the config reads every answer, refusals too; cookies are never asked for."""
    for response, status in (
        (await ask(desk, "POST", VISITORS, {}, Origin=PARTNER), 201),
        (await ask(desk, "GET", f"{CUSTOMER_API}/messages", Origin=PARTNER), 401),
        (await ask(desk, "GET", f"{CUSTOMER_API}/thread", Origin=PARTNER), 200),
    ):
        assert (status, PARTNER, "Origin") == (
            response.status,
            response.headers["Access-Control-Allow-Origin"],
            response.headers["Vary"],
        )
        assert "Access-Control-Allow-Credentials" not in response.headers


async def test_other_pages_may_not_call(desk: Desk) -> None:
    """A page of any other origin gets a refusal that it cannot read, whatever token it has."""
    ann = await guest(desk)
    ann.headers = {"Origin": EVIL}
    calls = [("GET", "/messages"), ("GET", "/thread"), ("GET", "/events"), ("POST", "/visitors")]
    assert [403] * 4 == [(await ann.call(*call, {} if call[0] == "POST" else None))[0] for call in calls]
    response = await ask(desk, "GET", f"{CUSTOMER_API}/thread", Origin=EVIL)
    assert ("Origin", False) == (response.headers["Vary"], "Access-Control-Allow-Origin" in response.headers)


async def test_preflight(desk: Desk) -> None:
    """A browser that asks first is told what a named page may send; nobody else is, and no other path answers."""
    path = f"{CUSTOMER_API}/messages"
    asked = {"Access_Control_Request_Method": "POST"}
    good = await ask(desk, "OPTIONS", path, Origin=PARTNER, **asked)
    assert (204, PARTNER, "7200") == (
        good.status,
        good.headers["Access-Control-Allow-Origin"],
        good.headers["Access-Control-Max-Age"],
    )
    assert {"authorization", "idempotency-key"} <= set(good.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert 403 == (await ask(desk, "OPTIONS", path, Origin=EVIL, **asked)).status
    assert 405 == (await ask(desk, "OPTIONS", "/api/agent/v1/threads", Origin=PARTNER, **asked)).status


async def test_an_address_counts_as_the_proxy_tells_it(engine: str, tmp_path: Path) -> None:
    """Behind a trusted proxy every client has a bound of its own; all of an IPv6 /64 is one, whatever its ports."""
    async with running(tmp_path, engine=engine) as desk:
        local = (ip_network("127.0.0.0/8"),)
        settings = dataclasses.replace(desk.deps.settings(), trusted_proxies=local)
        object.__setattr__(desk.deps, "settings", lambda: settings)

        async def status(address: str) -> int:
            return (await ask(desk, "POST", VISITORS, {}, X_Forwarded_For=address)).status

        made = [await status(f"[2001:db8::{number:x}]:{5000 + number}") for number in range(MOST_VISITORS)]
        assert [201] * MOST_VISITORS == made
        others = ("2001:db8::ffff", "2001:db8:0:1::1", "192.0.2.1:5678", "192.0.2.1")
        assert [429, 201, 201, 201] == [await status(address) for address in others]


async def test_a_token_outlasts_its_channel(desk: Desk) -> None:
    """While the web channel is off a good token is told to wait, not that it is no good; then it has its thread."""
    ann = await guest(desk)
    await ann.say("hello")
    settings = desk.deps.settings()
    await desk.deps.channels.apply([], OURS, desk.http)
    calls = [("GET", "/messages", None), ("GET", "/events", None), ("POST", "/messages", {"body": "x"})]
    calls += [("PUT", "/read", {"message": "1"}), ("POST", "/visitors/renew", None)]
    assert [503] * 5 == [(await ann.call(*call))[0] for call in calls]
    assert 503 == (await ann.upload(b"a text"))[0]
    own = {"Authorization": f"Bearer {ann.token}"}
    async with desk.http.get(f"{desk.url}{CUSTOMER_API}/messages", headers=own) as refused:
        assert (503, "60") == (refused.status, refused.headers["Retry-After"])
    assert 401 == (await Guest(desk, "forged").call("GET", "/messages"))[0]
    await desk.deps.channels.apply(settings.channels.values(), settings.public_url, desk.http)
    assert ["hello"] == await ann.heard()


async def test_the_page_is_there_with_a_web_channel(desk: Desk) -> None:
    """/chat is served while a web channel is configured, and 404 while none is."""
    assert 200 == (await ask(desk, "GET", "/chat")).status
    await desk.deps.channels.apply([], OURS, desk.http)
    assert [404, 404] == [(await ask(desk, "GET", path)).status for path in ("/chat", f"{CUSTOMER_API}/thread")]
