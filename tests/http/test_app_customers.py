"""A customer in the company's app: the token that the company signed says who they are, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.channels.registry import Channel
from tests.http.app import HOUR, App
from tests.http.guest import Guest
from tests.http.running import CUSTOMER, RENO, Desk


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


async def test_how_often_is_the_customers(app: App, desk: Desk) -> None:
    """New tokens give a customer no more messages in a minute."""
    answers = [(await app.customer().call("POST", "/messages", {"body": "x"}))[0] for _ in range(61)]
    assert ([201] * 60, [429]) == (answers[:60], answers[60:])
    assert 201 == (await app.customer("rosa").call("POST", "/messages", {"body": "x"}))[0]
