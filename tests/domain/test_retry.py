"""When a send that did not succeed is tried again."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.retry import BASE, CEILING, MOST_ATTEMPTS, delay

chances = st.floats(0, 1, exclude_max=True)
tries = st.integers(1, MOST_ATTEMPTS - 1)


@given(tries, chances)
def test_a_wait_is_within_its_bounds(attempt: int, chance: float) -> None:
    """A wait is at least nothing, at most twice the one before, and never more than the ceiling."""
    wait = delay(attempt, chance)
    assert wait is not None
    assert timedelta(0) <= wait <= min(CEILING, BASE * 2 ** (attempt - 1))


@given(st.integers(MOST_ATTEMPTS, 10_000), chances, st.none() | st.timedeltas(timedelta(1), timedelta(2)))
def test_after_the_last_attempt_there_is_no_wait(attempt: int, chance: float, wish: timedelta | None) -> None:
    """After the last attempt nothing is tried again, whatever the provider wishes."""
    assert delay(attempt, chance, wish) is None


@given(tries, chances, st.timedeltas(timedelta(seconds=1), timedelta(hours=1)))
def test_the_provider_s_wish_is_kept(attempt: int, chance: float, wish: timedelta) -> None:
    """What the provider asks for with Retry-After is waited at least."""
    wait = delay(attempt, chance, wish)
    assert wait is not None
    assert max(wish, delay(attempt, chance) or wish) == wait


def test_a_wish_of_a_week_is_cut_to_an_hour() -> None:
    """No provider can hold a message for longer than an hour at a time."""
    assert timedelta(hours=1) == delay(1, 0.5, timedelta(days=7))


def test_the_waits_double() -> None:
    """With the same luck each wait is twice the one before, up to the ceiling."""
    waits = [delay(attempt, 0.5) for attempt in range(1, 12)]
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == [wait and wait.total_seconds() for wait in waits]


def test_a_message_is_tried_for_about_an_hour() -> None:
    """With average luck the waits add up to an hour, give or take five minutes."""
    waits = [delay(attempt, 0.5) or timedelta() for attempt in range(1, MOST_ATTEMPTS + 1)]
    assert timedelta(minutes=55) < sum(waits, timedelta()) < timedelta(minutes=65)
