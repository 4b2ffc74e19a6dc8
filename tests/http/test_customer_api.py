"""A customer on the web: becomes a visitor, writes, reads, comes back; and sees nobody else's thread."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.actions.customer_visit import MOST_VISITORS
from gateway.store.visitors import LASTS
from tests.http.guest import CUSTOMER_API, Guest, guest
from tests.http.running import Desk

MICROSECOND = timedelta(microseconds=1)


async def state(desk: Desk, thread: str) -> list[str]:
    """What agents see of the deliveries in a thread."""
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages")
    return [item["delivery"]["state"] for item in page["items"] if item["direction"] == "out"]


async def test_a_visitor_writes_and_the_team_answers(desk: Desk) -> None:
    """The message is a thread of the default team; the answer comes back under the agent's display name alone."""
    ann = await guest(desk)
    first = await ann.say("No signal since the storm")
    thread = await desk.thread("ana")
    await desk.call("ana", "POST", f"/threads/{thread}/notes", {"body": "third time this week"})
    status, _ = await desk.call("ana", "POST", f"/threads/{thread}/messages", {"body": "We are on it"})
    assert 202 == status
    _, page = await ann.call("GET", "/messages")
    mine, theirs = page["items"]
    assert (first, "in", {"kind": "customer"}) == (mine["id"], mine["direction"], mine["author"])
    assert ("We are on it", "out", {"kind": "agent", "name": "Ana"}) == (
        theirs["body"],
        theirs["direction"],
        theirs["author"],
    )
    assert {"id", "direction", "author", "body", "attachments", "at"} == set(theirs)


async def test_a_message_comes_once(desk: Desk) -> None:
    """The same key gives the same message; with other words it is refused; another customer's key is their own."""
    ann, bob = await guest(desk), await guest(desk)
    first = await ann.call("POST", "/messages", {"body": "hello"}, Idempotency_Key="k")
    assert first == await ann.call("POST", "/messages", {"body": "hello"}, Idempotency_Key="k")
    assert 422 == (await ann.call("POST", "/messages", {"body": "other"}, Idempotency_Key="k"))[0]
    await bob.say("hello", Idempotency_Key="k")
    assert (["hello"], ["hello"]) == (await ann.heard(), await bob.heard())


async def test_without_a_key_everything_is_new(desk: Desk) -> None:
    """Who sends no key says the same thing twice."""
    ann = await guest(desk)
    assert await ann.say("hello") != await ann.say("hello")


@pytest.mark.parametrize("body", ["", "  \n", "\u200b", " \u2060\ufeff\n", "x" * 16_001, "a\x00b", None, 7])
async def test_what_is_no_text_is_refused(desk: Desk, body: object) -> None:
    """Empty, too long, not storable, or not text."""
    ann = await guest(desk)
    assert 422 == (await ann.call("POST", "/messages", {"body": body}))[0]


async def test_what_was_fetched_and_read_is_known(desk: Desk) -> None:
    """The delivery moves when the page has it, then when it is read; never back, and nothing when said again."""
    ann = await guest(desk)
    await ann.say("hello")
    thread = await desk.thread("ana")
    ids = []
    for body in ("one", "two", "three"):
        _, message = await desk.call("ana", "POST", f"/threads/{thread}/messages", {"body": body})
        ids.append(message["id"])
    assert ["queued"] * 3 == await state(desk, thread)
    assert 204 == (await ann.call("PUT", "/received", {"message": ids[0]}))[0]
    assert ["delivered", "queued", "queued"] == await state(desk, thread)
    await ann.call("GET", "/messages?limit=2")
    assert ["delivered"] * 3 == await state(desk, thread)
    assert (200, {"read": ids[1], "unread": 1}) == await ann.call("PUT", "/read", {"message": ids[1]})
    events = await _events(desk)
    assert (200, {"read": ids[1], "unread": 1}) == await ann.call("PUT", "/read", {"message": ids[0]})
    assert 204 == (await ann.call("PUT", "/received", {"message": ids[2]}))[0]
    await ann.call("GET", "/messages")
    assert ["read", "read", "delivered"] == await state(desk, thread)
    assert events == await _events(desk)
    _, facts = await ann.call("GET", "/thread")
    assert (ids[1], 1) == (facts["read"], facts["unread"])


async def _events(desk: Desk) -> int:
    async def count(tx):
        return (await tx.one("SELECT sum(event_seq) AS n FROM team"))["n"]

    return await desk.store.read(count)


async def test_marks_are_for_ones_own_thread(desk: Desk) -> None:
    """A message that the thread has not come to is not there, and neither is a thread that was never written."""
    ann, bob = await guest(desk), await guest(desk)
    assert 404 == (await ann.call("PUT", "/read", {"message": "1"}))[0]
    await ann.say("hello")
    theirs = await bob.say("hello")
    for _ in range(2):  # then with a later one of her own
        assert [404, 404] == [(await ann.call("PUT", path, {"message": theirs}))[0] for path in ("/read", "/received")]
        await ann.say("hello again")


async def test_pages(desk: Desk) -> None:
    """A long thread is read page by page in both directions, oldest first within each."""
    ann = await guest(desk)
    for number in range(5):
        await ann.say(str(number))
    _, newest = await ann.call("GET", "/messages?limit=2")
    _, before = await ann.call("GET", f"/messages?limit=2&before={newest['next']}")
    _, after = await ann.call("GET", f"/messages?limit=2&after={before['items'][-1]['id']}")
    assert [["3", "4"], ["1", "2"], ["3", "4"]] == [
        [item["body"] for item in page["items"]] for page in (newest, before, after)
    ]
    assert "next" not in after
    assert 422 == (await ann.call("GET", "/messages?before=1&after=2"))[0]


