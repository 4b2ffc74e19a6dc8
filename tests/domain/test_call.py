"""The tables of a call, walked cell by cell."""

from __future__ import annotations

from itertools import product
from typing import Any, Final, get_args

import pytest

from gateway.domain.author import AgentId
from gateway.domain.booking import BookingId
from gateway.domain.call import (
    LEG_STATES,
    MOVES,
    STATES,
    CallId,
    LegState,
    Move,
    PhoneCall,
    State,
    Why,
    move,
    reported,
)
from gateway.domain.message import TeamId, ThreadId
from gateway.errors import IllegalMove

# One row a state, one column a step, in the order of `Move`; "-" is no such step.
MOVE_TABLE: Final = """
          claim   taken     postponed refused lost    heard     over  withdraw
queued    dialing -         -         -       -       under_way -     ended
dialing   -       under_way queued    failed  unknown under_way -     -
under_way -       under_way -         -       unknown under_way ended -
unknown   -       under_way -         -       -       under_way -     -
ended     -       ended     -         -       -       ended     -     -
failed    -       -         -         -       -       failed    -     -
"""
LEG_TABLE: Final = """
          ringing   answered  busy      no_answer failed    canceled  completed
None      ringing   answered  busy      no_answer failed    canceled  completed
ringing   ringing   answered  busy      no_answer failed    canceled  completed
answered  answered  answered  answered  answered  failed    canceled  completed
busy      busy      busy      busy      busy      busy      busy      busy
no_answer no_answer no_answer no_answer no_answer no_answer no_answer no_answer
failed    failed    failed    failed    failed    failed    failed    failed
canceled  canceled  canceled  canceled  canceled  canceled  canceled  canceled
completed completed completed completed completed completed completed completed
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return [(row[0], step, after) for row in rows for step, after in zip(head, row[1:], strict=True)]


@pytest.mark.parametrize(("state", "step", "after"), cells(MOVE_TABLE))
def test_moves(state: State, step: Move, after: str) -> None:
    """Every state and every step of ours: where it leads, or that it raises, in words."""
    if after == "-":
        with pytest.raises(IllegalMove, match=f"a call that is {state} cannot be "):
            move(state, step)
    else:
        assert after == move(state, step)


@pytest.mark.parametrize(("leg", "said", "after"), cells(LEG_TABLE))
def test_legs(leg: str, said: LegState, after: LegState) -> None:
    """Every state of a leg and every report: it only moves forward, and one that has ended stays as it ended."""
    assert after == reported(None if leg == "None" else leg, said)  # type: ignore[arg-type]


def test_the_tables_are_whole() -> None:
    """No state, step or report is missing above, and none was made up."""
    moves, legs = cells(MOVE_TABLE), cells(LEG_TABLE)
    assert set(MOVES) == {(state, step) for state, step, after in moves if after != "-"}
    assert set(product(STATES, get_args(Move))) == {(state, step) for state, step, _ in moves}
    assert set(product(("None", *LEG_STATES), LEG_STATES)) == {(leg, said) for leg, said, _ in legs}


def test_nothing_is_dialed_twice() -> None:
    """Only a call that surely rang nobody comes back into the queue, and only from there is one dialed."""
    assert {("dialing", "postponed")} == {cell for cell, after in MOVES.items() if after == "queued"}
    assert {("queued", "claim")} == {cell for cell, after in MOVES.items() if after == "dialing"}


def call(**facts: Any) -> PhoneCall:
    known: dict[str, Any] = dict.fromkeys(PhoneCall.__slots__)
    return PhoneCall(
        **known
        | {"id": CallId(1), "booking": BookingId(1), "team": TeamId("a"), "thread": ThreadId(1), "agent": AgentId(1)}
        | facts
    )


@pytest.mark.parametrize(
    ("agent", "customer", "is_told", "why"),
    [
        ("busy", None, True, "busy"),
        ("no_answer", None, True, "no_answer"),
        ("failed", None, True, "failed"),
        ("canceled", None, True, "canceled"),
        ("completed", None, False, "no_key"),
        ("completed", "ringing", False, None),
        ("completed", "answered", False, None),
        ("completed", "completed", True, None),
        ("completed", "busy", True, None),
        ("answered", "busy", False, None),
        ("ringing", None, False, "failed"),
        (None, None, False, "failed"),
    ],
)
def test_how_it_ends(agent: LegState | None, customer: LegState | None, is_told: bool, why: Why | None) -> None:
    """It is told when both legs have ended, or the agent's without being answered; why the customer was not called
    follows from the agent's."""
    ended = call(agent_leg=agent, customer_leg=customer)
    assert (is_told, why) == (ended.is_told, ended.why)
