"""Times as stored and as the outside sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.instant import from_micros, micros, rfc3339

times = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  zone beside it


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (1_795_338_000_000_000, "2026-11-22T09:00:00.000000Z"),
        (1_795_338_000_120_000, "2026-11-22T09:00:00.120000Z"),
    ],
)
def test_a_time_is_written_in_utc_with_six_digits(value: int, text: str) -> None:
    """Every stored time is RFC 3339 in UTC with six fractional digits."""
    assert text == rfc3339(value)


@given(times)
def test_a_time_survives_being_stored(at: datetime) -> None:
    """To microseconds and back is the same time, and what is written reads as it."""
    assert at == from_micros(micros(at))
    assert at == datetime.fromisoformat(rfc3339(micros(at)))


@given(times, times)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """Written times sort as the times themselves."""
    assert (one < other) == (rfc3339(micros(one)) < rfc3339(micros(other)))


def test_a_zone_makes_no_difference() -> None:
    """The same instant in another zone is the same number."""
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert micros(at) == micros(at.astimezone(timezone(timedelta(hours=-7))))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (micros(datetime.min.replace(tzinfo=UTC)) - 1, "0001-01-01T00:00:00.000000Z"),
        (-(2**63), "0001-01-01T00:00:00.000000Z"),
        (micros(datetime.max.replace(tzinfo=UTC)) + 1, "9999-12-31T23:59:59.999999Z"),
        (2**63 - 1, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_every_stored_number_can_be_shown(value: int, written: str) -> None:
    """What lies outside the calendar becomes its first or its last moment."""
    assert written == rfc3339(value)
    assert datetime.fromisoformat(written) == from_micros(value)
