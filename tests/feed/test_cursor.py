"""The opaque place in the logs that a client holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.message import TeamId
from gateway.errors import Malformed
from gateway.feed.cursor import LONGEST, decode, encode

teams = st.from_regex(r"[a-z_][a-z0-9-]{0,20}", fullmatch=True).map(TeamId)
places = st.dictionaries(teams, st.integers(0, 10**18 - 1), max_size=20)


@given(places)
def test_a_place_survives_being_encoded(place: dict[TeamId, int]) -> None:
    """What was encoded is decoded as it was, whatever the order it came in."""
    assert place == decode(encode(place))
    assert encode(place) == encode(dict(reversed(place.items())))


@given(places)
def test_a_cursor_fits_a_header(place: dict[TeamId, int]) -> None:
    """A cursor is of URL-safe characters, and never empty."""
    assert set(encode(place)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert encode(place)


@given(
    st.text(st.characters()) | st.text("ABCDabcd0123-_=+/ ,:", max_size=40) | places.map(encode).map(lambda c: c[:-1])
)
def test_garbage_is_malformed_and_nothing_else(text: str) -> None:
    """Whatever a client sends is a place or Malformed."""
    try:
        place = decode(text)
    except Malformed:
        return
    assert all(isinstance(seq, int) and seq >= 0 for seq in place.values())


@pytest.mark.parametrize("text", ["", "A" * (LONGEST + 1), "YTot_w", "é", "\ud800", "YTo", "YQ", "YToxLGI", "YTotMQ"])
def test_known_garbage_is_refused(text: str) -> None:
    """Nothing, too much, other bytes and half a place are not ours."""
    with pytest.raises(Malformed):
        decode(text)
