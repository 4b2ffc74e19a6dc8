"""How the log tells that a booking has changed: what has, and by whom where a person did it."""

from __future__ import annotations

from typing import Any

from gateway.domain.booking import Booking
from gateway.domain.instant import rfc3339
from gateway.store.store import Tx


def told(tx: Tx, booking: Booking, what: str, now: int, **facts: Any) -> None:
    """`facts` such as by, step, whom, why, outcome, late; those that are None or False are left out."""
    hour = {"booking": booking.id, "what": what, "form": booking.kind, "hour": rfc3339(booking.at)}
    said = {name: fact for name, fact in facts.items() if fact is not None and fact is not False}
    tx.event(booking.team, "booking.changed", booking.thread, now, hour | said)
