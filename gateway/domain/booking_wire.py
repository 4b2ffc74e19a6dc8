"""Bookings as JSON: for the people of the team, and for the customer, who sees display names only.

This file owns the shapes; it never decides who may see one.
"""

from __future__ import annotations

from gateway.domain.booking import MOVES, Booking, Colleague, Move
from gateway.domain.instant import rfc3339
from gateway.domain.slots import Slot
from gateway.domain.wire import Json

_SAID: dict[str, str] = {
    "booked": "booked",
    "claimed": "booked",
    "ringing": "due",
    "begun": "begun",
    "done": "done",
    "missed": "missed",
    "cancelled": "cancelled",
}
"""What a customer is told of a state: who has claimed it is shown by name."""

_THEIRS: tuple[Move, ...] = ("move", "cancel")
"""What is the customer's to do."""


def booking(value: Booking) -> Json:
    """As the team sees it."""
    shape = _common(value) | {
        "thread": str(value.thread),
        "team": value.team,
        "customer": {"id": str(value.customer), "name": value.customer_name},
        "state": value.state,
        "booked_by": {"kind": "agent"} | _person(value.booked_by) if value.booked_by else {"kind": "customer"},
    }
    if value.phone is not None:
        shape["dial"] = f"tel:{value.phone}"
    for name, person in (("claimed_by", value.claimed_by), ("begun_by", value.begun_by)):
        if person is not None:
            shape[name] = _person(person)
    if value.step is not None:
        shape["step"] = value.step
    for name, at in (
        ("due_at", value.due_at),
        ("fired_at", value.fired_at),
        ("begun_at", value.begun_at),
        ("ended_at", value.ended_at),
    ):
        if at is not None:
            shape[name] = rfc3339(at)
    if value.outcome is not None:
        shape["outcome"] = value.outcome
    if value.at_once and value.begun_at is not None:
        shape["waited_seconds"] = (value.begun_at - value.created_at) // 1_000_000
    return shape | ({"late": True} if value.late else {})


def own_booking(value: Booking) -> Json:
    """As its customer sees it, with what they can still do; the caller adds the links."""
    shape = _common(value) | {"state": _SAID[value.state], "changed_at": rfc3339(value.changed_at)}
    if value.ended_at is not None:
        shape["ended_at"] = rfc3339(value.ended_at)
    state = "ringing" if value.is_left else value.state
    shape["can"] = [step for step in _THEIRS if (state, step) in MOVES]
    if value.claimed_by is not None and value.is_open:
        shape["claimed_by"] = {"name": value.claimed_by.display_name}
    if value.begun_by is not None:
        shape["begun_by"] = {"name": value.begun_by.display_name}
    return shape


def slot(value: Slot) -> Json:
    """A time on offer."""
    return {
        "id": value.id,
        "start": rfc3339(value.start),
        "end": rfc3339(value.end),
        "kind": value.kind,
        "left": value.left,
    }


def _common(value: Booking) -> Json:
    shape: Json = {
        "id": str(value.id),
        "kind": value.kind,
        "start": rfc3339(value.at),
        "end": rfc3339(value.ends_at),
        "zone": value.zone,
        "about": value.about,
        "sequence": value.sequence,
        "created_at": rfc3339(value.created_at),
    }
    if value.phone is not None:
        shape["phone"] = value.phone
    return shape | ({"now": True} if value.at_once else {}) | ({"broken": True} if value.broken else {})


def _person(value: Colleague) -> Json:
    return {"id": str(value.agent), "name": value.name}
