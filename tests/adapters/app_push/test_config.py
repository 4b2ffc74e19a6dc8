"""What an app channel's file may say, and that each fault says what would be right."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from pydantic import SecretStr, ValidationError

import adapters.app_push
from adapters.app_push.config import AppPushConfig
from gateway.settings.secrets import form_only
from tests.adapters.app_push.backend import ED25519, P256, RSA, SECRET, config, jwt_key, private_pem, public_pem

WEAK = rsa.generate_private_key(65_537, 1_024)
P384 = ec.generate_private_key(ec.SECP384R1())
LOCKED = P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")).decode()
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
ACCOUNT = {
    "type": "service_account",
    "project_id": "care-4711",
    "private_key_id": "0a1b2c",
    "private_key": private_pem(RSA),
    "client_email": "push@care-4711.iam.gserviceaccount.com",
    "client_id": "1234",
    "token_uri": "https://oauth2.googleapis.com/token",
}
WEBPUSH = {"subject": "mailto:care@example.com", "private_key": SecretStr(private_pem(P256))}
APNS = {
    "key": SecretStr(private_pem(P256)),
    "key_id": "ABC123DEFG",
    "team_id": "DEF123GHIJ",
    "topic": "com.example.care",
}


def example() -> dict[str, Any]:
    return tomllib.loads((Path(adapters.app_push.__file__).parent / "example.toml").read_text())


def account(**others: Any) -> dict[str, Any]:
    """A table [fcm] whose account says something else; None leaves it out."""
    told = {name: value for name, value in {**ACCOUNT, **others}.items() if value is not None}
    return {"service_account": SecretStr(json.dumps(told))}


def key(alg: str = "ES256", **content: str) -> dict[str, Any]:
    return {"kid": "k", "alg": alg, **{name: SecretStr(text) for name, text in content.items()}}


def test_the_example_is_valid() -> None:
    """The example file loads as it stands, once its secrets can be read."""
    content = {
        "app-public.pem": public_pem(P256),
        "vapid.pem": private_pem(P256),
        "fcm.json": json.dumps(ACCOUNT),
        "AuthKey.p8": private_pem(P256),
    }
    read = AppPushConfig.model_validate(example(), context={"secrets": lambda told: SecretStr(content[told["file"]])})
    assert read.fcm is not None
    assert read.apns is not None
    assert ("care-4711", "production", "fixed") == (read.fcm.account().project_id, read.apns.environment, read.notice)
    assert [(("team",), "by-region")] == list(read.teams())
    assert [(("audience",), "teamline")] == list(read.claims())


def test_secrets_that_are_not_read_are_not_judged() -> None:
    """A channel that is turned off is checked in form, and can never be used so."""
    read = AppPushConfig.model_validate(example(), context={"secrets": form_only})
    hidden = {"adapter": "app_push", "audience": "a", "jwt_key": [{"kid": "k", "alg": "HS256", "secret": {"env": "X"}}]}
    for each in (read, AppPushConfig.model_validate(hidden, context={"secrets": form_only})):
        with pytest.raises(ValueError, match=";"):
            each.jwt_key[0].key()


def test_no_secret_is_shown() -> None:
    """Neither the file's text nor an account that was read gives a key away."""
    read = config("HS256", webpush=WEBPUSH, fcm=account(), apns=APNS)
    assert read.fcm is not None
    shown = f"{read!r} {read.fcm.account()!r} {read.jwt_key[0].key()!r}"
    assert [] == [secret for secret in (SECRET, "PRIVATE KEY") if secret in shown]


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA", "HS256"])
def test_a_key_is_of_its_algorithm(alg: str) -> None:
    """Each algorithm has its key, and several stand side by side."""
    assert [alg, "ES256"] == [told.key().alg for told in config(alg, jwt_key=[jwt_key(alg), jwt_key(kid="x")]).jwt_key]


