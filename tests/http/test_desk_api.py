"""What makes the console one that can be worked in all day: search, counts, drafts, presence, status."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store import search
from tests.http.running import Desk
from tests.http.test_events import _follow

RENO = {"sender": "+17755550111", "to": "+17755550100"}


async def index(desk: Desk) -> None:
    """What the indexer does behind the hot path."""
    while await desk.store.read(search.behind):
        await desk.store.write(search.index_messages, 50)
        await desk.store.write(search.index_lines, 50)


async def found(desk: Desk, login: str, q: str) -> list[str]:
    status, answer = await desk.call(login, "GET", "/search", params={"q": q})
    assert 200 == status
    return [hit["message"]["body"] for hit in answer["items"]]


async def test_search_finds_words_newest_first(desk: Desk) -> None:
    """A message has every word asked for, folded, the last as a beginning; the newest comes first."""
    for body in ("The STORM took my café's signal", "no storm here", "a stormy night", "quiet"):
        await desk.text(body)
    await index(desk)
    assert ["a stormy night", "no storm here", "The STORM took my café's signal"] == await found(desk, "ana", "storm")
    assert ["The STORM took my café's signal"] == await found(desk, "ana", "storm CAFE sig")
    assert ["no storm here", "The STORM took my café's signal"] == await found(desk, "ana", "storm ")
    assert [] == await found(desk, "ana", "thunder")
    assert [] == await found(desk, "ana", "  ")


async def test_search_stays_in_reach(desk: Desk) -> None:
    """Nobody finds a message or a customer of another team."""
    await desk.text("storm in denver")
    await desk.text("storm in reno", **RENO)
    await index(desk)
    assert ["storm in denver"] == await found(desk, "ana", "storm")
    assert ["storm in reno"] == await found(desk, "ben", "storm")
    _, answer = await desk.call("ana", "GET", "/search", params={"q": "17755550111"})
    assert ([], []) == (answer["items"], answer["customers"])


@pytest.mark.parametrize("q", ["5550142", "0142", "13035550142", "3035550142"])
async def test_search_finds_customers(desk: Desk, q: str) -> None:
    """A customer is found by the number, or by how it ends."""
    await desk.text("hello", sender="+13035550142")
    await index(desk)
    _, answer = await desk.call("ana", "GET", "/search", params={"q": q})
    assert ["+13035550142"] == [row["customer"]["name"] for row in answer["customers"]]


@pytest.mark.parametrize(
    "q", ['"', "AND", "a:b", "-x", "NEAR(a b)", "^a*", "(((", "§", "team§x", "%_", "\u202e x", "a" * 255, "' OR 1=1 --"]
)
async def test_search_takes_any_text(desk: Desk, q: str) -> None:
    """Nothing that is asked for is syntax."""
    await desk.text("hello")
    await index(desk)
    assert [] == await found(desk, "ana", q)


async def test_search_pages(desk: Desk) -> None:
    """Pages follow one another without a gap or a repeat, and customers are on the first only."""
    for number in range(5):
        await desk.text(f"storm {number}")
    await index(desk)
    seen: list[str] = []
    params: dict[str, Any] = {"q": "storm", "limit": 2}
    while True:
        _, answer = await desk.call("ana", "GET", "/search", params=params)
        seen += [hit["message"]["body"] for hit in answer["items"]]
        if "next" not in answer:
            break
        params["cursor"] = answer["next"]
    assert [f"storm {number}" for number in (4, 3, 2, 1, 0)] == seen


async def test_search_without_spaces(desk: Desk) -> None:
    """Scripts written without spaces are found as phrases."""
    await desk.text("明日の午後に電話してください")
    await index(desk)
    assert ["明日の午後に電話してください"] == await found(desk, "ana", "電話")
    assert [] == await found(desk, "ana", "話電")


async def test_counts(desk: Desk) -> None:
    """Each view says how many threads it has."""
    await desk.text("one")
    await desk.text("two", sender="+13035550143")
    await desk.call("ana", "POST", f"/threads/{await desk.thread('ana')}/claim")
    assert (200, {"waiting": 2, "mine": 1, "all": 2}) == await desk.call("ana", "GET", "/counts")
    assert (200, {"waiting": 0, "mine": 0, "all": 0}) == await desk.call("ben", "GET", "/counts")


async def test_drafts(desk: Desk) -> None:
    """A draft is its writer's own, the last one wins unless it says what it goes on from, and an empty one or the reply
    itself drops it."""
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}"
    await desk.person("cleo", "denver")
    for body in ("Hi", "Hi th"):
        assert (204, None) == await desk.call("ana", "PUT", f"{path}/draft", {"body": body})
    assert "Hi th" == (await desk.call("ana", "GET", path))[1]["draft"]
    assert None is (await desk.call("cleo", "GET", path))[1]["draft"]
    assert 404 == (await desk.call("ben", "PUT", f"{path}/draft", {"body": "x"}))[0]
    await desk.call("ana", "PUT", f"{path}/draft", {"body": ""})
    assert None is (await desk.call("ana", "GET", path))[1]["draft"]
    await desk.call("ana", "PUT", f"{path}/draft", {"body": "Hi there"})
    await desk.call("ana", "POST", f"{path}/messages", {"body": "Hi there"})
    assert None is (await desk.call("ana", "GET", path))[1]["draft"]


async def test_a_draft_that_changed_elsewhere(desk: Desk) -> None:
    """Words that go on from an older draft do not replace a newer one; the same words again, and the first ones, do."""
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}"

    async def put(body: str, was: str) -> int:
        return (await desk.call("ana", "PUT", f"{path}/draft", {"body": body, "was": was}))[0]

    assert [204, 204, 204] == [await put("Hi", ""), await put("Hi th", "Hi"), await put("Hi th", "Hi")]
    for body in ("BBB", ""):
        status, refused = await desk.call("ana", "PUT", f"{path}/draft", {"body": body, "was": ""})
        assert (409, "/problems/draft-changed") == (status, refused["type"])
        assert "Hi th" not in str(refused)
    assert "Hi th" == (await desk.call("ana", "GET", path))[1]["draft"]
    assert [204, 204] == [await put("", "Hi th"), await put("BBB", "Hi th")]
    assert "BBB" == (await desk.call("ana", "GET", path))[1]["draft"]


async def test_presence(desk: Desk) -> None:
    """Whoever may see a thread hears who is in it and who is typing; nobody else may say or hear it."""
    await desk.text("hello")
    await desk.person("cleo", "denver")
    path = f"/threads/{await desk.thread('ana')}/presence"
    cleo = await _follow(desk, "cleo")
    ana = {"id": "1", "name": "Ana", "typing": True}
    assert (200, {"people": [ana]}) == await desk.call("ana", "PUT", path, {"state": "typing"})
    event = await cleo.next()
    assert ("presence", [ana], "") == (event["kind"], event["people"], cleo.cursor)
    await desk.call("ana", "PUT", path, {"state": "gone"})
    assert [] == (await cleo.next())["people"]
    assert 404 == (await desk.call("ben", "PUT", path, {"state": "here"}))[0]
    assert 422 == (await desk.call("ana", "PUT", path, {"state": "asleep"}))[0]
    cleo.response.close()


async def test_presence_runs_out(desk: Desk) -> None:
    """Who says nothing more is not typing after a few seconds, and not here after half a minute."""
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}/presence"
    listener = await _follow(desk, "ana")
    await desk.call("ana", "PUT", path, {"state": "typing"})
    assert [True] == [person["typing"] for person in (await listener.next())["people"]]
    desk.clock.now += 7_000_000
    assert [False] == [person["typing"] for person in (await listener.next())["people"]]
    desk.clock.now += 30_000_000
    assert [] == (await listener.next())["people"]
    listener.response.close()


async def test_status(desk: Desk) -> None:
    """An admin sees the configuration, the channels and who has access; nobody else does."""
    await desk.person("dana", role="admin")
    await desk.text("hello")
    await desk.text("nobody's", to="+13035559999")
    status, answer = await desk.call("dana", "GET", "/status")
    channel = {row["name"]: row for row in answer["channels"]}["sms"]
    assert (200, desk.deps.settings().version, []) == (status, answer["version"], answer["faults"])
    assert str(desk.deps.settings().listen) == answer["listen"]
    assert ("twilio_sms", True, 0) == (channel["adapter"], "last_in" in channel, channel["queued"])
    assert "A message came for a number that is not configured." == channel["last_error"]["detail"]
    assert {"ana", "ben", "dana"} <= {person["login"] for person in answer["people"]}
    assert {"dana"} <= {token["login"] for token in answer["tokens"]}
    assert 403 == (await desk.call("ana", "GET", "/status"))[0]


async def test_local_status(desk: Desk) -> None:
    """What `teamline status` reads is on no listener that anyone else could reach."""
    for headers in ({}, {"Host": "127.0.0.1"}):
        async with desk.http.get(f"{desk.url}/status.json", headers=headers) as answer:
            assert 404 == answer.status
