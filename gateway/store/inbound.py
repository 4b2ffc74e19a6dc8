"""Customers' messages as they come in, the hot path: whole lists in set statements, on each engine in its own words.

Deduplication is the insert itself. Every other way to write a message is in gateway/store/messages.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store.statement import Sql
from gateway.store.store import Tx, certain, listed


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer's message and where it ended up."""

    message: MessageId
    team: TeamId
    thread: ThreadId
    line: int
    fresh: bool
    """Whether it was not there before."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A customer's message to store; `media` is JSON, `files` how many of them are to be fetched."""

    channel: str
    endpoint: str
    kind: str
    address: str
    provider_id: str
    body: str
    media: str
    at: int
    files: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """What there was before a list is stored."""

    newest: int
    """SQLite: the newest message."""
    strangers: tuple[int, ...]
    """PostgreSQL: places in the list of pairs of addresses that have never talked. Their lines are opened before any
    thread is held, so that no two lists wait for each other; on SQLite nobody waits, and storing tells."""


async def before(tx: Tx, incoming: Sequence[Incoming]) -> Before:
    row = certain(await tx.one(_BEFORE, orjson.dumps(incoming).decode()))
    return Before(row["newest"], tuple(orjson.loads(row["strangers"])))


async def add_inbound(tx: Tx, incoming: Sequence[Incoming], there: Before) -> dict[int, Stored]:
    """Store messages of pairs of addresses that have talked before, all of them in one statement: it finds their
    threads, and is the deduplication.

    By place in the list what is stored now; a place that is missing is of a pair that is new. What is read comes as
    one row, because each row that crosses over from SQLite's thread costs as much as the insert.
    """
    items = orjson.dumps(incoming).decode()
    await tx.run(_ADD_INBOUND, items)
    found = certain(await tx.one(_FIND_INBOUND, items, there.newest))
    return {
        place: Stored(message, team, thread, line, bool(fresh))
        for place, message, team, thread, line, fresh in orjson.loads(found["stored"])
    }


# PostgreSQL locks the threads first, in the order of their ids: so that no two lists wait for each other, and within a
# thread ids are committed in their order.
_ITEMS: Final = """ROWS FROM (json_to_recordset(?1::json)
       AS (channel text, endpoint text, kind text, address text, provider_id text, body text, media text, at bigint,
           files bigint)) WITH ORDINALITY
       AS item (channel, endpoint, kind, address, provider_id, body, media, at, files, place)"""
_BEFORE: Final = Sql(
    """SELECT coalesce((SELECT max(id) FROM message), 0) AS newest, '[]' AS strangers WHERE ?1 IS NOT NULL""",
    f"""SELECT 0 AS newest, coalesce(json_agg(item.place - 1), '[]') AS strangers
          FROM {_ITEMS}
         WHERE NOT EXISTS (SELECT 1 FROM identity JOIN line ON line.identity_id = identity.id
                            WHERE identity.kind = item.kind AND identity.address = item.address
                              AND line.channel = item.channel AND line.endpoint = item.endpoint)""",  # noqa: S608
)
_ADD_INBOUND: Final = Sql(
    """INSERT INTO message
              (team_id, thread_id, direction, identity_id, line_id, channel, body, media, provider_id, at,
               files)
       SELECT thread.team_id, thread.id, 'in', identity.id, line.id, line.channel,
              json_extract(item.value, '$.body'), json_extract(item.value, '$.media'),
              json_extract(item.value, '$.provider_id'), json_extract(item.value, '$.at'),
              json_extract(item.value, '$.files')
         FROM json_each(?1) AS item
         CROSS JOIN identity ON identity.kind = json_extract(item.value, '$.kind')
              AND identity.address = json_extract(item.value, '$.address')
         CROSS JOIN line ON line.identity_id = identity.id AND line.channel = json_extract(item.value, '$.channel')
              AND line.endpoint = json_extract(item.value, '$.endpoint')
         CROSS JOIN thread ON thread.id = line.thread_id
        WHERE true ORDER BY item.key
       ON CONFLICT (channel, provider_id) WHERE provider_id IS NOT NULL DO NOTHING""",
    f"""WITH met AS (
          SELECT item.place, item.channel, item.body, item.media, item.provider_id, item.at, item.files,
                 identity.id AS identity_id, line.id AS line_id, line.thread_id
            FROM {_ITEMS}
            JOIN identity ON identity.kind = item.kind AND identity.address = item.address
            JOIN line ON line.identity_id = identity.id AND line.channel = item.channel
                 AND line.endpoint = item.endpoint),
        locked AS (
          SELECT thread.id, thread.team_id FROM thread WHERE thread.id IN (SELECT met.thread_id FROM met)
           ORDER BY thread.id FOR NO KEY UPDATE)
        INSERT INTO message
               (team_id, thread_id, direction, identity_id, line_id, channel, body, media, provider_id, at, files)
        SELECT locked.team_id, locked.id, 'in', met.identity_id, met.line_id, met.channel, met.body, met.media,
               met.provider_id, met.at, met.files
          FROM met JOIN locked ON locked.id = met.thread_id
         ORDER BY met.place
        ON CONFLICT (channel, provider_id) WHERE provider_id IS NOT NULL DO NOTHING""",  # noqa: S608  fixed words only
)
_FIND_INBOUND: Final = Sql(
    """SELECT json_group_array(json_array(item.key, message.id, message.team_id, message.thread_id, message.line_id,
                                          message.id > ?2)) AS stored
         FROM json_each(?1) AS item
         CROSS JOIN message ON message.channel = json_extract(item.value, '$.channel')
              AND message.provider_id = json_extract(item.value, '$.provider_id')
        WHERE message.provider_id IS NOT NULL""",
    # Other nodes take ids meanwhile: there, what is new is what this very transaction has written.
    f"""SELECT coalesce(json_agg(json_build_array(item.place - 1, message.id, message.team_id, message.thread_id,
                 message.line_id, message.xmin = pg_current_xact_id()::xid AND ?2::bigint IS NOT NULL)), '[]') AS stored
          FROM {_ITEMS}
          JOIN message ON message.channel = item.channel AND message.provider_id = item.provider_id
         WHERE message.provider_id IS NOT NULL""",  # noqa: S608
)


async def known(tx: Tx, channel: str, provider_ids: Sequence[str]) -> set[str]:
    """Which of these are stored already."""
    if not provider_ids:
        return set()
    places, values = listed(provider_ids, first=2)
    rows = await tx.all(
        f"SELECT provider_id FROM message WHERE channel = ?1 AND provider_id IN ({places})",  # noqa: S608
        channel,
        *values,
    )
    return {row["provider_id"] for row in rows}


async def mark_late(tx: Tx, written_at: Mapping[MessageId, int]) -> None:
    """When each was written, of messages that came in late."""
    await tx.run(
        Sql(
            """UPDATE message SET sent_at = late.value
                 FROM json_each(?1) AS late WHERE message.id = CAST(late.key AS INTEGER)""",
            """UPDATE message SET sent_at = late.value::bigint
                 FROM json_each_text(?1::json) AS late WHERE message.id = late.key::bigint""",
        ),
        orjson.dumps({str(message): at for message, at in written_at.items()}).decode(),
    )
