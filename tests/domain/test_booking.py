"""Every cell of the table of a booking's states."""

from __future__ import annotations

from typing import Final, get_args

import pytest

from gateway.domain.booking import LATE_AFTER, MOVES, OPEN, STATES, Move, State, breaks_promise, is_late, move
from gateway.errors import IllegalMove

STEPS: Final[tuple[Move, ...]] = get_args(Move)
AT: Final = 1_795_338_000_000_000

# One row a state, one column a step, in the order of `Move`; "-" is no such step.
MOVE_TABLE: Final = """
           claim    release  fire     begin  fall_back  finish  give_up  move    cancel
booked     claimed  -        ringing  -      -          -       -        booked  cancelled
claimed    -        booked   ringing  -      -          -       -        booked  cancelled
ringing    -        ringing  -        begun  -          done    missed   booked  cancelled
begun      -        -        -        -      ringing    done    -        -       -
done       -        -        -        -      -          -       -        -       -
missed     -        -        -        begun  -          done    -        booked  cancelled
cancelled  -        -        -        -      -          -       -        -       -
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return [(row[0], step, end) for row in rows for step, end in zip(head, row[1:], strict=True)]


def test_the_table_here_has_a_cell_for_every_state_and_step() -> None:
    """No state and no step is left out of the walk."""
    assert [(state, step) for state in STATES for step in STEPS] == [(a, b) for a, b, _ in cells(MOVE_TABLE)]


@pytest.mark.parametrize(("state", "step", "end"), cells(MOVE_TABLE))
def test_a_step_leads_where_the_table_says(state: State, step: Move, end: str) -> None:
    """Each step ends in the state of its cell, and a step without one raises IllegalMove in words for a person."""
    if end != "-":
        assert end == move(state, step)
        return
    with pytest.raises(IllegalMove, match=f"^a booking that is {state} cannot be [a-z ]+$"):
        move(state, step)


def test_a_customer_may_choose_anew_until_a_person_has_begun() -> None:
    """Whatever can be moved can be cancelled, and neither can be once it is begun or over."""
    until = {"booked", "claimed", "ringing", "missed"}
    assert until == {state for state, step in MOVES if step == "move"}
    assert until == {state for state, step in MOVES if step == "cancel"}


def test_an_open_booking_comes_to_an_end() -> None:
    """From each state that holds a place, steps lead to each of the three that do not."""
    for state in OPEN:
        reached: set[State] = {state}
        while more := {end for (start, _), end in MOVES.items() if start in reached} - reached:
            reached |= more
        assert reached >= set(STATES) - set(OPEN)


@pytest.mark.parametrize(
    ("after", "late"), [(-1, False), (0, False), (LATE_AFTER - 1, False), (LATE_AFTER, True), (10**15, True)]
)
def test_late(after: int, late: bool) -> None:
    """A booking that is fired a minute or more after its hour is late."""
    assert late == is_late(AT, AT + after)


@pytest.mark.parametrize(
    ("state", "step", "after", "broken"),
    [
        ("booked", "fire", 0, True),  # nobody has claimed it
        ("claimed", "fire", 0, False),
        ("claimed", "fire", LATE_AFTER, True),
        ("ringing", "give_up", 0, True),
        ("ringing", "begin", 0, False),
        ("ringing", "begin", LATE_AFTER, False),  # the ring was in time
        ("booked", "claim", LATE_AFTER, False),
        ("booked", "cancel", LATE_AFTER, False),
    ],
)
def test_a_promise_is_broken(state: State, step: Move, after: int, broken: bool) -> None:
    """The hour without a claim breaks it, and so does a late hour or a ring that nobody takes."""
    assert broken == breaks_promise(state, step, AT, AT + after)
