"""What became of an outbound message. The two tables are the whole truth; a move that is not in them changes nothing.

`MOVES` are our own steps: one that is missing is our bug or a person's mistake, and raises `IllegalMove`.
`REPORTS` are what a provider says: late or contradicting reports are recorded and ignored, so states only move forward.
"""

from __future__ import annotations

from typing import Final, Literal, NewType, get_args

from gateway.errors import IllegalMove

DeliveryId = NewType("DeliveryId", int)

State = Literal["queued", "sending", "sent", "delivered", "read", "failed", "unknown"]
Move = Literal[
    "claim",
    "accepted",
    "postponed",
    "rejected",
    "lost",
    "strand",
    "withhold",
    "retry",
    "settle_sent",
    "settle_delivered",
    "settle_failed",
]
Reported = Literal["sent", "delivered", "read", "failed"]

STATES: Final[tuple[State, ...]] = get_args(State)
SETTLED_BY_PERSON: Final[dict[Literal["sent", "delivered", "failed"], Move]] = {
    "sent": "settle_sent",
    "delivered": "settle_delivered",
    "failed": "settle_failed",
}

MOVES: Final[dict[tuple[State, Move], State]] = {
    ("queued", "claim"): "sending",
    ("sending", "accepted"): "sent",
    ("sending", "postponed"): "queued",  # transient: it will be tried again
    ("sending", "rejected"): "failed",  # permanent: a person decides
    ("sending", "lost"): "unknown",  # its fate is not known: looked up, never resent blindly
    ("queued", "strand"): "failed",  # its channel is gone: a person decides
    ("queued", "withhold"): "failed",  # the customer has opted out since it was written
    # A report came in before the provider's own answer: what it said stands.
    ("sent", "accepted"): "sent",
    ("delivered", "accepted"): "delivered",
    ("read", "accepted"): "read",
    ("failed", "accepted"): "failed",
    # The provider's list had it after all.
    ("unknown", "accepted"): "sent",
    ("failed", "retry"): "queued",
    ("unknown", "retry"): "queued",
    ("unknown", "settle_sent"): "sent",
    ("unknown", "settle_delivered"): "delivered",
    ("unknown", "settle_failed"): "failed",
    ("failed", "settle_sent"): "sent",
    ("failed", "settle_delivered"): "delivered",
}

REPORTS: Final[dict[tuple[State, Reported], State]] = {
    # `queued` with a report: an attempt thought lost had gone through, and must not be made again.
    ("queued", "sent"): "sent",
    ("queued", "delivered"): "delivered",
    ("queued", "read"): "read",
    ("sending", "sent"): "sent",
    ("sending", "delivered"): "delivered",
    ("sending", "read"): "read",
    ("sending", "failed"): "failed",
    ("sent", "delivered"): "delivered",
    ("sent", "read"): "read",
    ("sent", "failed"): "failed",
    ("delivered", "read"): "read",
    ("failed", "delivered"): "delivered",
    ("failed", "read"): "read",
    ("unknown", "sent"): "sent",
    ("unknown", "delivered"): "delivered",
    ("unknown", "read"): "read",
    ("unknown", "failed"): "failed",
}


def move(state: State, step: Move) -> State:
    """The state after one of our own steps; raises IllegalMove where there is none."""
    try:
        return MOVES[state, step]
    except KeyError:
        raise IllegalMove(f"a message that is {state} cannot be {_WORDS[step]}") from None


def reported(state: State, said: Reported) -> State:
    """The state after a provider's report; the same state when the report is late or contradicts it."""
    return REPORTS.get((state, said), state)


_WORDS: Final[dict[Move, str]] = {
    "claim": "claimed for sending",
    "accepted": "accepted by the provider",
    "postponed": "postponed",
    "rejected": "rejected",
    "lost": "of unknown fate",
    "strand": "given up for want of its channel",
    "withhold": "withheld from a customer who has opted out",
    "retry": "sent again",
    "settle_sent": "settled as sent",
    "settle_delivered": "settled as delivered",
    "settle_failed": "settled as failed",
}
