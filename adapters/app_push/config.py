"""The keys of an app channel's file. Refuses a key that is weak, of the wrong kind or in the wrong place.

A table that is left out turns its platform off. No secret's content is repeated in a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from adapters.app_push import keys, urls
from adapters.app_push.service_account import ServiceAccount
from gateway.channels.config import BY_REGION, ChannelConfig, Secret, Strict

STAND_IN: Final = "0" * 32
"""What a channel that is turned off is given for a secret that was not read: nothing can be said of its content."""

_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_SUBJECT = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^\s/]+\.\S+", re.ASCII)


def _url(example: str) -> AfterValidator:
    return AfterValidator(lambda url: urls.checked(url, example))


def _content(check: Callable[[str], object]) -> AfterValidator:
    def checked(secret: SecretStr) -> SecretStr:
        if secret.get_secret_value() != STAND_IN:
            check(secret.get_secret_value())
        return secret

    return AfterValidator(checked)


def _form(pattern: str, right: str) -> AfterValidator:
    form = re.compile(pattern, re.ASCII)

    def checked(value: str) -> str:
        if form.fullmatch(value) is None:
            raise ValueError(f"has the wrong form; write {right}")
        return value

    return AfterValidator(checked)


def _push_host(told: str) -> str:
    """A name, or for a test an origin on this machine."""
    if "://" in told:
        parts = urlsplit(url := urls.checked(told, "http://127.0.0.1:9000"))
        if not urls.is_loopback(parts.hostname or "") or parts.path or parts.query:
            raise ValueError('is more than a host; write its name alone, such as "push.example.com"')
        return url
    if _HOST.fullmatch(told.lower()) is None:
        raise ValueError('is not the name of a host; write such as "push.example.com", without a wildcard or a port')
    return told.lower()


def _environment(told: str) -> str:
    if told in {"production", "sandbox"}:
        return told
    if "://" not in told:
        raise ValueError('is neither "production" nor "sandbox"; write one of them')
    return urls.checked(told, "https://127.0.0.1:9000")


_NAME: Final = _form("[!-~](?:[ -~]{0,253}[!-~])?", "1 to 255 printable ASCII characters, without spaces around them")
_APPLE_ID: Final = _form("[A-Z0-9]{10}", "the 10 capital letters and digits that Apple shows")


class JwtKey(Strict):
    """A key that the app's backend signs tokens with, by the `kid` in their header."""

    kid: Annotated[str, _NAME, Field(examples=["2026-11"])]
    alg: Annotated[keys.Alg, Field(examples=["ES256"])]
    public_key: Annotated[Secret | None, Field(validate_default=True)] = None
    """PEM; for HS256, none."""
    secret: Annotated[Secret | None, Field(validate_default=True)] = None
    """For HS256 only: whoever checks such a token can make one too."""

    @field_validator("public_key")
    @classmethod
    def _fits(cls, pem: SecretStr | None, told: ValidationInfo) -> SecretStr | None:
        alg: keys.Alg | None = told.data.get("alg")
        if alg == "HS256" and pem is not None:
            raise ValueError("is of no use to HS256; set `secret`, or the alg that this key is for")
        if alg is None or alg == "HS256":
            return pem
        if pem is None:
            raise ValueError(f'has no public_key; {alg} needs such as public_key = {{ file = "app-public.pem" }}')
        if pem.get_secret_value() != STAND_IN:
            keys.from_pem(alg, pem.get_secret_value())
        return pem

    @field_validator("secret")
    @classmethod
    def _is_asked_for(cls, secret: SecretStr | None, told: ValidationInfo) -> SecretStr | None:
        alg: keys.Alg | None = told.data.get("alg")
        if alg == "HS256" and secret is None:
            raise ValueError('has no secret; HS256 needs such as secret = { env = "APP_JWT_SECRET" }')
        if alg not in {None, "HS256"} and secret is not None:
            raise ValueError('is for HS256 alone; leave it out, or set alg = "HS256"')
        if alg == "HS256" and secret is not None and secret.get_secret_value() != STAND_IN:
            keys.from_secret(secret.get_secret_value())
        return secret

    def key(self) -> keys.Key:
        """Raises ValueError for a secret that was not read."""
        if self.alg == "HS256":
            return keys.from_secret(self.secret.get_secret_value() if self.secret else "")
        return keys.from_pem(self.alg, self.public_key.get_secret_value() if self.public_key else "")


