"""What one customer and one address may send: more than people do, less than fills a disk; nobody else is slowed."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest

from gateway.errors import TooMany
from gateway.http.pace import Bound, Pace, Paces
from tests.http.guest import CUSTOMER_API, Guest, guest
from tests.http.running import Desk, running

SECOND = 1_000_000
HERE, THERE = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Behind a proxy, with bounds that are met soon."""
    paces = Paces(
        messages_of_one=Pace(Bound(3, 60), "slowly"),
        messages=Pace(Bound(5, 60), "slowly"),
        uploads=Pace(Bound(4, 900), "slowly"),
        upload_bytes=Pace(Bound(1_000, 1_000), "slowly"),
    )
    async with running(tmp_path, paces=paces) as desk:
        settings = dataclasses.replace(desk.deps.settings(), trusted_proxies=(ip_network("127.0.0.0/8"),))
        object.__setattr__(desk.deps, "settings", lambda: settings)
        await desk.person("ana", "denver")
        yield desk


async def at(desk: Desk, place: dict[str, str]) -> Guest:
    one = await guest(desk)
    one.headers = place
    return one


async def says(one: Guest) -> int:
    return (await one.call("POST", "/messages", {"body": "hello"}))[0]


async def test_a_customer_writes_at_a_persons_pace(desk: Desk) -> None:
    """Past the bound a customer waits for as long as the answer says, and others go on."""
    ann, bob = await at(desk, HERE), await at(desk, THERE)
    assert [201, 201, 201, 429] == [await says(ann) for _ in range(4)]
    assert 201 == await says(bob)
    headers = ann.headers | {"Authorization": f"Bearer {ann.token}"}
    async with desk.http.post(f"{desk.url}{CUSTOMER_API}/messages", json={"body": "hello"}, headers=headers) as refused:
        assert (429, "20") == (refused.status, refused.headers["Retry-After"])
    desk.clock.now += 20 * SECOND
    assert [201, 429] == [await says(ann) for _ in range(2)]


async def test_an_address_writes_at_the_pace_of_several(desk: Desk) -> None:
    """Many customers behind one address have a bound together; those elsewhere have their own."""
    crowd = [await at(desk, HERE) for _ in range(4)]
    told = [await says(one) for _ in range(2) for one in crowd]
    assert [201] * 5 + [429] * 3 == told
    assert 201 == await says(await at(desk, THERE))


async def test_uploads_of_an_address_are_counted(desk: Desk) -> None:
    """However many visitors an address is, it uploads so many files in a while."""
    crowd = [await at(desk, HERE) for _ in range(5)]
    assert [201] * 4 + [429] == [(await one.upload(b"a text", "a.txt"))[0] for one in crowd]
    assert 201 == (await (await at(desk, THERE)).upload(b"a text", "a.txt"))[0]


async def test_uploads_of_an_address_are_weighed(desk: Desk) -> None:
    """So many bytes of them; what was refused weighs nothing."""
    ann, bob = await at(desk, HERE), await at(desk, HERE)
    assert 415 == (await ann.call("POST", "/attachments", {}))[0]
    assert [201, 429] == [(await one.upload(b"x" * 600, "a.txt"))[0] for one in (ann, bob)]
    desk.clock.now += 800 * SECOND
    assert 201 == (await bob.upload(b"x" * 600, "a.txt"))[0]


async def test_agents_have_no_such_bound(desk: Desk) -> None:
    """An office of agents is one address, and known."""
    for number in range(6):
        form = aiohttp.FormData({"file": io.BytesIO(b"x" * 400 + b"%d" % number)})
        assert 201 == (await desk.call("ana", "POST", "/attachments", data=form))[0]


def test_the_oldest_is_forgotten() -> None:
    """What is remembered is bounded too: the one who was silent longest is forgotten first."""
    pace = Pace(Bound(1, 60), "slowly", known=2)
    for who in "abc":
        pace.take(who, 0)
    pace.take("a", 0)
    with pytest.raises(TooMany):
        pace.take("c", 0)
