"""Booked callbacks: which states there are, what leads from one to another, and who is rung when.

Three tables, and what is not in them does not happen: `MOVES` (a move without a cell raises `IllegalMove` and changes
nothing), `ASKS` (who is asked to claim before the hour) and `RINGS` (who is rung from the hour on). They say what
follows and when; and what a person has begun and nobody ends is `left` after a while. The clock that comes back then,
and the rows, are elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, NewType, get_args

from gateway.domain.author import AgentId, CustomerId
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.slots import Kind
from gateway.errors import IllegalMove

BookingId = NewType("BookingId", int)

State = Literal["booked", "claimed", "ringing", "begun", "done", "missed", "cancelled"]
Move = Literal["claim", "release", "fire", "begin", "fall_back", "finish", "give_up", "move", "cancel"]
Outcome = Literal["reached", "no_answer", "busy", "voicemail", "wrong_number"]
"""What the person who called or chatted notes at the end."""

STATES: Final[tuple[State, ...]] = get_args(State)
OPEN: Final[tuple[State, ...]] = ("booked", "claimed", "ringing", "begun")
"""The states that hold a place in a slot. The other three do not, and only `missed` can be left again."""

MOVES: Final[dict[tuple[State, Move], State]] = {
    ("booked", "claim"): "claimed",
    ("claimed", "release"): "booked",
    ("booked", "fire"): "ringing",  # the promise is broken unless someone is rung and begins: see `breaks_promise`
    ("claimed", "fire"): "ringing",
    ("ringing", "release"): "ringing",  # the claimer passes it on instead of letting it ring
    ("ringing", "begin"): "begun",
    ("ringing", "finish"): "done",  # dialed by hand, and only the outcome noted
    ("ringing", "give_up"): "missed",
    ("begun", "fall_back"): "ringing",  # it never reached the customer: the agent's own phone was not picked up, say
    ("begun", "finish"): "done",
    ("missed", "begin"): "begun",  # late, but somebody does call
    ("missed", "finish"): "done",
    # The customer, or an agent for them, until a person has begun. After a broken promise too: they choose anew.
    ("booked", "move"): "booked",
    ("claimed", "move"): "booked",  # who claimed one hour has not promised another
    ("ringing", "move"): "booked",
    ("missed", "move"): "booked",
    ("booked", "cancel"): "cancelled",
    ("claimed", "cancel"): "cancelled",
    ("ringing", "cancel"): "cancelled",
    ("missed", "cancel"): "cancelled",
}

_SECOND: Final = 1_000_000
LATE_AFTER: Final = 60 * _SECOND
"""Microseconds after its hour from which a booking that only then is fired carries the label "late"."""


def move(state: State, step: Move) -> State:
    """The state after a step; raises IllegalMove where there is none."""
    try:
        return MOVES[state, step]
    except KeyError:
        raise IllegalMove(f"a booking that is {state} cannot be {_WORDS[step]}") from None


def is_late(at: int, now: int) -> bool:
    """Whether a booking for `at` that is fired `now` is late; both in microseconds since 1970."""
    return now - at >= LATE_AFTER


def breaks_promise(state: State, step: Move, at: int, now: int) -> bool:
    """Whether this step breaks the promise that was made: the hour comes and nobody has claimed it, or it is late, or
    nobody whom it rang began. A broken promise stays one, whoever calls in the end; a new hour is a new promise."""
    return step == "give_up" or (step == "fire" and (state == "booked" or is_late(at, now)))


_WORDS: Final[dict[Move, str]] = {
    "claim": "claimed",
    "release": "released",
    "fire": "rung for",
    "begin": "begun",
    "fall_back": "handed back",
    "finish": "finished",
    "give_up": "given up",
    "move": "moved",
    "cancel": "cancelled",
}

Ring = Literal["claimer", "known", "shift", "lead"]
Step = Literal["ask", "warn", "fire", Ring, "give_up", "left"]


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person in a booking's story."""

    agent: AgentId
    name: str
    display_name: str
    """What customers see."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A promise, as its row says it. Times in microseconds since 1970."""

    id: BookingId
    uid: str
    """Of its calendar file."""
    team: TeamId
    thread: ThreadId
    customer: CustomerId
    customer_name: str
    """The name that a provider or a person gave; the address where there is none."""
    kind: Kind
    state: State
    at: int
    ends_at: int
    zone: str
    """By whose wall clock its customer knows it."""
    at_once: bool
    """"Call me now": it takes no slot, and rings from when it was made."""
    phone: str | None
    """E.164; of a call only."""
    about: str
    """In the customer's words."""
    sequence: int
    created_at: int
    changed_at: int
    booked_by: Colleague | None = None
    """None: the customer did."""
    claimed_by: Colleague | None = None
    claimed_at: int | None = None
    step: Step | None = None
    """The last that was taken by itself for this hour."""
    step_at: int | None = None
    due_at: int | None = None
    """When the next one is; None: none is."""
    fired_at: int | None = None
    begun_at: int | None = None
    begun_by: Colleague | None = None
    ended_at: int | None = None
    outcome: Outcome | None = None
    late: bool = False
    broken: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_left(self) -> bool:
        """Whether a person began it, and long after nobody has said how it ended: its customer may choose anew."""
        return self.state == "begun" and self.step == "left"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the team, as the tables see them at one moment."""

    agent: AgentId
    on_shift: bool = False
    away: bool = False
    knows_customer: bool = False
    """Has replied in this thread before."""
    is_lead: bool = False
    is_claimer: bool = False


class Row(NamedTuple):
    """One row of `RINGS`."""

    ring: Ring
    whom: Callable[[Person], bool]
    seconds: int
    """How long before it goes on to the next row."""


ASKS: Final[tuple[tuple[Step, int], ...]] = (("ask", -15 * 60), ("warn", -5 * 60), ("fire", 0))
"""What happens to a booking that nobody has claimed, in seconds from its hour: those on shift are asked to claim it,
then the leads too, then it is fired. One that is claimed is only fired."""

RINGS: Final[tuple[Row, ...]] = (
    Row("claimer", lambda one: one.is_claimer and not one.away, 20),
    Row("known", lambda one: one.on_shift and not one.away and one.knows_customer, 20),
    Row("shift", lambda one: one.on_shift and not one.away, 30),
    Row("lead", lambda one: one.is_lead, 60),  # away or not: somebody has to hear of it
)
"""Whom it rings once it is fired; each person belongs to the first row that fits. Whoever is rung goes on being rung
when it goes on, so that nobody who can still keep the promise is silenced. A row in which there is nobody takes no
time of its own; the last in which there is somebody has that of the empty ones after it too, and then it is given up.
A customer who wants to be called now starts here."""

_ORDER: Final[tuple[Step, ...]] = (*(row.ring for row in RINGS), "give_up")

LEFT_AFTER: Final = 15 * 60 * _SECOND
"""Microseconds after it was begun from which a booking is left, if its time is over and nobody said how it ended."""


class Pass(NamedTuple):
    """What happens next to a booking by itself; `at` in microseconds since 1970, and in the past when it is due."""

    step: Step
    at: int


def next_pass(
    state: State, at: int, ends_at: int, step: Step | None, since: int, people: Collection[Person], now: int
) -> Pass | None:
    """What happens next if nobody does anything; None when nothing does.

    It was booked for `at` until `ends_at`; `step` is the last one taken for that hour and `since` when it was; for a
    booking that has just begun to ring, or that a person has begun, None and when that was. Asks that were missed are
    not made up for: the latest that is due stands for them, and a ring that comes late lasts its full time.
    """
    if state == "booked":
        return _ask(at, step, now)
    if state == "claimed":
        return Pass("fire", at)
    if state == "begun" and step != "left":
        return Pass("left", max(ends_at, since + LEFT_AFTER))
    return _pass_on(step, since, people) if state == "ringing" else None


def whom(step: Step, people: Collection[Person]) -> tuple[AgentId, ...]:
    """Who is asked at this step, or rung while it lasts."""
    if step in {"ask", "warn"}:
        return tuple(one.agent for one in people if (one.on_shift and not one.away) or (one.is_lead and step == "warn"))
    if step not in _ORDER[:-1]:
        return ()
    rung = _ORDER[: _ORDER.index(step) + 1]
    return tuple(one.agent for one in people if rings_at(one) in rung)


def rings_at(person: Person) -> Ring | None:
    """The row of `RINGS` that this person belongs to; None for those who are not rung."""
    return next((row.ring for row in RINGS if row.whom(person)), None)


def _ask(at: int, step: Step | None, now: int) -> Pass:
    taken = next((index for index, (name, _) in enumerate(ASKS[:-1], 1) if name == step), 0)
    ahead = [Pass(name, at + seconds * _SECOND) for name, seconds in ASKS[taken:]]
    return next((due for due in reversed(ahead) if due.at <= now), ahead[0])


def _pass_on(step: Step | None, since: int, people: Collection[Person]) -> Pass:
    """A row that everybody has left since it began is over, so that going away does not keep a customer waiting."""
    occupied = {rings_at(one) for one in people}
    taken = _ORDER.index(step) + 1 if step in _ORDER else 0
    following = next(name for name in _ORDER[taken:] if name in occupied or name == "give_up")
    if taken == 0 or step not in occupied:
        return Pass(following, since)
    rows = RINGS[taken - 1 :] if following == "give_up" else RINGS[taken - 1 : taken]
    return Pass(following, since + sum(row.seconds for row in rows) * _SECOND)
