"""Reading a form's bytes."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio import hooks
from gateway.channels.contract import WebhookRefused

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=20))
def test_a_form_is_read_as_it_was_written(fields: list[tuple[str, str]]) -> None:
    """What is encoded as a form comes back the same: order, repeats, empty values and all."""
    assert fields == hooks.pairs(urlencode(fields).encode())


@given(st.text(alphabet="a=&+%20Cc3;\u00fc", max_size=40))
def test_odd_forms_are_read_as_the_library_reads_them(body: str) -> None:
    """Seams, stray signs and half escapes mean what they mean to urllib, or are refused where it refuses."""
    try:
        expected = parse_qsl(body, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(WebhookRefused):
            hooks.pairs(body.encode())
    else:
        assert expected == hooks.pairs(body.encode())
