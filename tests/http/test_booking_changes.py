"""What a customer may still change of a booking: not what has begun, and of a missed one the time."""

from __future__ import annotations

from typing import Any

from tests.http.booking import book, times
from tests.http.guest import guest
from tests.http.running import Desk


async def test_a_missed_one(desk: Desk) -> None:
    """Nobody called: it says so, with the next times to choose from, and moving it is a new promise."""
    ann = await guest(desk)
    made = await book(ann, (await times(ann))[0]["id"])
    await desk.store.write(missed)
    _, shown = await ann.call("GET", f"/bookings/{made['id']}")
    assert ("missed", True, ["move", "cancel"]) == (shown["state"], shown["broken"], shown["can"])
    status, moved = await ann.call("PATCH", f"/bookings/{made['id']}", {"slot": shown["next"][1]["id"]})
    assert (200, "booked", shown["next"][1]["start"]) == (status, moved["state"], moved["start"])
    assert not {"broken", "next"} & moved.keys()


async def test_a_missed_one_and_another(desk: Desk) -> None:
    """Who has booked anew since does not move the missed one as well."""
    ann = await guest(desk)
    slots = await times(ann)
    made = await book(ann, slots[0]["id"])
    await desk.store.write(missed)
    second = await book(ann, slots[1]["id"])
    status, refused = await ann.call("PATCH", f"/bookings/{made['id']}", {"slot": slots[2]["id"]})
    assert (409, second["id"]) == (status, refused["booking"])


async def missed(tx: Any) -> None:
    await tx.run("UPDATE booking SET state = 'missed', broken = 1, step = 'give_up', due_at = NULL, ended_at = 5")


async def test_what_has_begun_cannot_be_moved(desk: Desk) -> None:
    """Nor told anew, nor cancelled."""
    ann = await guest(desk)
    slots = await times(ann)
    made = await book(ann, slots[0]["id"])
    await desk.store.write(begun)
    for method, body in (("PATCH", {"slot": slots[1]["id"]}), ("PATCH", {"about": "x"}), ("DELETE", None)):
        status, refused = await ann.call(method, f"/bookings/{made['id']}", body)
        assert (409, "/problems/illegal-move") == (status, refused["type"])


async def begun(tx: Any) -> None:
    await tx.run("UPDATE booking SET state = 'begun', begun_at = 5, due_at = NULL")


async def test_a_change_that_changes_nothing(desk: Desk) -> None:
    """The same slot, or none at all, is no move; a slot of the other kind is none."""
    ann = await guest(desk)
    slots, chats = await times(ann), await times(ann, "chat")
    made = await book(ann, slots[0]["id"])
    path = f"/bookings/{made['id']}"
    for body in ({}, {"slot": slots[0]["id"]}, {"about": ""}):
        assert (200, 0) == ((same := await ann.call("PATCH", path, body))[0], same[1]["sequence"])
    assert 422 == (await ann.call("PATCH", path, {"slot": chats[0]["id"]}))[0]
    status, told = await ann.call("PATCH", path, {"phone": "+17205550199", "zone": "Europe/Berlin"})
    assert (200, "+17205550199", "Europe/Berlin", 0) == (status, told["phone"], told["zone"], told["sequence"])
