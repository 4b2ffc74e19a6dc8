"""Who is asked and who is rung, when: the tables walked cell by cell."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.author import AgentId
from gateway.domain.booking import ASKS, OPEN, RINGS, STATES, Pass, Person, State, Step, next_pass, rings_at, whom

AT: Final = 1_795_338_000_000_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
END: Final = AT + 30 * MINUTE

CLAIMER = Person(AgentId(1), is_claimer=True)
KNOWN = Person(AgentId(2), on_shift=True, knows_customer=True)
SHIFT = Person(AgentId(3), on_shift=True)
LEAD = Person(AgentId(4), is_lead=True)
AWAY = Person(AgentId(5), on_shift=True, away=True, knows_customer=True, is_claimer=True)
HOME = Person(AgentId(6), knows_customer=True)
EVERYONE = (LEAD, HOME, SHIFT, AWAY, KNOWN, CLAIMER)
ROWS: Final = {"claimer": CLAIMER, "known": KNOWN, "shift": SHIFT, "lead": LEAD}

# In which row of RINGS a person is, by what they are; "c" the claimer, "k" knows the customer, "s" on shift.
WHERE_TABLE: Final = """
who        -     c        k     s      ck       cs       ks     cks
present    -     claimer  -     shift  claimer  claimer  known  claimer
away       -     -        -     -      -        -        -      -
lead       lead  claimer  lead  shift  claimer  claimer  known  claimer
lead_away  lead  lead     lead  lead   lead     lead     lead   lead
"""
# What comes after which step, and how many seconds later, by whose rows there is somebody in: claimer, known, shift,
# lead; the last has the time of the empty ones after it too. Under "first" what comes first, always at once.
AFTER_TABLE: Final = """
rows  first      claimer     known       shift       lead
----  give_up:0  give_up:0   give_up:0   give_up:0   give_up:0
c---  claimer:0  give_up:130 give_up:0   give_up:0   give_up:0
-k--  known:0    known:0     give_up:110 give_up:0   give_up:0
--s-  shift:0    shift:0     shift:0     give_up:90  give_up:0
---l  lead:0     lead:0      lead:0      lead:0      give_up:60
ck--  claimer:0  known:20    give_up:110 give_up:0   give_up:0
c-s-  claimer:0  shift:20    shift:0     give_up:90  give_up:0
c--l  claimer:0  lead:20     lead:0      lead:0      give_up:60
-ks-  known:0    known:0     shift:20    give_up:90  give_up:0
-k-l  known:0    known:0     lead:20     lead:0      give_up:60
--sl  shift:0    shift:0     shift:0     lead:30     give_up:60
cks-  claimer:0  known:20    shift:20    give_up:90  give_up:0
ck-l  claimer:0  known:20    lead:20     lead:0      give_up:60
c-sl  claimer:0  shift:20    shift:0     lead:30     give_up:60
-ksl  known:0    known:0     shift:20    lead:30     give_up:60
cksl  claimer:0  known:20    shift:20    lead:30     give_up:60
"""
# What comes next for a booking that nobody has claimed, by the last step taken and the minutes from the hour.
ASK_TABLE: Final = """
last  -60   -15   -10   -5    -1    0     90
none  ask   ask   ask   warn  warn  fire  fire
ask   warn  warn  warn  warn  warn  fire  fire
warn  fire  fire  fire  fire  fire  fire  fire
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    (_, *names), *rows = (line.split() for line in table.strip().splitlines())
    return [(row[0], name, cell) for row in rows for name, cell in zip(names, row[1:], strict=True)]


def test_the_tables_here_are_whole() -> None:
    """Every person that there can be, and every set of rows after every step, is in the walk."""
    rows = ["".join(letters) for letters in product("c-", "k-", "s-", "l-")]
    assert {*product(rows, ["first", *ROWS])} == {(a, b) for a, b, _ in cells(AFTER_TABLE)}
    flags = ["".join(some) or "-" for some in chain.from_iterable(combinations("cks", n) for n in range(4))]
    assert {*product(["present", "away", "lead", "lead_away"], flags)} == {(a, b) for a, b, _ in cells(WHERE_TABLE)}
    assert [*ROWS] == [row.ring for row in RINGS]


@pytest.mark.parametrize(("who", "flags", "row"), cells(WHERE_TABLE))
def test_each_person_has_a_row(who: str, flags: str, row: str) -> None:
    """The first row that fits: the claimer before all, those who know the customer before the others on shift, and a
    lead even when away."""
    person = Person(
        AgentId(1),
        on_shift="s" in flags,
        away="away" in who,
        knows_customer="k" in flags,
        is_lead="lead" in who,
        is_claimer="c" in flags,
    )
    assert row == (rings_at(person) or "-")


