"""The ways to a customer as an agent sees them: where a message may go, what fits there, and why one is closed.

This file owns the shape. Which way a reply takes is decided by the action, in its transaction, and by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from gateway.actions.reply import choose_line, obstacle
from gateway.channels.contract import Capabilities
from gateway.domain.instant import rfc3339
from gateway.domain.thread import Line
from gateway.domain.wire import Json
from gateway.errors import Conflict, OptedOut

Live = Mapping[str, Capabilities]
"""The channels that are up."""

_WROTE_AGAIN: Final = "this customer opted out and wrote again: the carrier still blocks until they text START"


class Identity(BaseModel):
    kind: str
    address: str
    channel: str


class ReplyTo(BaseModel):
    """Where a reply goes, and how many characters it may have."""

    channel: str
    endpoint: str
    address: str
    max_body: int


class Way(BaseModel):
    """One of the customer's addresses and one of ours."""

    id: str
    channel: str
    kind: str
    address: str
    endpoint: str
    last: Annotated[bool, Field(description="Whether the customer last wrote here: where a reply goes.")]
    ok: bool
    problem: Literal["opted-out", "not-configured"] | None = None
    detail: str | None = None
    since: Annotated[datetime | None, Field(description="Since when it is closed by an opt-out.")] = None
    wrote_again: Annotated[
        bool | None, Field(description="The customer wrote after opting out, which does not reopen it.")
    ] = None
    max_body: int
    max_files: int
    max_file_bytes: Annotated[int, Field(description="Of all files of one message together.")]
    file_types: Annotated[list[str], Field(description="Media types that may go out; empty: all that are stored.")]


class Ways(BaseModel):
    """Where the customer last wrote comes first, then the newest."""

    ways: list[Way]


def ways(lines: Sequence[Line], live: Live) -> list[Json]:
    return [_way(line, live) for line in lines]


def _way(line: Line, live: Live) -> Json:
    can = live.get(line.channel, Capabilities(max_body=0))
    shape: Json = {
        "id": str(line.id),
        "channel": line.channel,
        "kind": line.kind,
        "address": line.address,
        "endpoint": line.endpoint,
        "last": line.last,
        "ok": True,
        "max_body": can.max_body,
        "max_files": can.max_files,
        "max_file_bytes": can.max_file_bytes,
        "file_types": sorted(can.file_types),
    }
    problem = obstacle(line, live)
    if problem is not None:
        slug = "opted-out" if isinstance(problem, OptedOut) else "not-configured"
        shape |= {"ok": False, "problem": slug, "detail": problem.detail}
    if line.opted_out_at is not None:
        shape["since"] = rfc3339(line.opted_out_at)
    if line.wrote_again:
        shape |= {"wrote_again": True, "detail": _WROTE_AGAIN}
    return shape


def identities(lines: Sequence[Line]) -> list[Json]:
    pairs = dict.fromkeys((line.kind, line.address, line.channel) for line in lines)
    return [{"kind": kind, "address": address, "channel": channel} for kind, address, channel in pairs]


def reply_to(lines: Sequence[Line], live: Live) -> Json | None:
    """Where a reply goes that names no way; None where it would be refused."""
    try:
        line = choose_line(lines, None, None, live)
    except Conflict:
        return None
    most = live[line.channel].max_body
    return {"channel": line.channel, "endpoint": line.endpoint, "address": line.address, "max_body": most}
