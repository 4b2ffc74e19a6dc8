"""A customer in the company's app: the token that the company signed says who they are, and nothing else does."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from gateway.channels.registry import Channel
from gateway.store import forgetting
from tests.adapters.app_push.backend import Published
from tests.adapters.app_push.bad_tokens import REFUSED
from tests.http.app import HOUR, App, app_on
from tests.http.guest import Guest, guest
from tests.http.running import CUSTOMER, RENO, Desk

DAY = 86_400
HEADERS = {name: bad for name, bad in REFUSED.items() if bad and bad.isascii() and bad.strip() == bad}
"""Those that can stand in a header as they are."""


@pytest.fixture
async def app(desk: Desk) -> App:
    return await app_on(desk)


async def inbox(desk: Desk, login: str = "ana") -> list[dict[str, Any]]:
    _, page = await desk.call(login, "GET", "/threads?view=all")
    return page["items"]


async def opened(desk: Desk, thread: str, login: str = "ana") -> dict[str, Any]:
    status, found = await desk.call(login, "GET", f"/threads/{thread}")
    assert 200 == status
    return found


async def test_writing_and_being_answered(app: App, desk: Desk) -> None:
    """The first contact makes the customer out of what the token says; the answer comes back by the same door."""
    dana = app.customer(name="Dana Reyes")
    await dana.say("No signal since the storm")
    (row,) = await inbox(desk)
    assert ("Dana Reyes", "denver", "app", "app") == (row["customer"]["name"], row["team"], row["channel"], row["kind"])
    status, _ = await desk.call("ana", "POST", f"/threads/{row['id']}/messages", {"body": "We are on it"})
    assert 202 == status
    assert ["No signal since the storm", "We are on it"] == await dana.heard()
    _, page = await desk.call("ana", "GET", f"/threads/{row['id']}/messages")
    assert "delivered" == page["items"][-1]["delivery"]["state"]
    status, facts = await dana.call("GET", "/thread")
    assert (200, {"id": row["customer"]["id"], "name": "Dana Reyes"}, 1) == (status, facts["customer"], facts["unread"])
    assert 0 < facts["accepts"]["max_files"]


async def test_before_anything_is_written(app: App, desk: Desk) -> None:
    """Where there is no web channel at all, an app's customer has facts, an empty thread, and no page of ours."""
    settings = desk.deps.settings()
    alone = [Channel("app", "adapters/app.toml", app, app.settings)]
    await desk.deps.channels.apply(alone, settings.public_url, desk.http)
    dana = app.customer()
    assert 200 == (await dana.call("GET", "/thread"))[0]
    assert (200, []) == ((page := await dana.call("GET", "/messages"))[0], page[1]["items"])
    assert 404 == (await Guest(desk).call("GET", "/thread"))[0]


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


async def test_another_customers_thread(app: App, desk: Desk) -> None:
    """Neither a message nor a file of somebody else is there."""
    dana, rosa = app.customer("dana"), app.customer("rosa")
    theirs = await rosa.say("hello")
    await dana.say("hi")
    assert (404, 404) == (
        (await dana.call("PUT", "/read", {"message": theirs}))[0],
        (await dana.call("PUT", "/received", {"message": theirs}))[0],
    )
    assert ["hi"] == await dana.heard()


async def test_written_in_a_tunnel(app: App, desk: Desk) -> None:
    """A message that is tried five times under the phone's key, by tokens old and new, exists once and in its order."""
    for key, body in (("k1", "one"), ("k2", "two"), ("k1", "one"), ("k3", "three"), ("k2", "two"), ("k1", "one")):
        await app.customer().say(body, Idempotency_Key=key)
    assert ["one", "two", "three"] == await app.customer().heard()
    assert 422 == (await app.customer().call("POST", "/messages", {"body": "other"}, Idempotency_Key="k1"))[0]
    await app.customer("rosa").say("her own", Idempotency_Key="k1")


async def test_a_renewed_token_is_the_same_customer(app: App, desk: Desk) -> None:
    """The newest token's words stand; the customer, the thread and what was read go on."""
    await (dana := app.customer(name="Dana", region="US-CO")).say("hello")
    app.pass_(HOUR)
    assert 401 == (await dana.call("GET", "/messages"))[0]
    assert ["hello"] == await app.customer(name="Dana Reyes", region="US-NV").heard()
    (row,) = await inbox(desk)
    found = await opened(desk, row["id"])
    assert ("Dana Reyes", "US-NV", "denver") == (found["customer"]["name"], found["profile"]["region"], found["team"])


@pytest.mark.parametrize(
    ("said", "team"),
    [
        ({}, "denver"),
        ({"phone": "+17755550111"}, "reno"),
        ({"phone": "+17755550111", "phone_number_verified": True}, "reno"),
        ({"region": "US-ZZ", "phone": "+17755550111"}, "reno"),
        ({"region": "US-ZZ"}, "denver"),
    ],
)
async def test_the_team_of_a_new_customer(app: App, desk: Desk, said: dict[str, object], team: str) -> None:
    """A place says it, else the number, verified or not, else it is the default team."""
    await app.customer(**said).say("hello")
    assert 1 == len(await inbox(desk, {"denver": "ana", "reno": "ben"}[team]))