@pytest.mark.parametrize(("rows", "step", "cell"), cells(AFTER_TABLE))
def test_each_step_is_followed(rows: str, step: Any, cell: str) -> None:
    """It goes on to the next row with somebody in it, when those who were rung have had their time."""
    people = [person for ring, person in ROWS.items() if ring[0] in rows]
    then, seconds = cell.split(":")
    last = None if step == "first" else step
    assert (then, AT + int(seconds) * SECOND) == next_pass("ringing", AT, END, last, AT, people, AT)


@pytest.mark.parametrize(
    ("step", "agents"),
    [
        ("ask", [3, 2]),
        ("warn", [4, 3, 2]),
        ("fire", []),
        ("claimer", [1]),
        ("known", [2, 1]),
        ("shift", [3, 2, 1]),
        ("lead", [4, 3, 2, 1]),
        ("give_up", []),
        ("left", []),
    ],
)
def test_who_is_asked_or_rung(step: Step, agents: list[int]) -> None:
    """Whoever is rung goes on being rung as it goes on; nobody away or at home is, but for the lead."""
    assert agents == list(whom(step, EVERYONE))


@pytest.mark.parametrize(("last", "minutes", "then"), cells(ASK_TABLE))
def test_before_the_hour(last: Any, minutes: str, then: Any) -> None:
    """Each ask comes at its minute; of several that are due only the last is made; at the hour it is fired."""
    step = None if last == "none" else last
    expected = Pass(then, AT + dict(ASKS)[then] * SECOND)
    assert expected == next_pass("booked", AT, END, step, 0, EVERYONE, AT + int(minutes) * MINUTE)


@pytest.mark.parametrize("step", [None, "ask", "warn"])
def test_a_claimed_booking_is_only_fired(step: Step | None) -> None:
    """Once somebody has promised, nobody is asked."""
    assert Pass("fire", AT) == next_pass("claimed", AT, END, step, 0, EVERYONE, AT - 60 * MINUTE)


@pytest.mark.parametrize("state", [state for state in STATES if state not in OPEN])
def test_where_nothing_happens_by_itself(state: State) -> None:
    """A booking that is over waits for nobody's clock."""
    assert next_pass(state, AT, END, "lead", AT, EVERYONE, AT + MINUTE) is None


@pytest.mark.parametrize(("begun", "left"), [(0, 30), (10, 30), (15, 30), (16, 31), (600, 615)])
def test_a_booking_that_was_begun_and_not_ended(begun: int, left: int) -> None:
    """It is left once: when its time is over, and no sooner than a quarter of an hour after it was begun."""
    since = AT + begun * MINUTE
    assert Pass("left", AT + left * MINUTE) == next_pass("begun", AT, END, None, since, EVERYONE, since)
    assert next_pass("begun", AT, END, "left", since, EVERYONE, AT + 900 * MINUTE) is None


def test_a_claimer_who_passes_it_on() -> None:
    """When the claimer lets go while it rings, the next in line is rung at once and not after the claimer's time."""
    assert Pass("known", AT) == next_pass("ringing", AT, END, "claimer", AT, (KNOWN, SHIFT), AT + SECOND)


def test_somebody_who_comes_back() -> None:
    """A claimer who was away when it was their turn is rung with the others from when they are back."""
    assert (3,) == whom("shift", (SHIFT, Person(AgentId(1), is_claimer=True, away=True)))
    assert (3, 1) == whom("shift", (SHIFT, CLAIMER))


PEOPLE: Final = st.lists(
    st.builds(Person, st.integers(1, 99), *([st.booleans()] * 5)), max_size=6, unique_by=lambda person: person.agent
)


@given(st.lists(PEOPLE, min_size=5, max_size=5))
def test_the_hunt_comes_to_an_end(changes: list[list[Person]]) -> None:
    """However people come and go, each step is later in line than the last and no earlier in time, and rings somebody,
    until within five steps and 130 seconds it is given up."""
    line = ["claimer", "known", "shift", "lead", "give_up"]
    step, since = None, AT
    for people in changes:
        then = next_pass("ringing", AT, END, step, since, people, since)
        assert then is not None
        assert then.at >= since
        assert step is None or line.index(then.step) > line.index(step)
        assert (then.step == "give_up") == (whom(then.step, people) == ())
        step, since = then
        if step == "give_up":
            break
    assert ("give_up", True) == (step, since <= AT + 130 * SECOND)
