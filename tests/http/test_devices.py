"""Phones and browsers that a push wakes: registered by whoever holds them, and nobody else's afterwards."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.actions import people
from gateway.store import forgetting
from gateway.store.devices import MOST
from gateway.store.forgetting import SILENT_FOR
from tests.adapters.app_push.backend import b64
from tests.adapters.app_push.pushing import fcm
from tests.http.app import HOUR, App
from tests.http.guest import Guest, guest
from tests.http.running import PASSWORD, Desk, password_hash
from tests.standins.fcm import FcmStandIn

P256DH = b64(
    ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
)


def browser(name: str = "one", host: str = "fcm.googleapis.com") -> dict[str, Any]:
    keys = {"p256dh": P256DH, "auth": b64(b"0" * 16)}
    return {"platform": "webpush", "endpoint": f"https://{host}/fcm/send/{name}", "keys": keys}


async def devices(desk: Desk, column: str = "customer_id") -> list[Any]:
    async def query(tx):
        return [row["of"] for row in await tx.all(f"SELECT {column} AS of FROM device ORDER BY id")]

    return await desk.store.read(query)


async def test_a_device_comes_and_goes(app: App, desk: Desk) -> None:
    """It has an id, which stays while it is registered again; removed, it is not there."""
    dana = app.customer()
    status, made = await dana.call("POST", "/devices", browser())
    assert (201, {"id", "platform"}, "webpush") == (status, set(made), made["platform"])
    assert (201, made) == await app.customer().call("POST", "/devices", browser())
    assert (204, 404) == tuple([(await dana.call("DELETE", f"/devices/{made['id']}"))[0] for _ in range(2)])
    assert [] == await devices(desk)


async def test_nobody_elses(app: App, desk: Desk) -> None:
    """Another customer's device, an agent's and a customer's are not there for one another."""
    dana, ann = app.customer(), await guest(desk)
    ids = [(await one.call("POST", "/devices", browser(str(n))))[1]["id"] for n, one in enumerate((dana, ann))]
    ids.append((await desk.call("ana", "POST", "/devices", browser("2")))[1]["id"])
    for n, id_ in enumerate(ids):
        answers = [
            (await dana.call("DELETE", f"/devices/{id_}"))[0] if n != 0 else 404,
            (await ann.call("DELETE", f"/devices/{id_}"))[0] if n != 1 else 404,
            (await desk.call("ana", "DELETE", f"/devices/{id_}"))[0] if n != 2 else 404,
            (await desk.call("ben", "DELETE", f"/devices/{id_}"))[0],
        ]
        assert [404] * 4 == answers
    assert 3 == len(await devices(desk))


async def test_a_device_that_moves(app: App, desk: Desk) -> None:
    """Registered for somebody else, it is theirs, and not the first's any more."""
    dana, rosa = app.customer("dana"), app.customer("rosa")
    _, made = await dana.call("POST", "/devices", browser())
    assert (201, made) == await rosa.call("POST", "/devices", browser())
    assert (404, 204) == tuple([(await one.call("DELETE", f"/devices/{made['id']}"))[0] for one in (dana, rosa)])


async def test_no_more_than_twenty(app: App, desk: Desk) -> None:
    """Of many devices of one customer the last twenty stay, also when they come at once."""
    desk.deps.paces.devices._known = 0  # nobody's pace is remembered
    dana = app.customer()
    for start in range(0, 60, 20):
        await asyncio.gather(*(dana.call("POST", "/devices", browser(str(start + n))) for n in range(20)))
    kept = {int(url.rpartition("/")[2]) for url in await devices(desk, "address")}
    assert (MOST, set(range(40, 60))) == (len(kept), kept)


async def test_how_often(app: App, desk: Desk) -> None:
    """Twenty registrations at once are what a customer or a session has, whatever they bring."""
    for call in (
        lambda n: app.customer().call("POST", "/devices", browser(str(n))),
        lambda n: desk.call("ana", "POST", "/devices", browser(str(n))),
    ):
        answers = [(await call(n))[0] for n in range(21)]
        assert ([201] * 20, [429]) == (answers[:20], answers[20:])


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://127.0.0.1/x"},
        {"endpoint": "https://10.0.0.8/x"},
        {"endpoint": "http://fcm.googleapis.com/x"},
        {"endpoint": "https://fcm.googleapis.com.evil.example/x"},
        {"endpoint": "https://user@fcm.googleapis.com/x"},
        {"endpoint": "file:///etc/passwd"},
        {"endpoint": "x" * 3_000},
        {"endpoint": None},
        {"keys": None},
        {"keys": {"p256dh": "AA", "auth": "AA"}},
        {"keys": {"p256dh": P256DH, "auth": "AA"}},
        {"keys": {"p256dh": P256DH}},
        {"platform": "fcm", "token": "x" * 30},
        {"platform": "pager"},
        {"more": 1},
    ],
)
async def test_what_is_no_device(app: App, desk: Desk, change: dict[str, Any]) -> None:
    """An endpoint that is no push service's, keys that are none, a platform that is not set up: 422."""
    for answer in (
        await app.customer().call("POST", "/devices", browser() | change),
        await (await guest(desk)).call("POST", "/devices", browser() | change),
        await desk.call("ana", "POST", "/devices", browser() | change),
    ):
        assert 422 == answer[0]
    assert 413 == (await app.customer().call("POST", "/devices", browser() | {"endpoint": "x" * 300_000}))[0]


