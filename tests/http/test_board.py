"""The board of bookings over HTTP: what is promised is seen, claimed, begun and ended, and people say who is there."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.actions.pass_on import pass_on
from gateway.domain.instant import rfc3339
from tests.http.running import START, Desk

MINUTE = 60_000_000
HOUR = START + 60 * MINUTE
BY_ID = "SELECT id FROM booking ORDER BY id DESC LIMIT 1"


async def promise(desk: Desk, at: int = HOUR, kind: str = "call", sender: str = "+13035550777") -> str:
    """A booking of one who has texted; `at` now stands for one who wants to be called now."""
    await desk.text("Can you call?", sender)
    is_now = at <= desk.clock.now
    phone = sender if kind == "call" else None

    async def add(tx: Any) -> int:
        row = await tx.one("SELECT id FROM thread ORDER BY id DESC LIMIT 1")
        made = await tx.one(
            """INSERT INTO booking (uid, team_id, thread_id, kind, state, at, ends_at, zone, at_once, phone, created_at,
                                    changed_at, due_at)
               VALUES (?1, 'denver', ?2, ?3, ?4, ?5, ?6, 'America/Denver', ?7, ?8, ?9, ?9, ?10) RETURNING id""",
            f"{row['id']} {at}",
            row["id"],
            kind,
            "ringing" if is_now else "booked",
            at,
            at + 30 * MINUTE,
            int(is_now),
            phone,
            desk.clock.now,
            at,
        )
        return int(made["id"])

    return str(await desk.store.write(add))


async def ring(desk: Desk, at: int) -> None:
    """It is so late, and what is due is done."""
    desk.clock.now = at
    await desk.store.write(pass_on, desk.deps.settings().teams, desk.clock(), 50)


async def test_the_board(desk: Desk) -> None:
    """What is ahead is listed by its hour with the place in the stream where the list stood, for those in reach."""
    later, first = await promise(desk, HOUR + MINUTE), await promise(desk, sender="+13035550778")
    status, board = await desk.call("ana", "GET", "/bookings")
    assert (200, [first, later], {"count": 0}) == (status, [item["id"] for item in board["items"]], board["now"])
    assert ("booked", [], "tel:+13035550778") == tuple(board["items"][0][name] for name in ("state", "rings", "dial"))
    assert {"items", "now", "feed"} == board.keys()
    query = {"from": rfc3339(HOUR), "to": rfc3339(HOUR + 1), "team": "denver"}
    _, part = await desk.call("ana", "GET", "/bookings", params=query)
    assert [first] == [item["id"] for item in part["items"]]
    assert [] == (await desk.call("ana", "GET", "/bookings?team=reno"))[1]["items"]
    assert [] == (await desk.call("ben", "GET", "/bookings"))[1]["items"]
    assert 422 == (await desk.call("ana", "GET", "/bookings?from=today"))[0]


async def test_a_promise_is_kept(desk: Desk) -> None:
    """One claims, is rung, begins and notes how it ended: the booking goes along, and the note is in the thread."""
    booking = await promise(desk)
    claimed = (await desk.call("ana", "POST", f"/bookings/{booking}/claim"))[1]
    assert ("claimed", "Ana") == (claimed["state"], claimed["claimed_by"]["name"])
    assert "booked" == (await desk.call("ana", "POST", f"/bookings/{booking}/release"))[1]["state"]
    await desk.call("ana", "POST", f"/bookings/{booking}/claim")
    await ring(desk, HOUR)
    (item,) = (await desk.call("ana", "GET", "/bookings"))[1]["items"]
    assert ("ringing", "claimer", ["1"]) == (item["state"], item["step"], item["rings"])
    end = {"outcome": "voicemail", "note": "Said we will try at six"}
    begun = (await desk.call("ana", "POST", f"/bookings/{booking}/call"))[1]
    assert ("begun", "Ana") == (begun["state"], begun["begun_by"]["name"])
    key = {"Idempotency-Key": "one"}
    done = await desk.call("ana", "POST", f"/bookings/{booking}/outcome", end, key)
    assert (200, "done", "voicemail") == (done[0], done[1]["state"], done[1]["outcome"])
    assert done == await desk.call("ana", "POST", f"/bookings/{booking}/outcome", end, key)
    _, page = await desk.call("ana", "GET", f"/threads/{item['thread']}/messages?include=notes")
    assert ["Can you call?", "Said we will try at six"] == [each["body"] for each in page["items"]]
    assert [] == (await desk.call("ana", "GET", "/bookings"))[1]["items"]


async def test_a_wait_is_measured(desk: Desk) -> None:
    """How long somebody who wanted to be called now waited for a person is on the board and in the metrics, once."""
    booking = await promise(desk, desk.clock.now)
    await ring(desk, desk.clock.now + 12_000_000)
    for _ in range(2):
        _, begun = await desk.call("ana", "POST", f"/bookings/{booking}/call")
        assert 12 == begun["waited_seconds"]
    waits = (await desk.call("ana", "GET", "/bookings"))[1]["now"]
    assert {"count": 1, "median_seconds": 12.0, "longest_seconds": 12.0} == waits
    async with desk.http.get(f"{desk.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    name = "teamline_request_to_human_seconds_"
    assert [f"{name}count 1.0", f"{name}sum 12.0"] == [
        line for line in lines if line.startswith((f"{name}count", f"{name}sum"))
    ]


async def test_who_may_not(desk: Desk) -> None:
    """What is out of reach is not there, a token that reads keeps nothing, and an illegal step is a conflict."""
    booking = await promise(desk)
    await desk.person("rea", "denver", may_reply=False)
    for verb, body in (("claim", None), ("release", None), ("outcome", {"outcome": "reached"}), ("call", None)):
        for login, status in (("ben", 404), ("rea", 403), (None, 401)):
            assert status == (await desk.call(login, "POST", f"/bookings/{booking}/{verb}", body))[0]
    status, problem = await desk.call("ana", "POST", f"/bookings/{booking}/call")
    assert (409, "/problems/illegal-move") == (status, problem["type"])
    assert 422 == (await desk.call("ana", "POST", f"/bookings/{booking}/outcome", {"outcome": "bored"}))[0]
    assert 403 == (await desk.call("rea", "PUT", "/me", {"away": True}))[0]


async def test_me(desk: Desk) -> None:
    """One is away and back, and says which phone rings; a number that is never called is refused, and not repeated."""
    _, away = await desk.call("ana", "PUT", "/me", {"away": True, "phone": "+1 303 555 0123"})
    assert (True, "+13035550123") == (away["away"], away["phone"])
    assert (200, away | {"away": False}) == await desk.call("ana", "PUT", "/me", {"away": False})
    assert away | {"away": False} == (await desk.call("ana", "GET", "/me"))[1]
    assert (200, away | {"away": False, "phone": None}) == await desk.call("ana", "PUT", "/me", {"phone": None})
    status, problem = await desk.call("ana", "PUT", "/me", {"phone": "+19005550123"})
    assert (422, False) == (status, "9005550123" in problem["detail"])


@pytest.mark.parametrize(
    ("week", "dates", "fault"),
    [
        ({"someday": []}, {}, "someday: is not a day"),
        ({"mon": ["9-5"]}, {}, "mon: is not a range of hours"),
        ({}, {"2026-13-01": []}, "2026-13-01: is not a date"),
    ],
)
async def test_wrong_shifts(desk: Desk, week: Any, dates: Any, fault: str) -> None:
    """Hours that are none are refused with what is wrong."""
    await desk.person("lea", "denver", role="lead")
    shift = {"agent": "1", "team": "denver", "week": week, "dates": dates}
    status, problem = await desk.call("lea", "PUT", "/shifts", shift)
    assert (422, fault) == (status, problem["detail"].partition(";")[0])


async def test_shifts(desk: Desk) -> None:
    """A lead writes down when somebody works, and takes it away; agents read it, and nobody writes for another team."""
    await desk.person("lea", "denver", role="lead")
    week: Any = {"mon-fri": ["09:00-17:00"]}
    dates: Any = {"2026-12-24": []}
    shift = {"agent": "1", "team": "denver", "week": week, "dates": dates}
    expected = {"agent": {"id": "1", "name": "Ana"}, "team": "denver", "week": week, "dates": dates}
    assert (200, {"items": [expected]}) == await desk.call("lea", "PUT", "/shifts", shift)
    assert (200, {"items": [expected]}) == await desk.call("ana", "GET", "/shifts?team=denver")
    assert (200, {"items": []}) == await desk.call("ben", "GET", "/shifts")
    assert 403 == (await desk.call("ana", "PUT", "/shifts", shift))[0]
    for change in ({"team": "reno"}, {"agent": "2"}, {"agent": "99"}):
        assert 404 == (await desk.call("lea", "PUT", "/shifts", shift | change))[0]
    assert (200, {"items": []}) == await desk.call("lea", "PUT", "/shifts", shift | {"week": None})
