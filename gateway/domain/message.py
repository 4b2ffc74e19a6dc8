"""Messages and the bounds on their text. This file owns what a body may be and what the authorship digest covers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NewType

from gateway.domain.attachment import Attachment
from gateway.domain.delivery import State

MessageId = NewType("MessageId", int)
ThreadId = NewType("ThreadId", int)
TeamId = NewType("TeamId", str)

Direction = Literal["in", "out", "note"]

BODY_LIMIT: Final = 16_000
"""Characters in one body. Twilio takes 1,600 of them in a text; each adapter says its own bound."""
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
"""Unicode's general categories of what has no ink. Not Cn: an emoji newer than our tables is one."""
_INKLESS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode counts among letters, marks and symbols and shows as nothing: fillers, selectors, empty Braille."""


def body_fault(body: str) -> str | None:
    """Why a body cannot be stored on every engine, or None. Direction marks and zero-width text stay as they are."""
    if len(body) > BODY_LIMIT:
        return f"the text has more than {BODY_LIMIT:,} characters"
    if "\x00" in body:
        return "the text has a NUL character"
    if not body.isascii() and _HALF_PAIR.search(body):
        return "the text has half of a surrogate pair"
    return None


def says_something(body: str) -> bool:
    """Whether there is anything in it that can be seen. Asked of what is written here; a provider's text is kept as it
    came."""
    return any(unicodedata.category(one) not in _UNSEEN and not _INKLESS.match(one) for one in body)


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or file that a provider holds for us; `url` is fetched by the adapter only."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a message, as a reader sees it. `name` is the agents' view, `display_name` the customers'."""

    kind: Literal["customer", "agent"]
    id: int
    name: str
    display_name: str
    via_token: bool = False
    """Whether a personal token vouches for it instead of a session."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message or note in a thread. `at` in microseconds since 1970."""

    id: MessageId
    thread: ThreadId
    direction: Direction
    author: Writer
    channel: str
    body: str
    media: tuple[str, ...]
    """Content types of what came with it."""
    at: int
    state: State | None
    """Of the delivery; outbound messages only."""
    detail: str | None
    state_at: int | None
    """Since when the delivery is in this state."""
    files: int = 0
    """How many attachments it has."""
    sent_at: int | None = None
    """When the customer wrote it, if it came in late."""
    attachments: tuple[Attachment, ...] = ()


def digest(
    salt: bytes,
    body: str,
    evidence: str,
    identity: int,
    kind: str,
    address: str,
    channel: str,
    endpoint: str,
    at: int,
    files: Sequence[str] = (),
) -> bytes:
    """What the authorship chain commits to, SHA-256: the words, under what kind of evidence, whom they went to (the row
    and the address), from which address of ours, when, and with which files (the hashes of their bytes, in order).

    The salt (16 random bytes) is erased with the body, so that a text that was erased cannot be guessed from its digest
    while the chain stays verifiable.
    """
    texts = (body, evidence, str(identity), kind, address, channel, endpoint, str(at), *files)
    parts = (salt, *(text.encode() for text in texts))
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
