"""Whom a token speaks for, and that everything which is not a good token is refused without a word why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import ECKey, OctKey

from adapters.app_push import tokens
from adapters.app_push.tokens import Tokens
from gateway.channels.push import Claims
from gateway.errors import Unauthenticated, Unavailable
from tests.adapters.app_push.backend import (
    KEYS,
    NOW,
    P256,
    RSA,
    Clock,
    Published,
    claims,
    compact,
    config,
    jwk,
    public_pem,
    token,
)
from tests.adapters.app_push.bad_tokens import EXP, REFUSED, es256

NO_HTTP: Any = None
"""Keys from the file need no client."""


def believer(*algs: str, clock: Clock | None = None) -> Tokens:
    return Tokens(config(*(algs or ("ES256", "RS256", "EdDSA", "HS256"))), NO_HTTP, (clock or Clock()).now)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA", "HS256"])
async def test_a_good_token_speaks_for_its_subject(alg: str) -> None:
    """A token under each algorithm is believed, with its key named, and without where there is one key only."""
    said = Claims("customer-4711", NOW + timedelta(hours=1))
    assert said == await believer().identify(token(alg))
    unnamed = compact({"alg": alg}, claims(), KEYS[alg], alg)
    assert said == await believer(alg).identify(unnamed)


async def test_what_a_token_says_is_kept() -> None:
    """Each claim of the contract arrives as it was signed."""
    told = token(
        name="Ana  Maria",
        phone="+13035550100",
        phone_number_verified=True,
        postal_code="80202",
        region="US-CO",
        **{"class": "gold"},
        account="A-77",
        locale="es-MX",
        exp=NOW.timestamp() + 60.9,
        aud=["elsewhere", "teamline"],
        iss="https://id.example.com",
        scope="anything",
    )
    expected = Claims(
        "customer-4711",
        datetime.fromtimestamp(NOW.timestamp() + 60.9, UTC),
        name="Ana Maria",
        phone="+13035550100",
        phone_verified=True,
        postal_code="80202",
        region="US-CO",
        customer_class="gold",
        account="A-77",
        locale="es-MX",
    )
    assert expected == await believer().identify(told)


@pytest.mark.parametrize("case", REFUSED)
async def test_a_bad_token_is_refused_without_a_word_why(case: str) -> None:
    """Whatever is wrong with a token, the answer is the same."""
    believing = believer()
    with pytest.raises(Unauthenticated) as raised:
        await believing.identify(REFUSED[case])
    assert (Unauthenticated().detail, None) == (raised.value.detail, raised.value.__cause__)


@pytest.mark.parametrize("key", [P256, RSA])
@pytest.mark.parametrize("ending", ["\n", ""])
@pytest.mark.filterwarnings("ignore:.*should not be an asymmetric key")
async def test_a_public_key_is_no_secret(key: Any, ending: str) -> None:
    """A token signed by HS256 with the text of a public key, which everybody may have, finds no key."""
    pem = OctKey(text := (public_pem(key).strip() + ending).encode(), text)
    for kid, algs in (("RS256", ["RS256"]), ("ES256", ["ES256"]), ("HS256", [])):
        named = compact({"alg": "HS256", "kid": kid}, claims(), pem, "HS256")
        for told in (named, compact({"alg": "HS256"}, claims(), pem, "HS256")):
            with pytest.raises(Unauthenticated):
                await believer(*algs).identify(told)


async def test_no_character_of_a_token_can_be_changed() -> None:
    """A token with any one character changed, and a token cut off anywhere, is refused."""
    good, believing = token(), believer("ES256")
    changed = [f"{good[:at]}{'A' if good[at] != 'A' else 'B'}{good[at + 1 :]}" for at in range(len(good))]
    for told in (*changed, *(good[:at] for at in range(len(good)))):
        with pytest.raises(Unauthenticated):
            await believing.identify(told)


async def test_another_clock_may_be_a_minute_ahead() -> None:
    """`nbf` and `iat` may be sixty seconds in our future, and `exp` a year."""
    told = token(nbf=EXP + 60, iat=EXP + 60, exp=EXP + 366 * 86_400)
    assert "customer-4711" == (await believer().identify(told)).subject


@pytest.mark.parametrize(
    ("told", "phone", "verified"),
    [
        ({"phone": "+13035550100", "phone_number_verified": True}, "+13035550100", True),
        ({"phone": "+13035550100", "phone_number_verified": False}, "+13035550100", False),
        ({"phone": "+13035550100"}, "+13035550100", False),
        ({"phone": "303 555 0100", "phone_number_verified": True}, None, False),
        ({"phone": "+1 303 555 0100", "phone_number_verified": True}, None, False),
        ({"phone": "+10000000000", "phone_number_verified": True}, None, False),
        ({"phone": "+999123456789", "phone_number_verified": True}, None, False),
        ({"phone": "", "phone_number_verified": True}, None, False),
        ({"phone_number_verified": True}, None, False),
    ],
)
async def test_a_phone_counts_only_as_a_number_of_some_country(
    told: dict[str, Any], phone: str | None, verified: bool
) -> None:
    """What is no E.164 number is passed over, and is never verified."""
    found = await believer().identify(token(**told))
    assert (phone, verified) == (found.phone, found.phone_verified)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Ana\u202e\nB\0", "Ana B"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        (" \u2066\u2069 ", None),
        ("", None),
    ],
)
async def test_a_name_moves_nothing_around_it(told: str, kept: str | None) -> None:
    """Control characters and direction marks are left out of a name, and joiners stay."""
    assert kept == (await believer().identify(token(name=told))).name


async def test_null_is_a_claim_that_is_not_there() -> None:
    """A backend that writes null for what it does not know is understood."""
    payload = claims() | dict.fromkeys(("name", "phone", "phone_number_verified", "region", "class", "locale"))
    told = es256({"alg": "ES256", "kid": "ES256"}, json.dumps(payload))
    assert Claims("customer-4711", NOW + timedelta(hours=1)) == await believer().identify(told)


async def test_a_remembered_token_ends_in_time() -> None:
    """A token that was believed is refused from the second of its `exp`."""
    clock = Clock()
    believing, told = believer(clock=clock), token(exp=EXP + 30)
    for clock.seconds in (0, 29.9):
        assert "customer-4711" == (await believing.identify(told)).subject
    clock.seconds = 30
    with pytest.raises(Unauthenticated):
        await believing.identify(told)


async def test_a_signature_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that comes again costs no signature check, and what is remembered is bounded."""
    checked = []
    check = tokens.jws.deserialize_compact
    monkeypatch.setattr(tokens, "MOST_KNOWN", 2)
    monkeypatch.setattr(tokens.jws, "deserialize_compact", lambda *a, **b: checked.append(a[0]) or check(*a, **b))
    believing = believer()
    first, second, third = (token(sub=name) for name in "abc")
    for told in (first, first, second, first, third, second, first):
        await believing.identify(told)
    assert [first, second, third, first] == checked


