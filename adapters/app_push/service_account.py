"""A Google service account's key, as its JSON says it: read strictly where we use it, and otherwise left alone.

The form: https://developers.google.com/identity/protocols/oauth2/service-account
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from adapters.app_push import urls
from adapters.app_push.keys import check_rsa_private

_ANEW = "download it anew from the project's service accounts"
_PROJECT = re.compile(r"[a-z0-9.:-]{4,100}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,200}@[^@\s]{1,200}", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class ServiceAccount:
    """Who we are to Google."""

    project_id: str
    client_email: str
    private_key: str
    """RSA, in PEM."""
    private_key_id: str | None
    token_uri: str
    """Where an assertion becomes an access token."""

    @classmethod
    def read(cls, text: str) -> Self:
        """From JSON. Raises ValueError("wrong; right"), which repeats nothing of it."""
        told = _parsed(text)
        if told.get("type") != "service_account":
            raise ValueError(f"is not the key of a service account; {_ANEW}")
        account = cls(
            _field(told, "project_id", _PROJECT),
            _field(told, "client_email", _EMAIL),
            _field(told, "private_key", re.compile(".+", re.DOTALL)),
            _field(told, "private_key_id", _KEY_ID) if "private_key_id" in told else None,
            _field(told, "token_uri", re.compile("[!-~]{1,500}")),
        )
        _check_key(account.private_key)
        _check_url(account.token_uri)
        return account


def _parsed(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"is not JSON; {_ANEW}") from None
    if not isinstance(told, dict):
        raise ValueError(f"is not a JSON object; {_ANEW}")  # noqa: TRY004  pydantic collects ValueErrors
    return told


def _field(told: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = told.get(name)
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise ValueError(f"has no good {name}; {_ANEW}")
    return value


def _check_key(pem: str) -> None:
    try:
        check_rsa_private(pem)
    except ValueError:
        raise ValueError(f"has a private_key that is no strong RSA key; {_ANEW}") from None


def _check_url(url: str) -> None:
    try:
        urls.checked(url, "https://oauth2.googleapis.com/token")
    except ValueError:
        raise ValueError(f"has a token_uri that is not an encrypted web address; {_ANEW}") from None