@pytest.mark.parametrize(
    ("told", "at", "problem"),
    [
        (key(public_key=public_pem(RSA)), "public_key", "is no key for ES256; write a P-256 key"),
        (key(public_key=public_pem(P384)), "public_key", "is no key for ES256"),
        (key(public_key=public_pem(ED25519)), "public_key", "is no key for ES256"),
        (key("RS256", public_key=public_pem(P256)), "public_key", "is no key for RS256; write an RSA key"),
        (key("RS256", public_key=public_pem(WEAK)), "public_key", "1024 bits; use one of 2048 to 4096"),
        (key("EdDSA", public_key=public_pem(P256)), "public_key", "is no key for EdDSA; write an Ed25519 key"),
        (key("EdDSA", public_key=public_pem(ed448.Ed448PrivateKey.generate())), "public_key", "no key for EdDSA"),  # type: ignore[arg-type]
        (key(public_key=private_pem(P256)), "public_key", "is a private key"),
        (key(public_key=LOCKED), "public_key", "is a private key"),
        (key(public_key=CERTIFICATE), "public_key", "is a certificate; write its key"),
        (key(public_key="-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), "public_key", "in PEM"),
        (key(public_key="ssh-rsa AAAA"), "public_key", "is no public key in PEM"),
        (key(), "public_key", "has no public_key; ES256 needs such as"),
        (key(public_key=public_pem(P256), secret=SECRET), "secret", "is for HS256 alone"),
        (key("HS256"), "secret", "has no secret; HS256 needs such as"),
        (key("HS256", secret="x" * 31), "secret", "is shorter than 32 bytes"),
        (key("HS256", secret="x" * 40), "secret", "can be guessed"),
        (key("HS256", secret="ab" * 20), "secret", "can be guessed"),
        (key("HS256", secret=public_pem(P256)), "secret", "is a key in PEM"),
        (key("HS256", secret=SECRET, public_key=public_pem(P256)), "public_key", "is of no use to HS256"),
        (key("none"), "alg", "'ES256', 'RS256', 'EdDSA' or 'HS256'"),
        (key("RS512", public_key=public_pem(RSA)), "alg", "'ES256'"),
        (key(public_key=public_pem(P256)) | {"kid": ""}, "kid", "printable ASCII"),
        (key(public_key=public_pem(P256)) | {"kid": "a\n"}, "kid", "printable ASCII"),
        (key(public_key=public_pem(P256)) | {"kid": "x" * 256}, "kid", "1 to 255"),
        (key(public_key=public_pem(P256)) | {"use": "sig"}, "use", "not permitted"),
    ],
)
def test_faults_of_a_key(told: dict[str, Any], at: str, problem: str) -> None:
    """A key that is weak, private, or not of its algorithm is found, at its name, and not repeated."""
    with pytest.raises(ValidationError) as raised:
        config(jwt_key=[told])
    faults = [fault for fault in raised.value.errors(include_input=False) if fault["loc"][:2] == ("jwt_key", 0)]
    assert [("jwt_key", 0, at)] == [fault["loc"] for fault in faults]
    assert problem in faults[0]["msg"]
    assert "-----BEGIN" not in faults[0]["msg"]


@pytest.mark.parametrize(
    ("told", "at", "problem"),
    [
        ({"jwt_key": []}, ("jwks_url",), "list one under [[jwt_key]], or set jwks_url"),
        ({"jwt_key": [jwt_key(), jwt_key("RS256", "ES256")]}, ("jwt_key",), "has one kid twice"),
        ({"jwt_key": [jwt_key(), jwt_key()]}, ("jwt_key",), "has one kid twice"),
        ({"jwks_url": "https://id.example.com/jwks"}, ("jwks_url",), "stands beside [[jwt_key]]"),
        ({"jwt_key": [], "jwks_url": "http://id.example.com/jwks"}, ("jwks_url",), "is not encrypted"),
        ({"jwt_key": [], "jwks_url": "http://127.0.0.1.example.com/"}, ("jwks_url",), "is not encrypted"),
        ({"jwt_key": [], "jwks_url": "file:///jwks.json"}, ("jwks_url",), "is not a web address"),
        ({"jwt_key": [], "jwks_url": "id.example.com"}, ("jwks_url",), "is not a web address"),
        ({"jwt_key": [], "jwks_url": "https://u:p@id.example.com"}, ("jwks_url",), "has a login"),
        ({"jwt_key": [], "jwks_url": "https://id.example.com:port"}, ("jwks_url",), "is not a web address"),
        ({"audience": ""}, ("audience",), "printable ASCII"),
        ({"audience": " teamline"}, ("audience",), "printable ASCII"),
        ({"notice": "none"}, ("notice",), "'fixed' or 'text'"),
        ({"push_hosts": ["*.example.com"]}, ("push_hosts", 0), "is not the name of a host"),
        ({"push_hosts": ["10.0.0.1"]}, ("push_hosts", 0), "is not the name of a host"),
        ({"push_hosts": ["push"]}, ("push_hosts", 0), "is not the name of a host"),
        ({"push_hosts": ["push.example.com:443"]}, ("push_hosts", 0), "without a wildcard or a port"),
        ({"push_hosts": ["https://push.example.com"]}, ("push_hosts", 0), "write its name alone"),
        ({"push_hosts": ["http://127.0.0.1:1/x"]}, ("push_hosts", 0), "write its name alone"),
        ({"webpush": WEBPUSH | {"subject": "care@example.com"}}, ("webpush", "subject"), "mailto:care@"),
        ({"webpush": WEBPUSH | {"private_key": SecretStr(private_pem(P384))}}, ("webpush", "private_key"), "P-256"),
        ({"webpush": WEBPUSH | {"private_key": SecretStr(private_pem(RSA))}}, ("webpush", "private_key"), "P-256"),
        ({"webpush": WEBPUSH | {"private_key": SecretStr(public_pem(P256))}}, ("webpush", "private_key"), "no private"),
        ({"webpush": WEBPUSH | {"private_key": SecretStr(LOCKED)}}, ("webpush", "private_key"), "without a password"),
        ({"apns": APNS | {"key": SecretStr("key")}}, ("apns", "key"), "is no key of Apple's; download"),
        ({"apns": APNS | {"key_id": "abc123defg"}}, ("apns", "key_id"), "10 capital letters and digits"),
        ({"apns": APNS | {"team_id": "DEF"}}, ("apns", "team_id"), "10 capital letters and digits"),
        ({"apns": APNS | {"topic": "care"}}, ("apns", "topic"), "bundle id"),
        ({"apns": APNS | {"environment": "test"}}, ("apns", "environment"), 'neither "production" nor "sandbox"'),
        ({"apns": APNS | {"environment": "http://apple.example"}}, ("apns", "environment"), "is not encrypted"),
        ({"fcm": {"service_account": SecretStr("{")}}, ("fcm", "service_account"), "is not JSON; download it anew"),
        ({"fcm": {"service_account": SecretStr("[" * 9_999)}}, ("fcm", "service_account"), "is not JSON"),
        ({"fcm": {"service_account": SecretStr("[]")}}, ("fcm", "service_account"), "is not a JSON object"),
        ({"fcm": account(type="authorized_user")}, ("fcm", "service_account"), "not the key of a service account"),
        ({"fcm": account(project_id="a/../b")}, ("fcm", "service_account"), "has no good project_id"),
        ({"fcm": account(client_email=None)}, ("fcm", "service_account"), "has no good client_email"),
        ({"fcm": account(private_key=private_pem(P256))}, ("fcm", "service_account"), "no strong RSA key"),
        ({"fcm": account(private_key=private_pem(WEAK))}, ("fcm", "service_account"), "no strong RSA key"),
        ({"fcm": account(private_key_id=5)}, ("fcm", "service_account"), "has no good private_key_id"),
        ({"fcm": account(token_uri="http://example.com/token")}, ("fcm", "service_account"), "not an encrypted"),
        ({"fcm": account() | {"api_base_url": "http://example.com"}}, ("fcm", "api_base_url"), "is not encrypted"),
        ({"fcm": account() | {"auto_reply": "Thanks!"}}, ("fcm", "auto_reply"), "not permitted"),
        ({"auto_reply": "Thanks!"}, ("auto_reply",), "not permitted"),
    ],
)
def test_faults(told: dict[str, Any], at: tuple[str | int, ...], problem: str) -> None:
    """Each other fault is found, at its key, and says what would be right."""
    with pytest.raises(ValidationError) as raised:
        config("ES256", **told)
    (fault,) = raised.value.errors(include_input=False)
    assert at == fault["loc"]
    assert problem in fault["msg"]


def test_this_machine_needs_no_encryption() -> None:
    """A test may point every platform at a port of 127.0.0.1, and name its push host."""
    here = "http://127.0.0.1:9000"
    read = config(
        jwks_url=f"{here}/jwks.json",
        jwt_key=[],
        fcm=account(token_uri=f"{here}/token") | {"api_base_url": f"{here}/"},
        apns=APNS | {"environment": "https://localhost:9443"},
        push_hosts=[here, "Push.Example.com"],
    )
    assert read.fcm is not None
    assert (here, (here, "push.example.com")) == (read.fcm.api_base_url, read.push_hosts)
