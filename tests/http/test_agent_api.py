"""The agents' API by its paths: what each does and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.actions import people
from gateway.store.credentials import secret_hash
from tests.http.running import CUSTOMER, DENVER, Desk


async def test_me(desk: Desk) -> None:
    """One's own name, role and teams."""
    expected = {
        "id": "1",
        "login": "ana",
        "name": "Ana",
        "display_name": "Ana",
        "role": "agent",
        "may_reply": True,
        "teams": [{"id": "denver", "name": "Front Range", "zone": "America/Denver"}],
        "away": False,
        "phone": None,
    }
    assert (200, expected) == await desk.call("ana", "GET", "/me")


async def test_text_reaches_inbox(desk: Desk) -> None:
    """A text is in the inbox of the team whose number it was sent to, waiting and unread."""
    assert 200 == await desk.text("hello there")
    _, inbox = await desk.call("ana", "GET", "/threads")
    (row,) = inbox["items"]
    assert ("hello there", "denver", 1) == (row["last_message"]["body"], row["team"], row["unread"])
    assert {"items", "feed"} == inbox.keys()


async def test_thread(desk: Desk) -> None:
    """A thread says its team's name, the customer's identities and where a reply goes."""
    await desk.text("hello")
    status, thread = await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}")
    reply_to = {"channel": "sms", "endpoint": DENVER, "address": CUSTOMER, "max_body": 1600}
    assert (200, "Front Range", reply_to) == (status, thread["team_name"], thread["reply_to"])
    assert [{"kind": "sms", "address": CUSTOMER, "channel": "sms"}] == thread["identities"]


async def test_reply(desk: Desk) -> None:
    """A reply is accepted with its author and a queued delivery, and ends the customer's waiting."""
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}/messages"
    status, message = await desk.call("ana", "POST", path, {"body": "hello yourself"})
    assert (202, "out", "Ana", "queued") == (
        status,
        message["direction"],
        message["author"]["name"],
        message["delivery"]["state"],
    )
    _, waiting = await desk.call("ana", "GET", "/threads?view=waiting")
    assert [] == waiting["items"]


async def test_note(desk: Desk) -> None:
    """A note is made at once, and listed only for those who ask for notes."""
    await desk.text("hello")
    thread = await desk.thread("ana")
    status, note = await desk.call("ana", "POST", f"/threads/{thread}/notes", {"body": "a regular"})
    assert (201, "note") == (status, note["direction"])
    _, plain = await desk.call("ana", "GET", f"/threads/{thread}/messages")
    _, full = await desk.call("ana", "GET", f"/threads/{thread}/messages?include=notes,events")
    assert (["in"], ["in", "note"]) == (_directions(plain), _directions(full))


async def test_claim_release_done(desk: Desk) -> None:
    """Claiming, releasing and being done answer with the row as it then stands, each with a quiet line."""
    await desk.text("hello")
    thread = await desk.thread("ana")
    status, row = await desk.call("ana", "POST", f"/threads/{thread}/claim")
    assert (200, {"id": "1", "name": "Ana"}) == (status, row["claimed_by"])
    status, row = await desk.call("ana", "POST", f"/threads/{thread}/release")
    assert (200, False) == (status, "claimed_by" in row)
    status, row = await desk.call("ana", "POST", f"/threads/{thread}/done")
    assert (200, True, False) == (status, "done_at" in row, "waiting_since" in row)
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages?include=events")
    kinds = [item["event"] for item in page["items"] if "event" in item]
    assert ["thread.claimed", "thread.released", "thread.done"] == kinds


async def test_done_with_what_was_seen(desk: Desk) -> None:
    """Done names the newest message seen: an older one is refused with 409, `{}` and no body at all name none."""
    await desk.text("one")
    thread = await desk.thread("ana")
    path = f"/threads/{thread}/done"
    await desk.text("two")
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages")
    first, second = (item["id"] for item in page["items"])
    status, problem = await desk.call("ana", "POST", path, {"message": first})
    assert (409, "the customer has written again") == (status, problem["detail"])
    _, row = await desk.call("ana", "GET", f"/threads/{thread}")
    assert (False, True) == ("done_at" in row, "waiting_since" in row)
    assert 422 == (await desk.call("ana", "POST", path, {"message": "first"}))[0]
    assert 422 == (await desk.call("ana", "POST", path, {"messages": second}))[0]
    for body in ({"message": second}, {}, None):
        status, row = await desk.call("ana", "POST", path, body)
        assert (200, True) == (status, "done_at" in row)
        await desk.text("and another thing")
        _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages")
        second = page["items"][-1]["id"]


async def test_read(desk: Desk) -> None:
    """Reading up to a message leaves what came after it unread."""
    await desk.text("one")
    await desk.text("two")
    thread = await desk.thread("ana")
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages")
    first = page["items"][0]["id"]
    status, row = await desk.call("ana", "PUT", f"/threads/{thread}/read", {"message": first})
    assert (200, 1) == (status, row["unread"])


async def test_pages_of_messages(desk: Desk) -> None:
    """`next` goes on in the direction asked for, until there is nothing more."""
    for number in range(5):
        await desk.text(f"message {number}")
    path = f"/threads/{await desk.thread('ana')}/messages?limit=2"
    seen: list[str] = []
    _, page = await desk.call("ana", "GET", path)
    while "next" in page:
        seen = _bodies(page) + seen
        _, page = await desk.call("ana", "GET", f"{path}&before={page['next']}")
    assert [f"message {number}" for number in range(5)] == _bodies(page) + seen


