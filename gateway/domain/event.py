"""The kinds of event in a team's log. The log is append-only and numbered without a gap per team."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal[
    "message.received",
    "message.sent",
    "delivery.changed",
    "note.added",
    "thread.claimed",
    "thread.released",
    "thread.done",
    "thread.moved",
    "thread.opened",
    "line.opted_out",
    "line.opted_in",
    "line.help",
    "attachment.changed",
    "booking.changed",
    "call.changed",
    "channel.unrouted",
]

QUIET_LINES: Final[tuple[Kind, ...]] = (
    "thread.claimed",
    "thread.released",
    "thread.done",
    "thread.moved",
    "thread.opened",
    "line.opted_out",
    "line.opted_in",
    "line.help",
    "booking.changed",
)
"""Events that stand in a thread as one quiet line each. The index `event_quiet` names them in this order."""

SYSTEM: Final = "_system"
"""The log of what belongs to no team: seen by admins only. Not a team id that a config may use."""
