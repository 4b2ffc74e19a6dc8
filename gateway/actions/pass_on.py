"""What is due to bookings is done: people are asked, the hour comes, it rings on from one to the next, it is given up.

The tables of `domain.booking` say what follows. Each step is one event, and a booking is held while it is taken: who
moves, claims or cancels it at the same moment comes before or after, and each step happens once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from gateway.actions.booking_told import told
from gateway.domain.booking import (
    LEFT_AFTER,
    Booking,
    BookingId,
    Person,
    State,
    Step,
    breaks_promise,
    is_late,
    move,
    next_pass,
    whom,
)
from gateway.domain.routing import Teams
from gateway.store import board, bookings, calls, duty
from gateway.store.store import Tx


async def pass_on(tx: Tx, teams: Teams, now: int, limit: int) -> int:
    """How many there were to look at, at most `limit`; those that somebody else holds are left to them."""
    due = await bookings.hold_due(tx, now, limit)
    talking = await _talking(tx, [one for one in due if one.state == "begun"], now)
    people = await duty.people(tx, due, teams, now)
    taken = {one.id: _taken_on(tx, one, people[one.id], now) for one in due if one.id not in talking}
    waits = {one.id: _as_it_is(one) | {"due_at": talking[one.id]} for one in due if one.id in talking}
    await board.save_steps(tx, taken | waits)
    return len(due)


async def _talking(tx: Tx, begun: Sequence[Booking], now: int) -> dict[BookingId, int]:
    """Of bookings that a person has begun, those that nobody has left, and when to look again: a call is under way, or
    of a chat something was just written."""
    called = await calls.of_bookings(tx, [one.id for one in begun])
    wrote = await board.last_written(tx, [one.thread for one in begun if one.kind == "chat"])
    again = {one.id: now + LEFT_AFTER for one in begun if one.id in called and called[one.id].is_open}
    quiet_at = {one.id: wrote.get(one.thread, 0) + LEFT_AFTER for one in begun if one.kind == "chat"}
    return again | {id_: at for id_, at in quiet_at.items() if at > now}


async def kept(tx: Tx, booking: Booking, teams: Teams, now: int) -> Booking:
    """A booking that is held and that a person has changed, stored after all that is due to it because of that."""
    people = await duty.people(tx, [booking], teams, now)
    after = replace(booking, **_taken_on(tx, booking, people[booking.id], now))
    await bookings.save(tx, after)
    return after


def _taken_on(tx: Tx, booking: Booking, people: Collection[Person], now: int) -> dict[str, Any]:
    """All that the clock changes of a booking, by name, after what is due to it by now. Not a booking: to make one for
    each step would take most of the time when a thousand are due at once."""
    state, step = booking.state, booking.step
    since = booking.created_at if booking.step_at is None else booking.step_at
    changes = _as_it_is(booking)
    at, ends_at = booking.at, booking.ends_at
    while (following := next_pass(state, at, ends_at, step, since, people, now)) is not None and following.at <= now:
        step, since = following.step, now
        changes |= _step(tx, booking, state, step, people, now, late=changes["late"])
        state = changes["state"]
    return changes | {"due_at": None if following is None else following.at}


def _as_it_is(booking: Booking) -> dict[str, Any]:
    return {name: getattr(booking, name) for name in board.TAKEN}


def _step(
    tx: Tx, booking: Booking, state: State, step: Step, people: Collection[Person], now: int, *, late: bool
) -> dict[str, Any]:
    """What a step changes of a booking that is in this state by now, and it is told."""
    taken: dict[str, Any] = {"step": step, "step_at": now}
    match step:
        case "ask" | "warn":
            told(tx, booking, "asked" if step == "ask" else "warned", now, whom=whom(step, people))
            return taken
        case "fire":
            late, broken = is_late(booking.at, now), breaks_promise(state, step, booking.at, now)
            told(tx, booking, "fired", now, late=late, broken=broken)
            return taken | {
                "state": move(state, step),
                "fired_at": now,
                "late": late,
                "broken": broken or booking.broken,
            }
        case "left":
            told(tx, booking, "left", now)
            return taken
        case "give_up":
            told(tx, booking, "missed", now, late=late)
            return taken | {"state": move(state, step), "ended_at": now, "broken": True}
        case _:
            told(tx, booking, "rang", now, step=step, whom=whom(step, people), late=late)
            return taken
