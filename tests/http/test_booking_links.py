"""A signed link books without an account: for the customer that it names, and for nobody and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.booking import BookingId
from gateway.http.booking_links import LASTS, BookingLinks
from tests.http.booking import book, listed, times
from tests.http.guest import Guest, guest
from tests.http.running import CUSTOMER, Desk

MICROSECONDS = 1_000_000
HOUR = 3_600


async def link(desk: Desk, login: str = "ana") -> Guest:
    """Who has got a link for the newest thread."""
    status, made = await desk.call(login, "POST", f"/threads/{await desk.thread(login)}/booking-link")
    assert 200 == status
    return Guest(desk, token(desk, made["url"]))


def token(desk: Desk, url: str) -> str:
    start = f"{desk.deps.settings().public_url}/book/"
    assert url.startswith(start)
    return url.removeprefix(start)


async def test_who_texts_books_by_a_link(desk: Desk) -> None:
    """Without a number, since they text from one; they see, move and cancel, and every answer has the link again."""
    await desk.text("Call me")
    bob = await link(desk)
    first, second = (await times(bob))[:2]
    status, made = await bob.call("POST", "/bookings", {"slot": first["id"], "kind": "call"})
    assert (201, CUSTOMER, [made["id"]]) == (status, made["phone"], await listed(bob))
    again = Guest(desk, token(desk, made["manage"]))
    assert 200 == (await again.call("PATCH", f"/bookings/{made['id']}", {"slot": second["id"]}))[0]
    assert (200, "cancelled") == ((gone := await again.call("DELETE", f"/bookings/{made['id']}"))[0], gone[1]["state"])


async def test_only_theirs(desk: Desk) -> None:
    """Another customer's booking is not there, and neither is anything else of the API."""
    ann = await guest(desk)
    made = await book(ann, (await times(ann))[0]["id"])
    await desk.text("Call me")
    bob = await link(desk)
    for method in ("GET", "PATCH", "DELETE"):
        assert 404 == (await bob.call(method, f"/bookings/{made['id']}", {} if method == "PATCH" else None))[0]
    for path in ("/messages", "/thread", "/events"):
        assert 401 == (await bob.call("GET", path))[0]
    assert [] == await listed(bob)


async def test_it_ends(desk: Desk) -> None:
    """Sixty days after it was made, or after the booking that it came with."""
    await desk.text("Call me")
    bob = await link(desk)
    made = await book(bob, (await times(bob))[-1]["id"])
    later = Guest(desk, token(desk, made["manage"]))
    assert 200 == await status(desk, f"/book/{bob.token}")
    desk.clock.now += (LASTS + HOUR) * MICROSECONDS
    code, refused = await bob.call("GET", "/bookings")
    assert (401, "this link has ended; ask the team for another") == (code, refused["detail"])
    assert (404, 200) == (await status(desk, f"/book/{bob.token}"), await status(desk, f"/book/{later.token}"))
    assert [made["id"]] == await listed(later)
    desk.clock.now += LASTS * MICROSECONDS
    assert 401 == (await later.call("GET", "/bookings"))[0]


@pytest.mark.parametrize("change", ["cut", "other", "file", "words", "long"])
async def test_a_forged_one(desk: Desk, change: str) -> None:
    """A token that we have not made just so is refused."""
    await desk.text("Call me")
    good = (await link(desk)).token
    links = BookingLinks(desk.deps)
    forged = {
        "cut": good[:-4],
        "other": good[:8] + ("A" if good[8] != "A" else "B") + good[9:],
        "file": "bk_" + links.calendar(BookingId(1)).split("/")[-2],
        "words": "bk_\u00e9",
        "long": "bk_" + "A" * 4_000,
    }[change]
    assert 401 == (await Guest(desk, forged).call("GET", "/bookings"))[0]


async def test_a_calendar_link(desk: Desk) -> None:
    """It leads to its booking's file for about two hours; a forged one, one of another kind and an old one do not."""
    ann = await guest(desk)
    made = await book(ann, (await times(ann))[0]["id"])
    good = made["ics"].removeprefix(desk.deps.settings().public_url)
    assert (200, 410) == (await status(desk, good), await status(desk, good.replace("/calendar/", "/calendar/A")))
    other = token(desk, made["manage"]).removeprefix("bk_")
    assert 410 == await status(desk, f"/calendar/{other}/callback.ics")
    unknown = BookingLinks(desk.deps).calendar(BookingId(999)).removeprefix(desk.deps.settings().public_url)
    assert 410 == await status(desk, unknown)
    desk.clock.now += 3 * HOUR * MICROSECONDS
    assert 410 == await status(desk, good)


async def status(desk: Desk, path: str) -> int:
    async with desk.http.get(desk.url + path) as response:
        return response.status


async def test_pages_elsewhere(desk: Desk) -> None:
    """A page of an origin that is named may book with a link; any other page may not."""
    await desk.text("Call me")
    bob = await link(desk)
    bob.headers = {"Origin": "https://www.example.com"}
    assert 200 == (await bob.call("GET", "/slots"))[0]
    bob.headers = {"Origin": "https://elsewhere.example"}
    assert 403 == (await bob.call("GET", "/slots"))[0]


async def test_it_is_bounded(desk: Desk) -> None:
    """Like a visitor: twenty bookings and changes of one customer in an hour, by whichever of their links."""
    await desk.text("Call me")
    bob = await link(desk)
    made = await book(bob, (await times(bob))[0]["id"])
    again = Guest(desk, token(desk, made["manage"]))
    changes = [(await again.call("PATCH", f"/bookings/{made['id']}", {"about": str(n)}))[0] for n in range(25)]
    assert (19, 6) == (changes.count(200), changes.count(429))


async def test_who_may_make_one(desk: Desk) -> None:
    """Whoever could answer: a colleague of another team sees no such thread, and a token that only reads may not."""
    await desk.text("Call me")
    thread = await desk.thread("ana")
    await desk.person("cleo", "denver", may_reply=False)
    path = f"/threads/{thread}/booking-link"
    answers: list[Any] = [(await desk.call(login, "POST", path))[0] for login in ("ana", "ben", "cleo")]
    assert [200, 404, 403] == answers
