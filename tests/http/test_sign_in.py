"""Signing in with a password: the cookie, the bounds on attempts, and where a browser's request may come from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from gateway.actions import people
from gateway.errors import Unavailable
from gateway.http.passwords import Passwords
from tests.http.running import BASE, PASSWORD, Desk, password_hash, running

OURS = "http://127.0.0.1:8080"
SIGN_IN = {"login": "ana", "password": PASSWORD}


@pytest.fixture(scope="session")
def hashed() -> str:
    return password_hash()


@pytest.fixture
async def desk(engine: str, tmp_path: Path, hashed: str) -> AsyncIterator[Desk]:
    """Ana has a password."""
    async with running(tmp_path, engine=engine) as desk:
        await desk.person("ana", "denver", password_hash=hashed)
        yield desk


async def _sign_in(desk: Desk, json: Any = SIGN_IN, **headers: str) -> tuple[int, Any, SimpleCookie]:
    async with desk.http.post(f"{desk.url}{BASE}/session", json=json, headers=headers) as response:
        cookies = SimpleCookie(response.headers.get("Set-Cookie", ""))
        return response.status, await response.json(), cookies


async def _cookie(desk: Desk) -> dict[str, str]:
    _, _, cookies = await _sign_in(desk)
    return {"Cookie": f"teamline_session={cookies['teamline_session'].value}"}


async def test_sign_in(desk: Desk) -> None:
    """A right password gives the person, and a session in a cookie that scripts cannot read."""
    status, answer, cookies = await _sign_in(desk)
    teams = [{"id": "denver", "name": "Front Range", "zone": "America/Denver"}]
    assert (200, "ana", teams) == (status, answer["agent"]["login"], answer["agent"]["teams"])
    cookie = cookies["teamline_session"]
    assert (True, "Lax", "/", "", "2592000") == tuple(
        cookie[key] for key in ("httponly", "samesite", "path", "secure", "max-age")
    )


async def test_login_in_capitals(desk: Desk) -> None:
    """A login is the same in capitals."""
    assert 200 == (await _sign_in(desk, {"login": " Ana ", "password": PASSWORD}))[0]


async def test_https_cookie(engine: str, tmp_path: Path, hashed: str) -> None:
    """Behind https the cookie is bound to the host and never sent in the clear."""
    async with running(tmp_path, "https://care.example.com", engine=engine) as desk:
        await desk.person("ana", "denver", password_hash=hashed)
        _, _, cookies = await _sign_in(desk)
        assert (True, "") == (cookies["__Host-teamline"]["secure"], cookies["__Host-teamline"]["domain"])


async def test_session(desk: Desk) -> None:
    """The cookie signs in, until signing out ends the session."""
    cookie = await _cookie(desk)
    assert 200 == (await desk.call(None, "GET", "/me", headers=cookie))[0]
    assert 204 == (await desk.call(None, "DELETE", "/session", headers=cookie | {"Origin": OURS}))[0]
    assert 401 == (await desk.call(None, "GET", "/me", headers=cookie))[0]


async def test_password_change_ends_sessions(desk: Desk) -> None:
    """A changed password ends every session."""
    cookie = await _cookie(desk)
    await desk.store.write(people.change_password, "ana", password_hash(), desk.clock())
    assert 401 == (await desk.call(None, "GET", "/me", headers=cookie))[0]


async def test_wrong(desk: Desk) -> None:
    """A wrong password and a login that nobody has get the same answer."""
    wrong = await _sign_in(desk, {"login": "ana", "password": "wrong"})
    nobody = await _sign_in(desk, {"login": "nobody", "password": "wrong"})
    assert (401, wrong) == (nobody[0], nobody)


@pytest.mark.parametrize(
    "json",
    [
        {},
        {"login": "ana"},
        {"login": "ana", "password": 1},
        {"login": "ana", "password": ""},
        {"login": "ana", "password": "x" * 1025},
        {"login": "ana\u0000", "password": "x"},
        {"login": "\ud800", "password": "x"},
        {"login": "ana", "password": "\udfff"},
        {"login": "ana", "password": "x", "more": 1},
        [],
        None,
    ],
)
async def test_bad_body(desk: Desk, json: Any) -> None:
    """What is not exactly a login and a password gets 422, or 415 without a body, and never repeats the password."""
    status, problem, _ = await _sign_in(desk, json)
    assert status in {415, 422}
    assert "xxx" not in str(problem)


async def test_many_by_login(desk: Desk) -> None:
    """After ten attempts on a login the password is not even looked at: 429 with Retry-After."""
    for _ in range(10):
        desk.clock.now += 1_000_000
        assert 401 == (await _sign_in(desk, {"login": "nobody", "password": "wrong"}))[0]
    async with desk.http.post(f"{desk.url}{BASE}/session", json={"login": "nobody", "password": "x"}) as response:
        assert (429, "900") == (response.status, response.headers["Retry-After"])
    assert 200 == (await _sign_in(desk))[0]


async def test_success_forgets_attempts(desk: Desk) -> None:
    """A right password forgets the wrong ones before it."""
    for _ in range(2):
        for _ in range(6):
            await _sign_in(desk, {"login": "ana", "password": "wrong"})
        assert 200 == (await _sign_in(desk))[0]


async def test_too_many_at_once() -> None:
    """Two passwords are checked at once and a few wait; past that a sign-in is refused and nothing is computed."""
    passwords = Passwords(waiting=1)
    checks = [asyncio.ensure_future(passwords.fits(None, "x")) for _ in range(4)]
    results = await asyncio.gather(*checks, return_exceptions=True)
    passwords.close()
    assert [False, False, False] == [result for result in results if not isinstance(result, Exception)]
    assert [Unavailable] == [type(result) for result in results if isinstance(result, Exception)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": OURS}, 204),
        ({"Origin": OURS, "Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "https://127.0.0.1:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_other_sites(desk: Desk, headers: dict[str, str], status: int) -> None:
    """With a cookie, only what says that it is a page of ours may change something."""
    cookie = await _cookie(desk)
    assert status == (await desk.call(None, "DELETE", "/session", headers=cookie | headers))[0]


async def test_other_sites_sign_in(desk: Desk) -> None:
    """Another site's page cannot sign a browser in."""
    assert 403 == (await _sign_in(desk, Origin="https://elsewhere.example"))[0]


async def test_token_from_anywhere(desk: Desk) -> None:
    """A token is sent by nobody's browser by itself, so that it needs no origin."""
    status, _ = await desk.call("ana", "DELETE", "/session", headers={"Origin": "https://elsewhere.example"})
    assert 204 == status


async def test_reading_from_elsewhere(desk: Desk) -> None:
    """Reading with a cookie needs no origin: another site's page cannot see the answer."""
    headers = await _cookie(desk) | {"Origin": "https://elsewhere.example"}
    assert 200 == (await desk.call(None, "GET", "/me", headers=headers))[0]
