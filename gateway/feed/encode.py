"""Events as the bytes of a server-sent event, without the id line: read and encoded once for everybody.

An event row only names what it is about; the message and the inbox row are read here, as they are now. A client that
puts them in place of what it has is right, however often it sees them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.domain import wire
from gateway.domain.instant import rfc3339
from gateway.domain.message import TeamId, ThreadId
from gateway.store import events, messages, threads
from gateway.store.events import Event
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class News:
    """One event, encoded. `home` and `thread` decide who may have it."""

    team: TeamId
    seq: int
    thread: ThreadId | None
    home: bool
    body: bytes


async def news_after(tx: Tx, positions: Mapping[TeamId, int]) -> list[News]:
    """What the logs hold past these positions, team by team in order: a bounded part of all, with a share for each."""
    found: list[Event] = []
    heads = await events.heads(tx, list(positions))
    behind = [team for team, head in heads.items() if head > positions[team]]
    for team in behind:
        found += await events.after(tx, team, positions[team], max(1, events.PAGE // len(behind)))
    return await _encode(tx, found)


async def _encode(tx: Tx, found: Sequence[Event]) -> list[News]:
    if not found:
        return []
    data = [orjson.loads(event.data) for event in found]
    said = await messages.unscoped_messages(tx, sorted({item["message"] for item in data if "message" in item}))
    rows = await threads.unscoped_threads(tx, sorted({event.thread for event in found if event.thread is not None}))
    people = await events.names(tx, sorted({item["by"] for item in data if "by" in item}))
    return [
        News(event.team, event.seq, event.thread, event.home, _frame(event, item, said, rows, people))
        for event, item in zip(found, data, strict=True)
    ]


def _frame(
    event: Event, data: dict[str, Any], said: Mapping[int, Any], rows: Mapping[int, Any], people: Mapping[int, str]
) -> bytes:
    shape: wire.Json = {"kind": event.kind, "team": event.team, "at": rfc3339(event.at)}
    if event.thread is not None:
        shape["thread"] = str(event.thread)
        if event.thread in rows:
            shape["row"] = wire.thread(rows[event.thread])
    if data.pop("message", None) in said:
        shape["message"] = wire.message(said[orjson.loads(event.data)["message"]])
    by = data.pop("by", None)
    if by is not None:
        shape["by"] = {"id": str(by), "name": people.get(by, "")}
    return b"event: %b\ndata: %b\n\n" % (event.kind.encode(), orjson.dumps(data | shape))
