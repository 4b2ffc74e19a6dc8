"""Tokens that must be refused, by what is wrong with each. The time is NOW, and the keys are the backend's."""

from __future__ import annotations

import json
from typing import Any, Final

from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry

from adapters.app_push.tokens import LARGEST
from tests.adapters.app_push.backend import KEYS, NOW, b64, claims, compact, token

EXP: Final = NOW.timestamp()
PLAIN: Final = '"sub": "customer-4711", "aud": "teamline"'
HALF: Final = "\\ud800"
"""Half of a character, as JSON writes it."""


def es256(header: str | dict[str, Any], payload: str | dict[str, Any] | None = None) -> str:
    return compact(header, payload if payload is not None else claims(), KEYS["ES256"], "ES256")


def unencoded(header: dict[str, Any]) -> str:
    """A token whose payload is signed and sent without base64url (RFC 7797)."""
    signed = f"{compact(header, '', KEYS['ES256'], 'ES256').partition('.')[0]}.{json.dumps(claims(exp=int(EXP) + 60))}"
    return f"{signed}.{b64(JWSRegistry.algorithms['ES256'].sign(signed.encode(), KEYS['ES256']))}"


REFUSED = {
    "expired": token(exp=EXP - 1),
    "expires now": token(exp=EXP),
    "no exp": token(exp=None),
    "exp in text": token(exp=str(EXP + 60)),
    "exp true": token(exp=True),
    "exp NaN": es256({"alg": "ES256", "kid": "ES256"}, f'{{{PLAIN}, "exp": NaN}}'),
    "exp endless": es256({"alg": "ES256", "kid": "ES256"}, f'{{{PLAIN}, "exp": 1e999}}'),
    "exp of five thousand digits": es256({"alg": "ES256", "kid": "ES256"}, f'{{{PLAIN}, "exp": {"9" * 5_000}}}'),
    "exp in years": token(exp=EXP + 367 * 86_400),
    "not yet": token(nbf=EXP + 61),
    "nbf in text": token(nbf="0"),
    "signed in the future": token(iat=EXP + 61),
    "for another audience": token(aud="elsewhere"),
    "for other audiences": token(aud=["elsewhere", "teamline2"]),
    "for nobody": token(aud=None),
    "for an empty list": token(aud=[]),
    "for a list in a list": token(aud=[["teamline"]]),
    "for a number": token(aud=1),
    "for a longer name": token(aud="teamline2"),
    "no subject": token(sub=None),
    "empty subject": token(sub=""),
    "long subject": token(sub="x" * 256),
    "subject with a line break": token(sub="a\nb"),
    "subject half a character": es256(
        {"alg": "ES256", "kid": "ES256"}, f'{{"sub": "{HALF}", "aud": "teamline", "exp": {EXP + 60}}}'
    ),
    "subject a number": token(sub=4711),
    "name a number": token(name=5),
    "long name": token(name="x" * 201),
    "phone a number": token(phone=13035550100),
    "long phone": token(phone="+" + "1" * 40),
    "verified in text": token(phone="+13035550100", phone_number_verified="true"),
    "verified by 1": token(phone="+13035550100", phone_number_verified=1),
    "postal code a number": token(postal_code=80202),
    "region a list": token(region=["US-CO"]),
    "class a table": token(**{"class": {}}),
    "account with a null": token(account="a\0b"),
    "long account": token(account="x" * 256),
    "long locale": token(locale="x" * 36),
    "unsigned": token().rpartition(".")[0] + ".",
    "two parts": token().rpartition(".")[0],
    "four parts": token() + ".",
    "five parts, as if encrypted": token() + "..",
    "nothing": "",
    "dots": "..",
    "a word": "token",
    "padded": token() + "=",
    "with a space": token() + " ",
    "not ASCII": token() + "\u00e9",
    "half a character": "\ud800",
    "half a character at the end": token() + "\ud800",
    "too large": token(more="x" * LARGEST),
    "alg none": compact({"alg": "none", "kid": "ES256"}, claims(), KEYS["ES256"], "none"),
    "alg none without a kid": compact({"alg": "none"}, claims(), KEYS["ES256"], "none"),
    "alg None": es256({"alg": "None", "kid": "ES256"}),
    "alg none but signed": es256({"alg": "none", "kid": "ES256"}),
    "no alg": es256({"kid": "ES256"}),
    "alg a list": es256({"alg": ["ES256"], "kid": "ES256"}),
    "alg in small letters": es256({"alg": "es256", "kid": "ES256"}),
    "another alg of the key's kind": compact({"alg": "RS512", "kid": "RS256"}, claims(), KEYS["RS256"], "RS512"),
    "PSS with an RS256 key": compact({"alg": "PS256", "kid": "RS256"}, claims(), KEYS["RS256"], "PS256"),
    "no kid among many": es256({"alg": "ES256"}),
    "unknown kid": token(kid="2020-01"),
    "kid of another key": token(kid="RS256"),
    "kid a number": es256({"alg": "ES256", "kid": 1}),
    "kid with a path": token(kid="../../dev/null"),
    "crit": es256({"alg": "ES256", "kid": "ES256", "crit": ["exp"], "exp": 1}),
    "crit of b64": es256({"alg": "ES256", "kid": "ES256", "crit": ["b64"], "b64": False}),
    "b64": es256({"alg": "ES256", "kid": "ES256", "b64": False}),
    "payload as it is (RFC 7797)": unencoded({"alg": "ES256", "kid": "ES256", "crit": ["b64"], "b64": False}),
    "payload as it is, without crit": unencoded({"alg": "ES256", "kid": "ES256", "b64": False}),
    "unknown header": es256({"alg": "ES256", "kid": "ES256", "zip": "DEF"}),
    "header named twice": es256('{"alg": "none", "alg": "ES256", "kid": "ES256"}'),
    "kid named twice": es256('{"alg": "ES256", "kid": "RS256", "kid": "ES256"}'),
    "header a list": es256("[]"),
    "header not JSON": es256("{"),
    "header nested": es256("[" * 3_000),
    "long header": es256({"alg": "ES256", "kid": "ES256", "typ": "x" * 600}),
    "audience named twice": es256(
        {"alg": "ES256", "kid": "ES256"}, f'{{"aud": "elsewhere", {PLAIN}, "exp": {EXP + 60}}}'
    ),
    "subject named twice": es256({"alg": "ES256", "kid": "ES256"}, f'{{"sub": "a", {PLAIN}, "exp": {EXP + 60}}}'),
    "a name twice deep inside": es256(
        {"alg": "ES256", "kid": "ES256"}, f'{{{PLAIN}, "exp": {EXP + 60}, "x": {{"a": 1, "a": 2}}}}'
    ),
    "payload a list": es256({"alg": "ES256", "kid": "ES256"}, "[]"),
    "payload not JSON": es256({"alg": "ES256", "kid": "ES256"}, "sub=4711"),
    "payload empty": es256({"alg": "ES256", "kid": "ES256"}, ""),
    "payload nested": es256({"alg": "ES256", "kid": "ES256"}, "[" * 5_000),
    "own key in the header": compact(
        {"alg": "ES256", "kid": "ES256", "jwk": (mine := ECKey.generate_key()).as_dict(private=False)},
        claims(),
        mine,
        "ES256",
    ),
    "signed by a stranger": compact({"alg": "ES256", "kid": "ES256"}, claims(), ECKey.generate_key(), "ES256"),
    "signed with another secret": compact(
        {"alg": "HS256", "kid": "HS256"}, claims(), OctKey.import_key("x" * 32), "HS256"
    ),
}
