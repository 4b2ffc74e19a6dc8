"""The bytes that the authorship chain hashes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.chain import START, link_hash

LINK: dict[str, Any] = {
    "prev": START,
    "team": "front-range",
    "seq": 1,
    "message": 12,
    "agent": 3,
    "credential": 4,
    "digest": b"d" * 32,
}


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("prev", b"p" * 32),
        ("team", "great-lakes"),
        ("seq", 2),
        ("message", 13),
        ("agent", 4),
        ("credential", 5),
        ("digest", b"e" * 32),
    ],
)
def test_a_link_covers_every_field(fact: str, other: Any) -> None:
    """A change of any one field gives another hash of 32 bytes."""
    changed = link_hash(**LINK | {fact: other})
    assert changed != link_hash(**LINK)
    assert 32 == len(changed)


def test_digits_cannot_move_from_one_field_to_the_next() -> None:
    """Two links do not share a hash because their fields, put together, read alike."""
    one, other = {"message": 1, "agent": 23}, {"message": 12, "agent": 3}
    assert link_hash(**LINK | one) != link_hash(**LINK | other)


def test_the_bytes_of_a_link_never_change() -> None:
    """A chain that was written by an earlier version still verifies."""
    expected = "8205dff16e71060ce5c52b1b9e63f6f9aaa789857d93382f6e754f3872a3e1fe"
    assert expected == link_hash(**LINK).hex()