async def test_a_key_that_leaves_its_url_takes_its_tokens_along() -> None:
    """A remembered token is refused once its key is no longer published, or another stands in its place."""
    clock = Clock()
    async with Published(jwk("ES256", "a"), jwk("RS256", "b")) as published, aiohttp.ClientSession() as http:
        believing = Tokens(config(jwks_url=published.url), http, clock.now, clock)
        told = [token("ES256", "a", exp=EXP + 90_000), token("RS256", "b", exp=EXP + 90_000)]
        assert ["customer-4711"] * 2 == [(await believing.identify(each)).subject for each in told]
        published.keys[0] = ECKey.generate_key().as_dict(private=False) | {"kid": "a"}
        clock.seconds = 3_700
        with pytest.raises(Unauthenticated):
            await believing.identify(told[0])
        assert ("customer-4711", 2) == ((await believing.identify(told[1])).subject, published.asked)
        await believing.close()


async def test_without_any_key_nobody_is_signed_out() -> None:
    """While a JWKS URL has never answered, a token is neither believed nor called bad."""
    async with Published() as published, aiohttp.ClientSession() as http:
        believing = Tokens(config(jwks_url=published.url), http, Clock().now)
        with pytest.raises(Unavailable):
            await believing.identify(token())
        with pytest.raises(Unauthenticated):
            await believing.identify("not even a token")
        await believing.close()
