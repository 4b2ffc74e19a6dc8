"""Our signature check gives the verdicts of the SDK's own validator."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from adapters.twilio.signature import is_valid

NAMES = st.sampled_from(["Body", "BodyA", "From", "To", "MediaUrl0", "x", "\u00fc"]) | st.text(max_size=8)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
FORMS = st.lists(st.tuples(NAMES.filter(lambda name: all(not "\ud800" <= c <= "\udfff" for c in name)), TEXTS))
TOKENS = st.text(alphabet="0123456789abcdef", min_size=1, max_size=32)
HOSTS = st.sampled_from(["care.example.com", "127.0.0.1", "localhost"])
PORTS = st.sampled_from(["", ":443", ":80", ":8080"])
QUERIES = st.sampled_from(["", "?ref=abc", "?a=1&b=%20x&a=2"]) | TEXTS.map(lambda text: f"?q={quote(text)}x")


@st.composite
def urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http", "https"]))
    path = draw(st.sampled_from(["/hooks/sms/messages", "/a/prefix/hooks/sms/status"]))
    return f"{scheme}://{draw(HOSTS)}{draw(PORTS)}{path}{draw(QUERIES)}"


@given(url=urls(), signed=urls(), same=st.booleans(), form=FORMS, token=TOKENS, other=TOKENS)
def test_agrees_with_the_sdk(
    url: str, signed: str, same: bool, form: list[tuple[str, str]], token: str, other: str
) -> None:
    """For any URLs, forms and tokens the verdict is the SDK's: repeated fields, query strings and ports included."""
    fields = MultiDict(form)
    told = RequestValidator(other).compute_signature(url if same else signed, fields)
    assert RequestValidator(token).validate(url, fields, told) == is_valid([token], url, form, told)
    assert RequestValidator(other).validate(url, fields, told) == is_valid([other], url, form, told)


@given(form=FORMS, tokens=st.lists(TOKENS, min_size=2, max_size=2, unique=True))
def test_either_of_two_tokens_signs(form: list[tuple[str, str]], tokens: list[str]) -> None:
    """During a rotation a request signed with either token is believed."""
    url = "https://care.example.com/hooks/sms/messages"
    for token in tokens:
        assert is_valid(tokens, url, form, RequestValidator(token).compute_signature(url, MultiDict(form)))


@given(form=FORMS, signature=TEXTS)
def test_any_text_may_come_as_a_signature(form: list[tuple[str, str]], signature: str) -> None:
    """Whatever stands in the header is compared, never raised about."""
    assert not is_valid(["token"], "https://care.example.com/hooks/sms/messages", form, signature)
