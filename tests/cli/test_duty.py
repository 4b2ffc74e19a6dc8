"""`teamline agent phone` and `agent shifts`: which phone rings, and when somebody works."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run
from tests.cli.test_people import ANA
from tests.raw import rows

PHONE = ("agent", "phone", "--login", "ana")
SHIFTS = ("agent", "shifts", "--login", "ana", "--team", "front-range")


def test_a_phone(run: Run, place: str) -> None:
    """A person's phone is written down as E.164, shown, and taken away."""
    run(*ANA)
    said = [run(*PHONE, *more).stdout for more in ((), ("+1 (303) 555-0123",), (), ("--none",))]
    assert ["ana: no phone\n", "ana: +13035550123\n", "ana: +13035550123\n", "ana: no phone\n"] == said
    assert [(None,)] == rows(place, "SELECT phone FROM agent")


def test_shifts(run: Run, place: str) -> None:
    """Hours of a week and of dates are written down as a team's are, shown, and taken away."""
    run(*ANA)
    assert "ana: nothing is written down\n" == run(*SHIFTS).stdout
    hours = ("mon-fri 09:00-12:00 13:00-17:00", "2026-12-24 09:00-12:00", "2026-12-25 off")
    expected = f"ana: {', '.join(hours)}\n"
    assert expected == run(*SHIFTS, *hours).stdout == run(*SHIFTS).stdout
    assert [('{"mon-fri":["09:00-12:00","13:00-17:00"]}', '{"2026-12-24":["09:00-12:00"],"2026-12-25":[]}')] == rows(
        place, "SELECT week, dates FROM shift"
    )
    assert "ana: nothing is written down\n" == run(*SHIFTS, "--none").stdout
    assert [] == rows(place, "SELECT week FROM shift")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*PHONE, "911"), "that number cannot be called: A short number is never called"),
        ((*PHONE, "call me"), "that number cannot be called: This is no telephone number that we can read"),
        ((*PHONE, "+13035550123", "--none"), "give a number or --none, not both"),
        (("agent", "phone", "--login", "bo"), "nobody here has the login bo"),
        ((*SHIFTS, "mon 09:00-17:00", "--none"), "give hours or --none, not both"),
        ((*SHIFTS, "someday 09:00-17:00"), "someday: is not a day; "),
        ((*SHIFTS, "mon 9-5"), "mon: is not a range of hours; "),
        ((*SHIFTS, "2026-02-30 off"), "2026-02-30: is not a date; "),
        ((*SHIFTS, "mon"), "mon: is there twice or has no hours; "),
        ((*SHIFTS, ""), "a shift: is there twice or has no hours; "),
        ((*SHIFTS, "mon off", "mon 09:00-17:00"), "mon: is there twice or has no hours; "),
        ((*SHIFTS[:-1], "nowhere", "mon off"), "there is no team nowhere in teams.toml; "),
        ((*SHIFTS[:-1], "great-lakes", "mon off"), "that is nobody of this team"),
        (("agent", "shifts", "--login", "bo", "--team", "front-range"), "nobody here has the login bo"),
    ],
)
def test_a_mistake_is_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    """What cannot be done is told in one line on stderr, with exit code 1."""
    run(*ANA)
    refused = run(*words)
    assert (1, "", 1) == (refused.exit_code, refused.stdout, refused.stderr.count("\n"))
    assert refused.stderr.startswith(f"teamline: {said}")
