"""The bytes of a link are settled for ever: a change of any field, or of the encoding, shows."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.chain import START, link_hash

Link = tuple[bytes, str, int, int, int, int, bytes]

LINKS = st.tuples(st.binary(max_size=33), st.text(max_size=5), *[st.integers(0, 2**63 - 1)] * 4, st.binary(max_size=33))


def test_settled() -> None:
    """A link's hash is what anyone gets who joins its fields, each after its length."""
    fields = (b"1", b"2", b"3", b"4", START, "équipe".encode(), b"digest")
    encoded = b"".join(len(field).to_bytes(8, "big") + field for field in fields)
    assert hashlib.sha256(encoded).digest() == link_hash(START, "équipe", 1, 2, 3, 4, b"digest")


@given(LINKS, LINKS)
def test_distinct(one: Link, other: Link) -> None:
    """Two links have one hash only if they are the same."""
    assert (one == other) == (link_hash(*one) == link_hash(*other))
