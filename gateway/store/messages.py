"""Messages and notes: SQL beside its function, rows into domain values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.address import Address
from gateway.domain.author import Author
from gateway.domain.message import Media, Message, MessageId, TeamId, ThreadId, Writer, digest
from gateway.domain.thread import Line
from gateway.store.store import Row, Tx, certain, listed

COLUMNS = """message.id, message.thread_id, message.direction, message.channel, message.body, message.media, message.at,
       message.agent_id, agent.name AS agent_name, agent.display_name AS agent_display_name,
       identity.customer_id, coalesce(customer.name, identity.address) AS customer_name,
       delivery.state, delivery.detail, delivery.updated_at AS state_at, credential.kind AS evidence"""

JOINS = """LEFT JOIN agent ON agent.id = message.agent_id
  LEFT JOIN identity ON identity.id = message.identity_id
  LEFT JOIN customer ON customer.id = identity.customer_id
  LEFT JOIN delivery ON delivery.message_id = message.id
  LEFT JOIN credential ON credential.id = message.credential_id"""


def from_row(row: Row) -> Message:
    if row["direction"] == "in":
        author = Writer("customer", row["customer_id"], row["customer_name"], row["customer_name"])
    else:
        via_token = row["evidence"] == "token"
        author = Writer("agent", row["agent_id"], row["agent_name"], row["agent_display_name"], via_token)
    media: Any = json.loads(row["media"]) if row["media"] != "[]" else ()
    return Message(
        row["id"],
        row["thread_id"],
        row["direction"],
        author,
        row["channel"],
        row["body"],
        tuple(item["content_type"] for item in media),
        row["at"],
        row["state"],
        row["detail"],
        row["state_at"],
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer's message and where it ended up."""

    message: MessageId
    team: TeamId
    thread: ThreadId
    line: int


async def add_inbound(
    tx: Tx,
    channel: str,
    endpoint: str,
    sender: Address,
    provider_id: str,
    body: str,
    media: tuple[Media, ...],
    at: int,
) -> Stored | None:
    """Store a message of a pair of addresses that have talked before, in one statement: it finds their thread, and is
    the deduplication. None when the pair is new, or when this provider id is stored already."""
    row = await tx.one(
        """INSERT INTO message
                  (team_id, thread_id, direction, identity_id, line_id, channel, body, media, provider_id, at)
           SELECT thread.team_id, thread.id, 'in', identity.id, line.id, ?3, ?5, ?6, ?7, ?8
             FROM identity JOIN line ON line.identity_id = identity.id JOIN thread ON thread.id = line.thread_id
            WHERE identity.kind = ?1 AND identity.address = ?2 AND line.channel = ?3 AND line.endpoint = ?4
           ON CONFLICT (channel, provider_id) WHERE provider_id IS NOT NULL DO NOTHING
           RETURNING id, team_id, thread_id, line_id""",
        sender.kind,
        sender.value,
        channel,
        endpoint,
        body,
        json.dumps([{"url": item.url, "content_type": item.content_type} for item in media]) if media else "[]",
        provider_id,
        at,
    )
    return None if row is None else Stored(*row)


async def add_outbound(
    tx: Tx, team: TeamId, thread: ThreadId, line: Line, author: Author, body: str, salt: bytes, at: int
) -> MessageId:
    """A person's message, signed into the team's authorship chain."""
    row = certain(
        await tx.one(
            """INSERT INTO message
                     (team_id, thread_id, direction, identity_id, line_id, channel,
                      agent_id, credential_id, body, salt, at)
               VALUES (?1, ?2, 'out', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id""",
            team,
            thread,
            line.identity,
            line.id,
            line.channel,
            author.agent,
            author.evidence.credential,
            body,
            salt,
            at,
        )
    )
    message = MessageId(row["id"])
    proof = digest(salt, body, author.evidence.kind, line.identity, line.kind, line.address, line.channel, at)
    tx.sign(team, message, author.agent, author.evidence.credential, proof)
    return message


async def add_note(tx: Tx, team: TeamId, thread: ThreadId, author: Author, body: str, at: int) -> MessageId:
    row = certain(
        await tx.one(
            """INSERT INTO message (team_id, thread_id, direction, channel, agent_id, credential_id, body, at)
           VALUES (?1, ?2, 'note', '', ?3, ?4, ?5, ?6) RETURNING id""",
            team,
            thread,
            author.agent,
            author.evidence.credential,
            body,
            at,
        )
    )
    return MessageId(row["id"])


async def get_messages(tx: Tx, ids: Sequence[int]) -> dict[int, Message]:
    """By id; whoever calls has decided who may see them."""
    if not ids:
        return {}
    places, values = listed(ids)
    rows = await tx.all(f"SELECT {COLUMNS} FROM message {JOINS} WHERE message.id IN ({places})", *values)  # noqa: S608
    return {row["id"]: from_row(row) for row in rows}


async def page(
    tx: Tx, thread: ThreadId, *, before: int | None, after: int | None, limit: int, notes: bool
) -> list[Message]:
    """Up to `limit` messages next to the given id, oldest first; with neither bound, the newest."""
    kinds = _kinds(notes)
    order = "ASC" if after is not None else "DESC"
    rows = await tx.all(
        f"""SELECT {COLUMNS} FROM message {JOINS}
             WHERE message.thread_id = ?1 AND message.id > ?2 AND message.id < ?3 AND message.direction IN {kinds}
             ORDER BY message.id {order} LIMIT ?4""",  # noqa: S608  fixed words only
        thread,
        -1 if after is None else after,
        2**63 - 1 if before is None else before,
        limit,
    )
    found = [from_row(row) for row in rows]
    return found if after is not None else found[::-1]


async def span(tx: Tx, thread: ThreadId, first: Message, last: Message, *, notes: bool) -> tuple[int, int]:
    """From when until before when a run of messages lasts: up to the message after it. The first run reaches back,
    and the last one ahead, without end."""
    kinds = _kinds(notes)
    row = certain(
        await tx.one(
            f"""SELECT (SELECT at FROM message WHERE thread_id = ?1 AND id < ?2 AND direction IN {kinds}
                         ORDER BY id DESC LIMIT 1) AS before,
                       (SELECT at FROM message WHERE thread_id = ?1 AND id > ?3 AND direction IN {kinds}
                         ORDER BY id LIMIT 1) AS after""",  # noqa: S608  fixed words only
            thread,
            first.id,
            last.id,
        )
    )
    return 0 if row["before"] is None else first.at, 2**62 if row["after"] is None else row["after"]


def _kinds(notes: bool) -> str:
    return "('in', 'out', 'note')" if notes else "('in', 'out')"
