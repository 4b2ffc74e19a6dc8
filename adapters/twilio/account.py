"""The keys of a Twilio account in a channel's file. Refuses an empty token, a wrong SID, a token in the clear."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from gateway.channels.config import ChannelConfig, Secret

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def sid(prefix: str, whose: str) -> Callable[[str], str]:
    """A check that a text is a SID of one kind."""
    form = re.compile(prefix + "[0-9a-f]{32}")

    def is_one(text: str) -> str:
        if form.fullmatch(text) is None:
            raise ValueError(f"is not the SID of {whose}; write {prefix} and 32 digits of 0-9 a-f")
        return text

    return is_one


def _not_empty(token: SecretStr) -> SecretStr:
    # Twilio's signature under an empty key is one that anybody can make.
    if not token.get_secret_value().strip():
        raise ValueError("the token is empty; put the account's auth token there")
    return token


def _one_or_two(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else (value,)


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError('not a base URL; write "https://api.twilio.com"')
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("the token would travel in the clear; use https, or http on this machine only")
    return url.rstrip("/")


Token = Annotated[Secret, AfterValidator(_not_empty)]


class AccountConfig(ChannelConfig):
    """What each channel of a Twilio account has in its file."""

    account_sid: Annotated[str, AfterValidator(sid("AC", "an account"))]
    auth_token: Annotated[tuple[Token, ...], BeforeValidator(_one_or_two), Field(min_length=1, max_length=2)]
    """One, or two during a rotation: webhooks signed with either are believed, and asking Twilio tries both."""
    api_base_url: Annotated[str, AfterValidator(_base_url)] = "https://api.twilio.com"

    def tokens(self) -> tuple[str, ...]:
        return tuple(token.get_secret_value() for token in self.auth_token)
