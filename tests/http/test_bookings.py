"""A customer books a time of their own: sees what there is, books, moves and cancels; once, and nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.domain.instant import from_micros
from tests.http.booking import PHONE, book, listed, times
from tests.http.guest import Guest, guest
from tests.http.running import CUSTOMER, Desk

SECOND = 1_000_000


async def test_a_visitor_books_moves_and_cancels(desk: Desk) -> None:
    """They need not have written: the booking makes their thread, which the team sees with one quiet line for each."""
    ann = await guest(desk)
    first, second = (await times(ann))[:2]
    assert {"id", "start", "end", "kind", "left"} == set(first)
    made = await book(ann, first["id"], about="The storm", zone="America/New_York")
    assert (first["start"], first["end"], "booked", 0) == (made["start"], made["end"], made["state"], made["sequence"])
    assert ("The storm", PHONE, "America/New_York") == (made["about"], made["phone"], made["zone"])
    assert (["move", "cancel"], [made["id"]]) == (made["can"], await listed(ann))
    status, moved = await ann.call("PATCH", f"/bookings/{made['id']}", {"slot": second["id"], "about": "Two storms"})
    assert (200, second["start"], 1, "Two storms") == (status, moved["start"], moved["sequence"], moved["about"])
    status, gone = await ann.call("DELETE", f"/bookings/{made['id']}")
    assert (200, "cancelled", 2, []) == (status, gone["state"], gone["sequence"], gone["can"])
    assert (200, 2) == ((again := await ann.call("DELETE", f"/bookings/{made['id']}"))[0], again[1]["sequence"])
    thread = await desk.thread("ana")
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages?include=events")
    lines = [(line["event"], line["what"], line["form"], line["author"]["kind"]) for line in page["items"]]
    assert [("booking.changed", what, "call", "customer") for what in ("made", "moved", "cancelled")] == lines
    _, inbox = await desk.call("ana", "GET", "/threads?view=all")
    assert ["web"] == [row["channel"] for row in inbox["items"]]


async def test_what_a_slot_has_left(desk: Desk) -> None:
    """A booking takes a place of its kind; the last one taken, the next times are told, and a cancellation frees it."""
    ann, bob, cleo = await guest(desk), await guest(desk), await guest(desk)
    first, second = (await times(ann))[:2]
    made = await book(ann, first["id"])
    assert 1 == (await times(cleo))[0]["left"]
    await book(bob, first["id"])
    status, full = await cleo.call("POST", "/bookings", {"slot": first["id"], "kind": "call", "phone": PHONE})
    assert (409, "/problems/slot-full") == (status, full["type"])
    assert (second["id"], 5) == (full["slots"][0]["id"], len(full["slots"]))
    assert [] == await listed(cleo)
    await ann.call("DELETE", f"/bookings/{made['id']}")
    await book(cleo, first["id"])


async def test_two_tabs(desk: Desk) -> None:
    """At the same moment for the same customer, one of them books; the other is told which one is open."""
    ann = await guest(desk)
    slots = await times(ann)
    asked = [ann.call("POST", "/bookings", {"slot": one["id"], "kind": "call", "phone": PHONE}) for one in slots[:2]]
    answers = sorted(await asyncio.gather(*asked), key=lambda one: one[0])
    assert [201, 409] == [status for status, _ in answers]
    assert ("/problems/already-booked", answers[0][1]["id"]) == (answers[1][1]["type"], answers[1][1]["booking"])
    await book(ann, (await times(ann, "chat"))[0]["id"], "chat")


async def test_the_same_key(desk: Desk) -> None:
    """The same request again has the same answer; another under its key is refused."""
    ann = await guest(desk)
    asked = {"slot": (await times(ann))[0]["id"], "kind": "call", "phone": PHONE}
    first = await ann.call("POST", "/bookings", asked, Idempotency_Key="k")
    again = await ann.call("POST", "/bookings", asked, Idempotency_Key="k")
    assert (201, first) == (first[0], again)
    other = await ann.call("POST", "/bookings", asked | {"about": "else"}, Idempotency_Key="k")
    assert (422, 1) == (other[0], len(await listed(ann)))


async def test_another_customers(desk: Desk) -> None:
    """What is not theirs is not there, whatever they ask of it."""
    ann, bob = await guest(desk), await guest(desk)
    slots = await times(ann)
    made = await book(ann, slots[0]["id"])
    path = f"/bookings/{made['id']}"
    for method, body in (("GET", None), ("PATCH", {"slot": slots[1]["id"]}), ("DELETE", None)):
        assert 404 == (await bob.call(method, path, body))[0]
    assert (404, 404) == ((await bob.call("GET", f"{path}.ics"))[0], (await bob.call("GET", "/bookings/x"))[0])
    assert (200, made["start"]) == ((mine := await ann.call("GET", path))[0], mine[1]["start"])
    assert 401 == (await Guest(desk).call("GET", path))[0]


@pytest.mark.parametrize(
    ("ahead", "reason"),
    [
        (-3_600, "past"),
        (1_800, "too_soon"),
        (20 * 86_400, "too_far"),
        (86_400 + 60, "not_offered"),
    ],
)
async def test_a_slot_that_cannot_be_booked(desk: Desk, ahead: int, reason: str) -> None:
    """Past, too soon, too far and never offered are told apart, with what can be booked."""
    ann = await guest(desk)
    grid = 1_800 * SECOND
    at = from_micros(desk.clock() // grid * grid + ahead * SECOND)
    asked = {"slot": f"call-{at:%Y%m%dT%H%MZ}", "kind": "call", "phone": PHONE}
    status, refused = await ann.call("POST", "/bookings", asked)
    assert (422, reason) == (status, refused["reason"])
    assert 5 == len(refused["slots"])
    assert [] == await listed(ann)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"slot": "call-20260231T1000Z"}, "that is not the id of a slot"),
        ({"slot": None}, "give slot or now"),
        ({"now": True}, "give slot or now"),
        ({"kind": "chat"}, "of the other kind"),
        ({"zone": "America/Atlantis"}, "that is no time zone"),
        ({"zone": "posixrules"}, "that is no time zone"),
        ({"about": "x" * 501}, "about: this has more than 500 characters"),
        ({"phone": None}, "a call needs a number"),
        ({"phone": "911"}, "emergency number"),
        ({"phone": "+19005550100"}, "premium-rate"),
        ({"phone": "+1 303 555 0111 ext. 9"}, "no telephone number that we can read"),
        ({"phone": "+13035550100"}, "our own"),
        ({"phone": "+11115550100"}, "no such"),
        ({"more": 1}, "more"),
    ],
)
async def test_what_is_refused(desk: Desk, change: dict[str, Any], why: str) -> None:
    """With a reason in words, which never repeats the number."""
    ann = await guest(desk)
    asked = {"slot": (await times(ann))[0]["id"], "kind": "call", "phone": PHONE} | change
    status, refused = await ann.call("POST", "/bookings", {name: one for name, one in asked.items() if one is not None})
    assert 422 == status
    assert why in refused["detail"]
    assert str(change.get("phone", "none")) not in refused["detail"]
    assert [] == await listed(ann)


async def test_a_chat_needs_no_phone(desk: Desk) -> None:
    """And takes none."""
    ann = await guest(desk)
    slot = (await times(ann, "chat"))[0]["id"]
    assert 422 == (await ann.call("POST", "/bookings", {"slot": slot, "kind": "chat", "phone": PHONE}))[0]
    assert "phone" not in await book(ann, slot, "chat")


async def test_a_number_as_people_write_it(desk: Desk) -> None:
    """It is kept as E.164."""
    ann = await guest(desk)
    assert PHONE == (await book(ann, (await times(ann))[0]["id"], phone="+1 (720) 555-0123"))["phone"]


async def test_call_me_now(desk: Desk) -> None:
    """While somebody could be rung it rings from the start, takes no slot, and can be cancelled."""
    ann = await guest(desk)
    _, before = await ann.call("GET", "/slots?kind=call")
    assert before["now"] == {"call": True}
    status, made = await ann.call("POST", "/bookings", {"now": True, "kind": "call", "phone": PHONE})
    assert (201, "due", True) == (status, made["state"], made["now"])
    assert [2] == list({slot["left"] for slot in await times(ann)})
    assert 409 == (await ann.call("POST", "/bookings", {"now": True, "kind": "call", "phone": PHONE}))[0]
    assert 422 == (await ann.call("POST", "/bookings", {"now": True, "kind": "chat"}))[0]
    status, gone = await ann.call("DELETE", f"/bookings/{made['id']}")
    assert (200, "cancelled") == (status, gone["state"])


async def test_nobody_can_call_now(desk: Desk) -> None:
    """When all of the team are away it is refused with the next times."""
    ann = await guest(desk)
    await desk.store.write(all_away)
    assert not (await ann.call("GET", "/slots"))[1]["now"]["call"]
    status, refused = await ann.call("POST", "/bookings", {"now": True, "kind": "call", "phone": PHONE})
    assert (422, "/problems/nobody-there", 5) == (status, refused["type"], len(refused["slots"]))


async def all_away(tx: Any) -> None:
    await tx.run("UPDATE agent SET away_at = 1")


async def test_times_in_a_stretch(desk: Desk) -> None:
    """`from` and `to` bound the start; of very many there is a place to go on from, and nothing is left out."""
    ann = await guest(desk)
    everything = await times(ann, "call")
    since, until = everything[3]["start"], everything[6]["start"]
    assert everything[3:6] == await times(ann, "call", f"&from={since}&to={until}")
    _, both = await ann.call("GET", "/slots")
    found, seen = both["items"], both
    while "next" in seen:
        _, seen = await ann.call("GET", f"/slots?from={seen['next']}")
        found += seen["items"]
    assert 2 * len(everything) == len({one["id"] for one in found}) == len(found)
    assert ("America/Denver", ["call", "chat"]) == (both["zone"], both["kinds"])
    assert (422, 422) == ((await ann.call("GET", "/slots?from=x"))[0], (await ann.call("GET", "/slots?kind=x"))[0])


async def test_many_from_one(desk: Desk) -> None:
    """Two hundred of one visitor are refused after the first twenty in an hour."""
    ann = await guest(desk)
    slot = (await times(ann))[0]["id"]
    statuses = []
    for _ in range(200):
        status, made = await ann.call("POST", "/bookings", {"slot": slot, "kind": "call", "phone": PHONE})
        statuses.append(status)
        if status == 201:
            await ann.call("DELETE", f"/bookings/{made['id']}")
    assert (20, 180) == (statuses.count(201), statuses.count(429))


async def test_who_texts_needs_no_phone(desk: Desk) -> None:
    """An agent books for who texts: the number that they text from is called."""
    await desk.text("Please call me")
    thread = await desk.thread("ana")
    _, found = await desk.call("ana", "GET", f"/threads/{thread}/slots?kind=call")
    asked = {"thread": thread, "slot": found["items"][0]["id"], "kind": "call"}
    status, made = await desk.call("ana", "POST", "/bookings", asked)
    assert (201, CUSTOMER, f"tel:{CUSTOMER}", "agent") == (
        status,
        made["phone"],
        made["dial"],
        made["booked_by"]["kind"],
    )
