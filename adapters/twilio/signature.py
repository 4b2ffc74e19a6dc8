"""Twilio's signature of a webhook, computed directly: the SDK's validator alone would halve the rate of arrival.

The scheme (https://www.twilio.com/docs/usage/webhooks/webhooks-security): HMAC-SHA1, keyed by the auth token, over the
URL followed by every form field's name and value, sorted, without delimiters, in Base64. Twilio is not consistent
about a port in the URL, so that the SDK's `RequestValidator` also tries the URL with its port taken away, and with the
scheme's own port put in where there is none; so do we, and a property test holds the two to the same verdicts.
The URL is signed without its fragment, which only tells Twilio how to connect ("connection overrides",
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides); a signature over the one that our guide has
people write is believed as well, for Twilio's page on security does not speak of it.
Since nothing stands between the fields, a valid signature says little about where one ends: see `hooks.py`.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

OVERRIDES: Final = "#rc=5&rp=5xx,ct,rt"
"""At the end of a webhook's URL: up to five more tries, after a 5xx, no connection, or no answer; 15 s in all."""


def is_valid(tokens: Iterable[str], url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
    """Whether any token signed this URL with these fields. No token may be empty: anyone can sign with that."""
    told = signature.encode("ascii", "replace")
    body = "".join([name + value for name, value in sorted(set(fields))]).encode()
    return any(
        hmac.compare_digest(b64encode(_sign(token, variant.encode() + body)), told)
        for variant in _variants(url)
        for token in tokens
    )


def _sign(token: str, message: bytes) -> bytes:
    """HMAC-SHA1 (RFC 2104) of two plain hashes. `hmac.digest` gives up the interpreter's lock for every message, and at
    a high rate must win it back from the database's threads; a plain hash of less than 2 KiB keeps it.
    """
    inner, outer = _keyed(token)
    inner, outer = inner.copy(), outer.copy()
    inner.update(message)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=64)
def _keyed(token: str) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The hashes after the padded key, which are the same for every message."""
    key = token.encode()
    key = (hashlib.sha1(key).digest() if len(key) > 64 else key).ljust(64, b"\0")  # noqa: S324  Twilio's choice
    return (
        hashlib.sha1(bytes(byte ^ 0x36 for byte in key)),  # noqa: S324
        hashlib.sha1(bytes(byte ^ 0x5C for byte in key)),  # noqa: S324
    )


def _variants(url: str) -> Iterator[str]:
    yield url  # nearly always the one; the others cost as much as the rest of the check
    parts = urlsplit(url)
    if parts.port:
        yield _with_netloc(parts, parts.netloc.partition(":")[0])
    else:
        yield _with_netloc(parts, f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}")
    yield url + OVERRIDES


def _with_netloc(parts: SplitResult, netloc: str) -> str:
    return parts._replace(netloc=netloc).geturl()
