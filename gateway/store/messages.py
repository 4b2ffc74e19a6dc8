"""Messages and notes: SQL beside its function, rows into domain values.

Every query that an agent's request leads to names the agent; the few that do not are called `unscoped_...`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from gateway.domain.author import AgentId, Author
from gateway.domain.message import Message, MessageId, TeamId, ThreadId, Writer, digest
from gateway.domain.thread import Line
from gateway.store import attachments
from gateway.store.attachments import Loose
from gateway.store.reach import in_reach
from gateway.store.store import Tx, Value, certain, listed

COLUMNS = """message.id, message.thread_id, message.direction, message.channel, message.body, message.media, message.at,
       message.agent_id, agent.name AS agent_name, agent.display_name AS agent_display_name,
       identity.customer_id, coalesce(customer.name, identity.address) AS customer_name,
       delivery.state, delivery.detail, delivery.updated_at AS state_at, credential.kind AS evidence,
       message.files, message.sent_at"""

JOINS = """LEFT JOIN agent ON agent.id = message.agent_id
  LEFT JOIN identity ON identity.id = message.identity_id
  LEFT JOIN customer ON customer.id = identity.customer_id
  LEFT JOIN delivery ON delivery.message_id = message.id
  LEFT JOIN credential ON credential.id = message.credential_id"""


def from_row(row: Iterable[Any]) -> Message:
    """The values of COLUMNS, by place: looking 18 of them up by name costs more than making the message."""
    (id_, thread, direction, channel, body, media, at, agent, agent_name, display_name, customer, customer_name,
     state, detail, state_at, evidence, files, sent_at) = row  # fmt: skip
    if direction == "in":
        author = Writer("customer", customer, customer_name, customer_name)
    else:
        author = Writer("agent", agent, agent_name, display_name, evidence == "token")
    kinds = tuple(item["content_type"] for item in orjson.loads(media)) if media != "[]" else ()
    return Message(id_, thread, direction, author, channel, body, kinds, at, state, detail, state_at, files, sent_at)


async def with_files(tx: Tx, found: list[Message]) -> list[Message]:
    """The same messages with their attachments. Where none has any, nothing is read."""
    ids = [message.id for message in found if message.files]
    if not ids:
        return found
    files = await attachments.of_messages(tx, ids)
    return [
        replace(message, attachments=tuple(files.get(message.id, ()))) if message.files else message
        for message in found
    ]


async def add_outbound(
    tx: Tx,
    team: TeamId,
    thread: ThreadId,
    line: Line,
    author: Author,
    body: str,
    salt: bytes,
    at: int,
    files: Sequence[str] = (),
) -> MessageId:
    """A person's message, signed into the team's authorship chain with the hashes of its files (see `take_up`)."""
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
    ends = (line.identity, line.kind, line.address, line.channel, line.endpoint)
    proof = digest(salt, body, author.evidence.kind, *ends, at, files)
    tx.sign(team, message, author.agent, author.evidence.credential, proof)
    return message


async def take_up(tx: Tx, files: Sequence[Loose], team: TeamId, message: MessageId) -> None:
    """These uploads (of `attachments.loose`) belong to the message from now on, in this order."""
    if files:
        await attachments.take_up(tx, files, team, message)
        await tx.run("UPDATE message SET files = ?2 WHERE id = ?1", message, len(files))


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


async def get_messages(tx: Tx, agent: AgentId, ids: Sequence[int]) -> dict[int, Message]:
    """By id, those that the agent may see."""
    return await _by_id(tx, ids, f"AND {in_reach('message.thread_id')}", agent)


async def unscoped_messages(tx: Tx, ids: Sequence[int]) -> dict[int, Message]:
    """By id, for the feed, which encodes once and decides for each reader who may have it."""
    return await _by_id(tx, ids, "")


async def _by_id(tx: Tx, ids: Sequence[int], condition: str, *agent: Value) -> dict[int, Message]:
    if not ids:
        return {}
    places, values = listed(ids, first=1 + len(agent))
    rows = await tx.all(
        f"SELECT {COLUMNS} FROM message {JOINS} WHERE message.id IN ({places}) {condition}",  # noqa: S608
        *agent,
        *values,
    )
    return {message.id: message for message in await with_files(tx, [from_row(row) for row in rows])}


async def unscoped_newest(tx: Tx, thread: ThreadId, limit: int) -> list[Message]:
    """What the customer and the team have said to each other last, oldest first, without notes: for the customer."""
    rows = await tx.all(
        f"""SELECT {COLUMNS} FROM message {JOINS}
             WHERE message.thread_id = ?1 AND message.direction IN {_kinds(notes=False)}
             ORDER BY message.id DESC LIMIT ?2""",  # noqa: S608  fixed words only
        thread,
        limit,
    )
    return (await with_files(tx, [from_row(row) for row in rows]))[::-1]


async def page(
    tx: Tx, agent: AgentId, thread: ThreadId, *, before: int | None, after: int | None, limit: int, notes: bool
) -> list[Message]:
    """Up to `limit` messages next to the given id, oldest first; with neither bound, the newest."""
    kinds = _kinds(notes)
    order = "ASC" if after is not None else "DESC"
    rows = await tx.all(
        f"""SELECT {COLUMNS} FROM message {JOINS}
             WHERE message.thread_id = ?2 AND message.id > ?3 AND message.id < ?4 AND message.direction IN {kinds}
               AND {in_reach("?2")}
             ORDER BY message.id {order} LIMIT ?5""",  # noqa: S608  fixed words only
        agent,
        thread,
        -1 if after is None else after,
        2**63 - 1 if before is None else before,
        limit,
    )
    found = await with_files(tx, [from_row(row) for row in rows])
    return found if after is not None else found[::-1]


async def span(
    tx: Tx, agent: AgentId, thread: ThreadId, first: Message, last: Message, *, notes: bool
) -> tuple[int, int]:
    """From when until before when a run of messages lasts: up to the message after it. The first run reaches back,
    and the last one ahead, without end. To an agent who may not see the thread it lasts no time."""
    kinds = _kinds(notes)
    row = await tx.one(
        f"""SELECT (SELECT at FROM message WHERE thread_id = ?2 AND id < ?3 AND direction IN {kinds}
                     ORDER BY id DESC LIMIT 1) AS before,
                   (SELECT at FROM message WHERE thread_id = ?2 AND id > ?4 AND direction IN {kinds}
                     ORDER BY id LIMIT 1) AS after
             WHERE {in_reach("?2")}""",  # noqa: S608  fixed words only
        agent,
        thread,
        first.id,
        last.id,
    )
    if row is None:
        return 0, 0
    return 0 if row["before"] is None else first.at, 2**62 if row["after"] is None else row["after"]


async def customer_wrote_after(tx: Tx, thread: ThreadId, message: MessageId) -> bool:
    """Whether the thread has a message of the customer's that is newer than this one."""
    newer = "SELECT id FROM message WHERE thread_id = ?1 AND id > ?2 AND direction = 'in' LIMIT 1"
    return await tx.one(newer, thread, message) is not None


def _kinds(notes: bool) -> str:
    return "('in', 'out', 'note')" if notes else "('in', 'out')"
