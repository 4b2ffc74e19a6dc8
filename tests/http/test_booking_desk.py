"""Agents book for a customer, move it and cancel it: in their reach, with a credential that may, and known by name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.booking import book, times
from tests.http.guest import guest
from tests.http.running import CUSTOMER, Desk


async def offered(desk: Desk, thread: str, kind: str = "call") -> list[dict[str, Any]]:
    status, found = await desk.call("ana", "GET", f"/threads/{thread}/slots?kind={kind}")
    assert 200 == status
    items: list[dict[str, Any]] = found["items"]
    return items


async def made_for(desk: Desk, **more: Any) -> dict[str, Any]:
    """Booked by Ana for somebody who texts."""
    await desk.text("Please call me")
    thread = await desk.thread("ana")
    asked = {"thread": thread, "slot": (await offered(desk, thread))[0]["id"], "kind": "call"} | more
    status, made = await desk.call("ana", "POST", "/bookings", asked)
    assert 201 == status, made
    booking: dict[str, Any] = made
    return booking


async def test_booked_moved_and_cancelled(desk: Desk) -> None:
    """Each is a quiet line under the agent's name."""
    made = await made_for(desk, about="Router")
    assert ("booked", CUSTOMER, "Router", []) == (made["state"], made["phone"], made["about"], made["rings"])
    assert ("agent", "Ana") == (made["booked_by"]["kind"], made["booked_by"]["name"])
    slots = await offered(desk, made["thread"])
    status, moved = await desk.call("ana", "PATCH", f"/bookings/{made['id']}", {"slot": slots[3]["id"]})
    assert (200, slots[3]["start"], 1) == (status, moved["start"], moved["sequence"])
    status, gone = await desk.call("ana", "DELETE", f"/bookings/{made['id']}")
    assert (200, "cancelled", 2) == (status, gone["state"], gone["sequence"])
    _, page = await desk.call("ana", "GET", f"/threads/{made['thread']}/messages?include=events")
    lines = [(line["what"], line["author"]["name"]) for line in page["items"] if "event" in line]
    assert [("made", "Ana"), ("moved", "Ana"), ("cancelled", "Ana")] == lines


async def test_what_a_customer_booked(desk: Desk) -> None:
    """An agent of their team may move it; the customer sees where it went."""
    ann = await guest(desk)
    first, second = (await times(ann))[:2]
    made = await book(ann, first["id"])
    assert 200 == (await desk.call("ana", "PATCH", f"/bookings/{made['id']}", {"slot": second["id"]}))[0]
    _, seen = await ann.call("GET", f"/bookings/{made['id']}")
    assert (second["start"], 1) == (seen["start"], seen["sequence"])


async def test_out_of_reach(desk: Desk) -> None:
    """Another team's threads and bookings are not there."""
    made = await made_for(desk)
    asked = {"thread": made["thread"], "slot": "call-20261120T1200Z", "kind": "call"}
    path = f"/bookings/{made['id']}"
    answers = [
        (await desk.call("ben", method, place, body))[0]
        for method, place, body in (
            ("POST", "/bookings", asked),
            ("PATCH", path, {"about": "x"}),
            ("DELETE", path, None),
            ("GET", f"/threads/{made['thread']}/slots", None),
        )
    ]
    assert [404] * 4 == answers


async def test_a_token_that_only_reads(desk: Desk) -> None:
    """It shows what there is, and books, moves and cancels nothing."""
    made = await made_for(desk)
    await desk.person("cleo", "denver", may_reply=False)
    asked = {"thread": made["thread"], "slot": (await offered(desk, made["thread"], "chat"))[0]["id"], "kind": "chat"}
    path = f"/bookings/{made['id']}"
    answers = [
        (await desk.call("cleo", method, place, body))[0]
        for method, place, body in (
            ("GET", f"/threads/{made['thread']}/slots", None),
            ("POST", "/bookings", asked),
            ("PATCH", path, {"about": "x"}),
            ("DELETE", path, None),
        )
    ]
    assert [200, 403, 403, 403] == answers


async def test_the_same_key(desk: Desk) -> None:
    """The same request again has the same answer; without the key the customer has one already."""
    await desk.text("Please call me")
    thread = await desk.thread("ana")
    asked = {"thread": thread, "slot": (await offered(desk, thread))[0]["id"], "kind": "call"}
    first = await desk.call("ana", "POST", "/bookings", asked, {"Idempotency-Key": "k"})
    assert (201, first) == (first[0], await desk.call("ana", "POST", "/bookings", asked, {"Idempotency-Key": "k"}))
    status, refused = await desk.call("ana", "POST", "/bookings", asked)
    assert (409, first[1]["id"]) == (status, refused["booking"])


@pytest.mark.parametrize(
    "change", [{"slot": None}, {"now": True, "slot": None}, {"thread": "x"}, {"slot": "x"}, {"phone": "911"}]
)
async def test_what_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    """An agent books a slot, and nothing at once: who wants to call now calls."""
    await desk.text("Please call me")
    thread = await desk.thread("ana")
    asked = {"thread": thread, "slot": (await offered(desk, thread))[0]["id"], "kind": "call"} | change
    asked = {name: value for name, value in asked.items() if value is not None}
    assert 422 == (await desk.call("ana", "POST", "/bookings", asked))[0]


async def test_a_thread_without_a_message(desk: Desk) -> None:
    """Who has only booked can be answered: the reply goes where they booked."""
    ann = await guest(desk)
    await book(ann, (await times(ann))[0]["id"])
    thread = await desk.thread("ana")
    status, _ = await desk.call("ana", "POST", f"/threads/{thread}/messages", {"body": "Until then"})
    assert (202, ["Until then"]) == (status, await ann.heard())
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages?include=events&limit=1")
    assert ["booking.changed", None] == [item.get("event") for item in page["items"]]