async def test_pages_of_inbox(desk: Desk) -> None:
    """An inbox pages with its cursor, which is good for its own view only."""
    for number in range(3):
        await desk.text("hello", sender=f"+1720555011{number}")
    _, first = await desk.call("ana", "GET", "/threads?view=all&limit=2")
    _, second = await desk.call("ana", "GET", f"/threads?view=all&limit=2&cursor={first['next']}")
    assert (2, 1, False) == (len(first["items"]), len(second["items"]), "next" in second)
    assert 422 == (await desk.call("ana", "GET", f"/threads?view=waiting&cursor={first['next']}"))[0]


async def test_retry_and_settle(desk: Desk) -> None:
    """Only a message that failed or whose fate is unknown can be decided on: 409 otherwise, by its own type."""
    await desk.text("hello")
    _, message = await desk.call("ana", "POST", f"/threads/{await desk.thread('ana')}/messages", {"body": "hi"})
    for verb, body in (("retry", None), ("settle", {"state": "sent"})):
        status, problem = await desk.call("ana", "POST", f"/messages/{message['id']}/{verb}", body)
        assert (409, "/problems/illegal-move") == (status, problem["type"])


PATHS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("GET", "/messages", None),
    ("POST", "/messages", {"body": "hello"}),
    ("POST", "/notes", {"body": "hello"}),
    ("POST", "/claim", None),
    ("POST", "/release", None),
    ("POST", "/done", None),
    ("PUT", "/read", {"message": "1"}),
]


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_other_team(desk: Desk, method: str, path: str, body: Any) -> None:
    """What belongs to another team looks like what is not there."""
    await desk.text("hello")
    thread = await desk.thread("ana")
    theirs = await desk.call("ben", method, f"/threads/{thread}{path}", body)
    nobodys = await desk.call("ben", method, f"/threads/999{path}", body)
    assert (404, nobodys) == (theirs[0], theirs)


@pytest.mark.parametrize("verb", ["retry", "settle"])
async def test_other_teams_message(desk: Desk, verb: str) -> None:
    """Nobody decides on a message of another team."""
    await desk.text("hello")
    _, message = await desk.call("ana", "POST", f"/threads/{await desk.thread('ana')}/messages", {"body": "hi"})
    status, _ = await desk.call("ben", "POST", f"/messages/{message['id']}/{verb}", {"state": "sent"})
    assert 404 == status


async def test_other_teams_inbox(desk: Desk) -> None:
    """Naming another team in the query shows nothing of it."""
    await desk.text("hello")
    assert [] == (await desk.call("ben", "GET", "/threads?view=all&team=denver"))[1]["items"]


async def test_token_that_may_not_reply(desk: Desk) -> None:
    """A token made without --may-reply reads and writes notes, and gets 403 for a reply."""
    await desk.person("robin", "denver", may_reply=False)
    await desk.text("hello")
    thread = await desk.thread("robin")
    assert 201 == (await desk.call("robin", "POST", f"/threads/{thread}/notes", {"body": "a note"}))[0]
    assert 403 == (await desk.call("robin", "POST", f"/threads/{thread}/messages", {"body": "a reply"}))[0]


async def test_no_credential(desk: Desk) -> None:
    """Without a credential the answer is 401, says how to authenticate, and is the same for any id."""
    async with desk.http.get(f"{desk.url}/api/agent/v1/threads/nonsense") as response:
        assert (401, 'Bearer realm="teamline"') == (response.status, response.headers["WWW-Authenticate"])


async def test_unknown_token(desk: Desk) -> None:
    """A token that nobody has, and a scheme that is not ours, get 401."""
    for value in ("Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer \u00fc"):
        assert 401 == (await desk.call(None, "GET", "/me", headers={"Authorization": value}))[0]


async def test_disabled(desk: Desk) -> None:
    """The token of a person who was disabled opens nothing."""
    await desk.store.write(people.disable_agent, "ana", desk.clock())
    assert 401 == (await desk.call("ana", "GET", "/me"))[0]


async def test_expired_session(desk: Desk) -> None:
    """A session ends after thirty days."""
    desk.tokens["late"] = "a-session"
    await desk.store.write(_open_session, secret_hash("a-session"), desk.clock() + 1_000_000)
    assert 200 == (await desk.call("late", "GET", "/me"))[0]
    desk.clock.now += 1_000_000
    assert 401 == (await desk.call("late", "GET", "/me"))[0]


async def _open_session(tx: Any, secret: bytes, until: int) -> None:
    await tx.run(
        """INSERT INTO credential (agent_id, kind, secret_hash, may_reply, created_at, expires_at)
           VALUES (1, 'session', ?1, 1, 0, ?2)""",
        secret,
        until,
    )


def _directions(page: Any) -> list[str]:
    return [item["direction"] for item in page["items"] if "direction" in item]


def _bodies(page: Any) -> list[str]:
    return [item["body"] for item in page["items"]]


async def test_reply_reads_back(desk: Desk) -> None:
    """What a reply is answered with is what everybody reads afterwards, to the last field."""
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}/messages"
    _, told = await desk.call("ana", "POST", path, {"body": "hello yourself"})
    _, page = await desk.call("ana", "GET", path)
    assert told == page["items"][-1]
