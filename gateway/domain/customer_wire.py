"""Domain values as a customer may see them: display names only, no notes, nothing of the desk's.

This file owns the shapes; it never decides whose they are.
"""

from __future__ import annotations

from typing import Protocol

from gateway.domain import wire
from gateway.domain.author import CustomerId
from gateway.domain.instant import rfc3339
from gateway.domain.message import Message
from gateway.domain.wire import Json


class Known(Protocol):
    """A customer with the name they gave, if any."""

    @property
    def customer(self) -> CustomerId: ...
    @property
    def name(self) -> str | None: ...


def customer(value: Known | CustomerId) -> Json:
    if isinstance(value, int):
        return {"id": str(value)}
    return {"id": str(value.customer)} | ({"name": value.name} if value.name else {})


def message(value: Message) -> Json:
    """A message; a note is none. A customer's own name is left out: they know it, and its stand-in is the desk's."""
    author: Json = {"kind": value.author.kind}
    if value.author.kind == "agent":
        author["name"] = value.author.display_name
    return {
        "id": str(value.id),
        "direction": value.direction,
        "author": author,
        "body": value.body,
        "attachments": wire.message(value)["attachments"],
        "at": rfc3339(value.at),
    }


def written(id_: int, body: str, at: int) -> Json:
    """A message that the customer has just written, without attachments: what `message` says of it when read again."""
    return {
        "id": str(id_),
        "direction": "in",
        "author": {"kind": "customer"},
        "body": body,
        "attachments": [],
        "at": rfc3339(at),
    }