async def test_everyone_has_a_thread_of_their_own(desk: Desk) -> None:
    """Of many visitors and texters each finds what they wrote and were told, and never another's."""
    people = [await guest(desk) for _ in range(12)]
    for turn in range(3):
        for number, one in enumerate(people):
            await one.say(f"web {number} {turn}")
            await desk.text(f"text {number} {turn}", sender=f"+1720555{number:04}")
    _, inbox = await desk.call("ana", "GET", "/threads?view=all&limit=100")
    assert 24 == len(inbox["items"])
    for row in inbox["items"]:
        await desk.call("ana", "POST", f"/threads/{row['id']}/messages", {"body": f"re {row['last_message']['body']}"})
    for number, one in enumerate(people):
        assert [*(f"web {number} {turn}" for turn in range(3)), f"re web {number} 2"] == await one.heard()


async def test_facts_are_open_to_all(desk: Desk) -> None:
    """Whose page it is, when people are there and when they last wrote; who has no token has no thread."""
    status, facts = await Guest(desk).call("GET", "/thread")
    assert (200, {"id": "denver", "name": "Front Range"}) == (status, facts["team"])
    assert (True, "America/Denver", 0, "-") == (facts["open"], facts["timezone"], facts["unread"], facts["feed"])
    assert {"customer", "last_reply", "team_last_reply", "open_until"} & set(facts) == set()
    ann, bob = await guest(desk), await guest(desk)
    await ann.say("hello")
    await desk.call("ana", "POST", f"/threads/{await desk.thread('ana')}/messages", {"body": "hi"})
    for one, keys in ((ann, {"customer", "last_reply", "team_last_reply"}), (bob, {"customer", "team_last_reply"})):
        _, facts = await one.call("GET", "/thread")
        assert keys == {"customer", "last_reply", "team_last_reply"} & set(facts)
    assert 404 == (await Guest(desk).call("GET", "/thread?channel=sms"))[0]


@pytest.mark.parametrize("how", ["forged", "expired", "ended", "replaced", "an agent's", "empty", "basic"])
async def test_a_token_that_is_not_good(desk: Desk, how: str) -> None:
    """Nothing is read or written under it, and all of them look alike."""
    ann = await guest(desk)
    await ann.say("hello")
    match how:
        case "forged":
            ann.token = ann.token[:-1] + ("A" if ann.token[-1] != "A" else "B")
        case "expired":
            desk.clock.now += LASTS // MICROSECOND + 1
        case "ended":
            assert 204 == (await ann.call("DELETE", "/visitors/me"))[0]
        case "replaced":
            assert 201 == (await ann.call("POST", "/visitors/renew"))[0]
        case "an agent's":
            ann.token = desk.tokens["ana"]
        case "empty":
            ann.token, ann.headers = "", {"Authorization": "Bearer "}
        case _:
            ann.token, ann.headers = "", {"Authorization": "Basic YTpi"}
    calls = [
        ("GET", "/thread", None),
        ("GET", "/messages", None),
        ("GET", "/events", None),
        ("POST", "/messages", {"body": "x"}),
        ("PUT", "/read", {"message": "1"}),
        ("POST", "/visitors/renew", None),
        ("DELETE", "/visitors/me", None),
    ]
    assert [401] * len(calls) == [(await ann.call(*call))[0] for call in calls]


async def test_a_customer_is_no_agent(desk: Desk) -> None:
    """A visitor's token opens nothing of the desk's."""
    ann = await guest(desk)
    await ann.say("hello")
    headers = {"Authorization": f"Bearer {ann.token}"}
    paths = ("/me", "/threads", "/threads/1/messages", "/events", "/search?q=hello")
    assert [401] * 5 == [(await desk.call(None, "GET", path, headers=headers))[0] for path in paths]


async def test_one_bad_token_does_not_stop_the_others(desk: Desk) -> None:
    """Messages that wait together are one transaction, and each has its own answer."""
    ann, eve = await guest(desk), Guest(desk, "forged")
    said = [one.call("POST", "/messages", {"body": "x"}) for one in (ann, eve) * 10]
    assert [201, 401] * 10 == [status for status, _ in await asyncio.gather(*said)]


async def test_a_token_comes_back_as_another(desk: Desk) -> None:
    """A renewed token is the same customer's, with what was said before."""
    ann = await guest(desk)
    await ann.say("hello")
    _, answer = await ann.call("POST", "/visitors/renew")
    again = Guest(desk, answer["token"])
    assert ["hello"] == await again.heard()


async def test_writing_keeps_a_token_alive(desk: Desk) -> None:
    """Who writes within the time has all of it again."""
    ann = await guest(desk)
    await ann.say("hello")
    desk.clock.now += LASTS // MICROSECOND - 60_000_000
    await ann.say("still here")
    desk.clock.now += LASTS // MICROSECOND - 60_000_000
    assert ["hello", "still here"] == await ann.heard()


async def test_visitors_of_one_address_are_bounded(desk: Desk) -> None:
    """Past the bound an address makes no more for a while; other addresses and those who are visitors go on."""
    ann = await guest(desk)
    for _ in range(MOST_VISITORS - 1):
        await guest(desk)
    async with desk.http.post(desk.url + CUSTOMER_API + "/visitors", json={}) as refused:
        assert (429, "900") == (refused.status, refused.headers["Retry-After"])
    await ann.say("I am here already")
    desk.clock.now += 15 * 60_000_000
    await guest(desk)