class WebPush(Strict):
    """Browsers, by VAPID (RFC 8292)."""

    subject: Annotated[
        str,
        _form(_SUBJECT.pattern, 'such as "mailto:care@example.com", where a push service can reach you'),
        Field(examples=["mailto:care@example.com"]),
    ]
    private_key: Annotated[Secret, _content(keys.check_p256_private)]
    """P-256, in PEM. With another one, browsers must subscribe anew."""


class Fcm(Strict):
    """Android, by FCM's HTTP v1."""

    service_account: Annotated[Secret, _content(ServiceAccount.read)]
    """The account's key as Google hands it out: JSON."""
    api_base_url: Annotated[str, _url("https://fcm.googleapis.com")] = "https://fcm.googleapis.com"

    def account(self) -> ServiceAccount:
        """Raises ValueError for a secret that was not read."""
        return ServiceAccount.read(self.service_account.get_secret_value())


class Apns(Strict):
    """Apple's devices, by token-based APNs."""

    key: Annotated[Secret, _content(keys.check_apple_private)]
    """The .p8 file as Apple hands it out."""
    key_id: Annotated[str, _APPLE_ID, Field(examples=["ABC123DEFG"])]
    team_id: Annotated[str, _APPLE_ID, Field(examples=["DEF123GHIJ"])]
    topic: Annotated[
        str,
        _form(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", 'the app\'s bundle id, such as "com.example.care"'),
        Field(max_length=255, examples=["com.example.care"]),
    ]
    environment: Annotated[str, AfterValidator(_environment)] = "production"
    """"production", "sandbox", or in a test a URL."""


class AppPushConfig(ChannelConfig):
    """`adapters/<channel>.toml` with `adapter = "app_push"`."""

    audience: Annotated[str, _NAME, Field(examples=["teamline"])]
    """What a token's `aud` must be, or hold."""
    team: str = BY_REGION
    """Whose customers new ones are: a team's id, or "by-region", by the place or the verified phone in the token."""
    jwt_key: Annotated[tuple[JwtKey, ...], Field(max_length=20)] = ()
    jwks_url: Annotated[
        Annotated[str, _url("https://id.example.com/jwks.json")] | None, Field(validate_default=True)
    ] = None
    """Where the keys are found instead (RFC 7517)."""
    webpush: WebPush | None = None
    fcm: Fcm | None = None
    apns: Apns | None = None
    push_hosts: Annotated[tuple[Annotated[str, AfterValidator(_push_host)], ...], Field(max_length=100)] = ()
    """Hosts that a browser's push endpoint may lie on, beside the known ones."""
    notice: Literal["fixed", "text"] = "fixed"
    """What a push says: who has written, or ("text") the person's own words as well."""

    @field_validator("jwt_key")
    @classmethod
    def _named_once(cls, found: tuple[JwtKey, ...]) -> tuple[JwtKey, ...]:
        if len({key.kid for key in found}) < len(found):
            raise ValueError("has one kid twice; give each key a kid of its own")
        return found

    @field_validator("jwks_url")
    @classmethod
    def _either(cls, url: str | None, told: ValidationInfo) -> str | None:
        # A list with a fault of its own is not among what was told.
        listed: tuple[JwtKey, ...] | None = told.data.get("jwt_key")
        if url is None and listed == ():
            raise ValueError("is missing, and so is a key; list one under [[jwt_key]], or set jwks_url")
        if url is not None and listed:
            raise ValueError("stands beside [[jwt_key]]; leave one of them out")
        return url

    def teams(self) -> Iterable[tuple[tuple[str, ...], str]]:
        return [(("team",), self.team)]

    def claims(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """One token must not speak for a customer of two channels."""
        return [(("audience",), self.audience)]