async def test_whose_channel(app: App, desk: Desk) -> None:
    """An app's customer has their own channel's; visitors and agents the first that has the platform."""
    async with FcmStandIn() as google:
        await app.turn_on("app", "zebra", fcm=fcm(google))
        token = {"platform": "fcm", "token": "x" * 30}
        assert 201 == (await app.customer().call("POST", "/devices", token))[0]
        assert 201 == (await (await guest(desk)).call("POST", "/devices", browser()))[0]
        assert ["app", "app"] == await devices(desk, "channel")


async def test_the_key_of_web_push(app: App, desk: Desk) -> None:
    """Customers and agents have the same, and are told by their first question whether there is one; without Web Push
    there is none."""
    ann = await guest(desk)
    key = (await app.customer().call("GET", "/push-key"))[1]["key"]
    assert 87 == len(key)

    async def told() -> list[Any]:
        answers = (
            await ann.call("GET", "/thread"),
            await app.customer().call("GET", "/thread"),
            await desk.call("ana", "GET", "/me"),
        )
        return [shape.get("push") for _, shape in answers]

    assert [{"key": key}] * 3 == await told()
    assert "push" not in (await Guest(desk).call("GET", "/thread"))[1]
    assert (200, {"key": key}) == await ann.call("GET", "/push-key") == await desk.call("ana", "GET", "/push-key")
    await app.turn_on("app", webpush=None)
    assert [None] * 3 == await told()
    assert (404, 404, 404) == (
        (await ann.call("GET", "/push-key"))[0],
        (await app.customer().call("GET", "/push-key"))[0],
        (await desk.call("ana", "GET", "/push-key"))[0],
    )


async def test_strangers(app: App, desk: Desk) -> None:
    """Without a good token there is nothing, not even the key."""
    for one in (Guest(desk), Guest(desk, secrets.token_urlsafe(32)), Guest(desk, "a.b.c")):
        assert [401] * 3 == [
            (await one.call("GET", "/push-key"))[0],
            (await one.call("POST", "/devices", browser()))[0],
            (await one.call("DELETE", "/devices/1"))[0],
        ]
    paths = (("GET", "/push-key", None), ("POST", "/devices", browser()), ("DELETE", "/devices/1", None))
    assert [401] * 3 == [(await desk.call(None, *path))[0] for path in paths]


async def test_ending_a_token_ends_its_devices(app: App, desk: Desk) -> None:
    """Those that were registered under it, and no others; an expired token leaves them."""
    dana = app.customer()
    await dana.call("POST", "/devices", browser("a"))
    await app.customer().call("POST", "/devices", browser("b"))
    await dana.call("DELETE", "/visitors/me")
    assert ["b"] == [url.rpartition("/")[2] for url in await devices(desk, "address")]
    app.pass_(2 * 86_400)
    await desk.store.write(forgetting.forget_expired, desk.clock())
    assert 1 == len(await devices(desk))


async def test_a_visitors_devices(app: App, desk: Desk) -> None:
    """They go on with a renewed token, go with its end, and are not left to whoever is next."""
    ann = await guest(desk)
    await ann.call("POST", "/devices", browser())
    ann.token = (await ann.call("POST", "/visitors/renew"))[1]["token"]
    assert 1 == len(await devices(desk))
    await ann.call("DELETE", "/visitors/me")
    assert [] == await devices(desk)
    bob = await guest(desk)
    await bob.call("POST", "/devices", browser())
    desk.clock.now += SILENT_FOR.days * 86_400_000_000 + HOUR
    await desk.store.write(forgetting.forget_silent, 0, desk.clock())
    assert ([], 401) == (await devices(desk), (await bob.call("GET", "/push-key"))[0])


async def test_an_agents_devices(app: App, desk: Desk) -> None:
    """Signing out, a changed password, an ended token and a disabled account take what was registered under them."""
    await desk.person("cleo", "denver", password_hash=password_hash())
    for number, end in enumerate((None, people.change_password, people.disable_agent)):
        cookie = await _sign_in(desk) if number < 3 else ""
        status, _ = await desk.call(None, "POST", "/devices", browser("session"), cookie)
        assert 201 == status
        await desk.call("cleo", "POST", "/devices", browser("token"))
        if end is None:
            assert 204 == (await desk.call(None, "DELETE", "/session", headers=cookie))[0]
        elif end is people.change_password:
            await desk.store.write(end, "cleo", password_hash(), desk.clock())
        else:
            await desk.store.write(end, "cleo", desk.clock())
        left = 0 if end is people.disable_agent else 1
        assert left == len(await devices(desk))
    await desk.call("ana", "POST", "/devices", browser())
    await desk.store.write(people.revoke_labelled, "ana", "test", desk.clock())
    assert [] == await devices(desk)


async def _sign_in(desk: Desk) -> dict[str, str]:
    """The headers of a browser of ours that is signed in."""
    said = {"login": "cleo", "password": PASSWORD}
    own = {"Origin": desk.deps.settings().public_url}
    async with desk.http.post(f"{desk.url}/api/agent/v1/session", json=said, headers=own) as response:
        assert 200 == response.status
        (morsel,) = response.cookies.values()
    return own | {"Cookie": f"{morsel.key}={morsel.value}"}