async def test_a_channel_of_one_team(app: App, desk: Desk) -> None:
    """Where the file names a team, new customers are its."""
    await app.turn_on("app", team="reno")
    await app.customer(phone="+13035550111").say("hello")
    assert (0, 1) == (len(await inbox(desk)), len(await inbox(desk, "ben")))


async def test_a_verified_phone_is_who_texts(app: App, desk: Desk) -> None:
    """Who has texted and comes by the app with that number, verified, writes on in the same thread."""
    await desk.text("by text", to=RENO)
    await app.customer(name="Dana", phone=CUSTOMER, phone_number_verified=True).say("by the app")
    (row,) = await inbox(desk, "ben")
    _, page = await desk.call("ben", "GET", f"/threads/{row['id']}/messages")
    assert ["by text", "by the app"] == [item["body"] for item in page["items"]]
    assert [] == (await opened(desk, row["id"], "ben"))["maybe_same"]


async def test_and_back(app: App, desk: Desk) -> None:
    """Who is known by the app with a verified number, and then texts from it, is the same customer."""
    await app.customer(phone=CUSTOMER, phone_number_verified=True).say("by the app")
    await desk.text("by text")
    (row,) = await inbox(desk)
    _, page = await desk.call("ana", "GET", f"/threads/{row['id']}/messages")
    assert ["by the app", "by text"] == [item["body"] for item in page["items"]]


async def test_a_phone_that_is_not_verified(app: App, desk: Desk) -> None:
    """It moves nobody: each side of it shows the other, as perhaps the same."""
    await desk.text("by text")
    await app.customer(name="Dana", phone=CUSTOMER, postal_code="80202", **{"class": "business"}).say("by the app")
    (newer, older) = await inbox(desk)
    there, here = await opened(desk, newer["id"]), await opened(desk, older["id"])
    assert {
        "phone": CUSTOMER,
        "phone_verified": False,
        "postal_code": "80202",
        "class": "business",
        "seen_at": there["profile"]["seen_at"],
    } == there["profile"]
    same = {"thread": older["id"], "customer": {"id": older["customer"]["id"], "name": CUSTOMER}, "verified": False}
    assert [same] == there["maybe_same"]
    assert ([newer["id"]], "profile" in here) == ([one["thread"] for one in here["maybe_same"]], False)


async def test_what_is_out_of_reach_is_not_shown(app: App, desk: Desk) -> None:
    """A customer of a team that the agent does not see is not shown as perhaps the same."""
    await desk.text("by text", to=RENO)
    await app.customer(phone=CUSTOMER, region="US-CO").say("by the app")
    found = await opened(desk, (await inbox(desk))[0]["id"])
    assert [] == found["maybe_same"]


async def test_verified_later(app: App, desk: Desk) -> None:
    """Whoever has not written joins the one who texts, with the files they were about to send; whoever has, stays."""
    await desk.text("by text")
    rosa = app.customer("rosa", phone=CUSTOMER)
    _, file = await rosa.upload(b"Serial 4711", "serial.txt")
    await app.customer("dana", phone=CUSTOMER).say("mine")
    for sub in ("rosa", "dana"):
        again = app.customer(sub, phone=CUSTOMER, phone_number_verified=True)
        status, _ = await again.call("POST", "/messages", {"body": sub, "attachments": [file["id"]]})
        assert {"rosa": 201, "dana": 422}[sub] == status
    rows = await inbox(desk)
    assert ["rosa", "mine"] == [row["last_message"]["body"] for row in rows]
    assert [[rows[1]["id"]], [rows[0]["id"]]] == [
        [one["thread"] for one in (await opened(desk, row["id"]))["maybe_same"] if one["verified"]] for row in rows
    ]


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


async def test_two_apps(app: App, desk: Desk) -> None:
    """Each app's customers are its own: the audience says whose a token is."""
    both = [
        Channel("app", "adapters/app.toml", app, app.settings),
        Channel("partner", "adapters/partner.toml", app, app.settings.model_copy(update={"audience": "partner"})),
    ]
    settings = desk.deps.settings()
    await desk.deps.channels.apply([*settings.channels.values(), *both], settings.public_url, desk.http)
    await app.customer().say("hello")
    await app.customer(aud="partner").say("hi")
    assert {"app", "partner"} == {row["channel"] for row in await inbox(desk)}


async def test_long_subjects(app: App, desk: Desk) -> None:
    """An id as long as a token may have is a customer of its own, the same under each token."""
    for sub in ("x" * 255, "x" * 254 + "y", "x" * 255):
        await app.customer(sub).say(sub[-1])
    assert [["x", "x"], ["y"]] == [await app.customer("x" * 255).heard(), await app.customer("x" * 254 + "y").heard()]


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


async def test_how_often_is_the_customers(app: App, desk: Desk) -> None:
    """New tokens give a customer no more messages in a minute."""
    answers = [(await app.customer().call("POST", "/messages", {"body": "x"}))[0] for _ in range(61)]
    assert ([201] * 60, [429]) == (answers[:60], answers[60:])
    assert 201 == (await app.customer("rosa").call("POST", "/messages", {"body": "x"}))[0]


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
