"""A call that connects two phones, an agent's first and then a customer's: what may become of it, and of each leg.

Two tables, and what is not in them does not happen. `MOVES` are our own steps: one without a cell is our bug, and
raises `IllegalMove`. `LEGS` are what a provider says of a leg: late and contradicting reports are recorded and ignored,
so that a leg only moves forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NewType, get_args

from gateway.domain.author import AgentId
from gateway.domain.booking import BookingId
from gateway.domain.message import TeamId, ThreadId
from gateway.errors import IllegalMove

CallId = NewType("CallId", int)

State = Literal["queued", "dialing", "under_way", "unknown", "ended", "failed"]
Move = Literal["claim", "taken", "postponed", "refused", "lost", "heard", "over", "withdraw"]
Leg = Literal["agent", "customer"]
LegState = Literal["ringing", "answered", "busy", "no_answer", "failed", "canceled", "completed"]
"""The last five end a leg. An answered one ends as `completed`, whoever hangs up; `canceled`: we hung up before."""
Why = Literal["busy", "no_answer", "no_key", "failed", "canceled"]
"""Why a call never reached its customer, whose booking falls back."""

STATES: Final[tuple[State, ...]] = get_args(State)
LEG_STATES: Final[tuple[LegState, ...]] = get_args(LegState)
OPEN: Final[tuple[State, ...]] = ("queued", "dialing", "under_way")
"""Whoever has one of these does not call a second time."""
OVER: Final[frozenset[LegState]] = frozenset({"busy", "no_answer", "failed", "canceled", "completed"})

MOVES: Final[dict[tuple[State, Move], State]] = {
    ("queued", "claim"): "dialing",
    ("queued", "withdraw"): "ended",  # nobody wants it any more, and no phone has rung
    ("dialing", "taken"): "under_way",
    ("dialing", "postponed"): "queued",  # surely nobody's phone rang: it will be tried again
    ("dialing", "refused"): "failed",
    ("dialing", "lost"): "unknown",  # a phone may be ringing: looked up, never rung again blindly
    # The provider's answer came when a report had said as much already.
    ("under_way", "taken"): "under_way",
    ("ended", "taken"): "ended",
    ("unknown", "taken"): "under_way",  # its list had it after all
    # A report names this very attempt: it was taken, whatever we thought of it.
    ("queued", "heard"): "under_way",
    ("dialing", "heard"): "under_way",
    ("unknown", "heard"): "under_way",
    ("under_way", "heard"): "under_way",
    ("ended", "heard"): "ended",
    ("failed", "heard"): "failed",
    ("under_way", "over"): "ended",
    ("under_way", "lost"): "unknown",  # hours without a word of its end
}

LEGS: Final[dict[tuple[LegState | None, LegState], LegState]] = {
    **{(None, said): said for said in LEG_STATES},
    **{("ringing", said): said for said in LEG_STATES},
    ("answered", "completed"): "completed",
    ("answered", "failed"): "failed",
    ("answered", "canceled"): "canceled",
}


def move(state: State, step: Move) -> State:
    """The state after one of our own steps; raises IllegalMove where there is none."""
    try:
        return MOVES[state, step]
    except KeyError:
        raise IllegalMove(f"a call that is {state} cannot be {_WORDS[step]}") from None


def reported(leg: LegState | None, said: LegState) -> LegState | None:
    """A leg after a report; as it was when the report is late or contradicts it."""
    return LEGS.get((leg, said), leg)


_WORDS: Final[Mapping[Move, str]] = {
    "claim": "claimed for dialing",
    "taken": "taken by the provider",
    "postponed": "postponed",
    "refused": "refused",
    "lost": "of unknown fate",
    "heard": "reported on",
    "over": "over",
    "withdraw": "withdrawn",
}


@dataclass(frozen=True, slots=True, repr=False)  # a number does not belong into a log
class PhoneCall:
    """A call as its row says it. Times in microseconds since 1970."""

    id: CallId
    reference: str
    """Random; with the number of the attempt, what the provider brings back."""
    booking: BookingId
    team: TeamId
    thread: ThreadId
    agent: AgentId
    agent_name: str
    channel: str
    agent_number: str
    """E.164, as the next."""
    customer_number: str
    customer_name: str | None
    """As staff know it; None where there is none."""
    state: State
    agent_leg: LegState | None
    """None: nothing was heard of it, as for the customer's until the agent has pressed a key."""
    customer_leg: LegState | None
    agent_call_id: str | None
    """The provider's."""
    customer_call_id: str | None
    pressed_at: int | None
    """When the agent pressed a key, and the customer began to be called."""
    unwanted_at: int | None
    """Since when it is to be hung up: its booking was taken back while the agent's phone rang."""
    attempt: int
    looks: int
    """How often the provider was asked since something was last heard."""
    created_at: int
    first_tried_at: int | None
    connected_at: int | None
    """When the customer's phone was picked up."""
    ended_at: int | None
    seconds: int | None
    """How long agent and customer were connected."""
    code: str | None
    detail: str | None
    """Why it failed, or is of unknown fate, in words an agent can read, without a number."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def agent_is_gone(self) -> bool:
        return self.agent_leg in OVER

    @property
    def is_told(self) -> bool:
        """Whether nothing more can come of it: the agent's leg has ended, and the customer's too, or there surely was
        none, as nobody had picked up. Of an agent who did, the customer's leg may be heard of late."""
        if self.agent_leg not in OVER:
            return False
        return self.customer_leg in OVER or (self.customer_leg is None and self.agent_leg != "completed")

    @property
    def why(self) -> Why | None:
        """Why it never reached the customer, once it has ended; None: their phone was called."""
        if self.customer_leg is not None:
            return None
        match self.agent_leg:
            case "busy" | "no_answer" | "canceled":
                return self.agent_leg
            case "completed":
                return "no_key"
        return "failed"
