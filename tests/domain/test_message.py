"""What a body may be, and what the digest of a message covers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.message import BODY_LIMIT, body_fault, digest

FACTS: dict[str, Any] = {
    "salt": b"0123456789abcdef",
    "body": "We are on it",
    "evidence": "session",
    "identity": 7,
    "kind": "sms",
    "address": "+13035550142",
    "channel": "sms",
    "endpoint": "+13035550100",
    "at": 1_795_338_000_000_000,
}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "plain",
        "x" * BODY_LIMIT,
        "😀" * BODY_LIMIT,
        "\u202eright to left\u202c and zero\u200b\u200dwidth\ufeff",
        "a\r\nb\tc\x1b[31m\x07",
        "'; DROP TABLE message; --",
        "<script>alert(1)</script>",
        "\ud7ff\ue000\uffff\U0010ffff",
    ],
)
def test_what_can_be_stored_has_no_fault(body: str) -> None:
    """Any text that every engine can hold is taken as it is."""
    assert body_fault(body) is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("x" * (BODY_LIMIT + 1), "the text has more than 16,000 characters"),
        ("a\x00b", "the text has a NUL character"),
        ("\ud83d", "the text has half of a surrogate pair"),
        ("fine\udc00", "the text has half of a surrogate pair"),
    ],
)
def test_what_cannot_be_stored_is_named(body: str, fault: str) -> None:
    """Text that some engine could not hold is refused, in words for a person."""
    assert fault == body_fault(body)


@given(st.text(st.characters(), max_size=50))
def test_a_body_without_fault_can_be_encoded(body: str) -> None:
    """What passes is valid UTF-8 without NUL."""
    if body_fault(body) is None:
        assert b"\x00" not in body.encode()


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("salt", b"0123456789abcdeg"),
        ("body", "We are on it."),
        ("evidence", "token"),
        ("identity", 8),
        ("kind", "whatsapp"),
        ("address", "+13035550143"),
        ("channel", "sms2"),
        ("endpoint", "+13035550101"),
        ("at", 1_795_338_000_000_001),
    ],
)
def test_the_digest_covers_every_fact(fact: str, other: Any) -> None:
    """A change of any one fact gives another digest of 32 bytes."""
    changed = digest(**FACTS | {fact: other})
    assert changed != digest(**FACTS)
    assert 32 == len(changed)


def test_text_cannot_move_from_one_fact_to_the_next() -> None:
    """Two messages do not share a digest because their facts, put together, read alike."""
    assert digest(**FACTS | {"body": "ab", "kind": "c"}) != digest(**FACTS | {"body": "a", "kind": "bc"})
    assert digest(**FACTS | {"kind": "sms1", "address": "2"}) != digest(**FACTS | {"kind": "sms", "address": "12"})
