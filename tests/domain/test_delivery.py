"""Every cell of the two tables of a delivery's states."""

from __future__ import annotations

from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import (
    MOVES,
    REPORTS,
    SETTLED_BY_PERSON,
    STATES,
    Move,
    Reported,
    State,
    move,
    reported,
)
from gateway.errors import IllegalMove

STEPS: Final[tuple[Move, ...]] = get_args(Move)
REPORTABLE: Final[tuple[Reported, ...]] = get_args(Reported)

# One row a state, one column a step, in the order of `Move`; "-" is no such step.
MOVE_TABLE: Final = """
          claim   accepted  postponed rejected lost    strand withhold retry  settle_sent settle_delivered settle_failed
queued    sending -         -         -        -       failed failed   -      -           -                -
sending   -       sent      queued    failed   unknown -      -        -      -           -                -
sent      -       sent      -         -        -       -      -        -      -           -                -
delivered -       delivered -         -        -       -      -        -      -           -                -
read      -       read      -         -        -       -      -        -      -           -                -
failed    -       failed    -         -        -       -      -        queued sent        delivered        -
unknown   -       sent      -         -        -       -      -        queued sent        delivered        failed
"""
REPORT_TABLE: Final = """
           sent      delivered read failed
queued     sent      delivered read queued
sending    sent      delivered read failed
sent       sent      delivered read failed
delivered  delivered delivered read delivered
read       read      read      read read
failed     failed    delivered read failed
unknown    sent      delivered read failed
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return [(row[0], step, end) for row in rows for step, end in zip(head, row[1:], strict=True)]


def test_the_tables_here_have_a_cell_for_every_state_and_step() -> None:
    """No state, step or report is left out of the walk."""
    assert {(state, step) for state in STATES for step in STEPS} == {(a, b) for a, b, _ in cells(MOVE_TABLE)}
    assert {(state, said) for state in STATES for said in REPORTABLE} == {(a, b) for a, b, _ in cells(REPORT_TABLE)}


@pytest.mark.parametrize(("state", "step", "end"), cells(MOVE_TABLE))
def test_a_step_leads_where_the_table_says(state: State, step: Move, end: str) -> None:
    """Each step ends in the state of its cell, and a step without one raises IllegalMove in words for a person."""
    if end != "-":
        assert end == move(state, step)
        return
    with pytest.raises(IllegalMove, match=f"^a message that is {state} cannot be [a-z ]+$"):
        move(state, step)


@pytest.mark.parametrize(("state", "said", "end"), cells(REPORT_TABLE))
def test_a_report_leads_where_the_table_says(state: State, said: Reported, end: str) -> None:
    """Each report ends in the state of its cell; a late or contradicting one changes nothing."""
    assert end == reported(state, said)


def test_the_tables_hold_known_words_only() -> None:
    """Every key and value of both tables is a state, a step or a report."""
    assert set(STATES) >= {state for state, _ in MOVES} | set(MOVES.values())
    assert set(STEPS) == {step for _, step in MOVES}
    assert set(STATES) >= {state for state, _ in REPORTS} | set(REPORTS.values())
    assert set(SETTLED_BY_PERSON.values()) <= set(STEPS)


@given(
    st.lists(st.sampled_from(("sent", "delivered")), max_size=12),
    st.integers(0, 12),
    st.sampled_from(["sending", "sent"]),
)
def test_reports_in_any_order_end_in_delivered(said: list[Reported], place: int, start: State) -> None:
    """Whatever the order and however often, reports with a `delivered` among them end in delivered."""
    state = start
    for report in [*said[:place], "delivered", *said[place:]]:
        state = reported(state, report)
    assert state == "delivered"


@given(st.sampled_from(STATES), st.lists(st.sampled_from(REPORTABLE), max_size=8))
def test_a_report_heard_twice_is_as_good_as_once(start: State, said: list[Reported]) -> None:
    """A report said again at once changes nothing."""
    once = twice = start
    for report in said:
        once = reported(once, report)
        twice = reported(reported(twice, report), report)
    assert once == twice


@given(st.lists(st.sampled_from(REPORTABLE), max_size=8))
def test_nothing_takes_back_that_a_message_arrived(said: list[Reported]) -> None:
    """Once delivered, a message stays delivered or is read."""
    state: State = "delivered"
    for report in said:
        state = reported(state, report)
    assert state in {"delivered", "read"}
