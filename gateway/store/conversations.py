"""A thread as its customer sees it: what was said, how far they have fetched and read it, and nothing of the desk's.

Every query names the customer: a thread that is not theirs has no messages and cannot be moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.message import Message, MessageId, TeamId, ThreadId
from gateway.store.messages import COLUMNS, JOINS, from_row, with_files
from gateway.store.store import Row, Tx, Value, certain, listed
from gateway.store.visitors import Visitor

MOST_UNREAD: Final = 100
"""Counted; more of them are as many."""
MOST_MOVED: Final = 1_000
"""Deliveries of one mark; the rest moves with the next."""

_OWN: Final = """message.thread_id = (SELECT id FROM thread WHERE id = ?1 AND customer_id = ?2)
               AND message.direction IN ('in', 'out')"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a customer has come in their thread. Times in microseconds since 1970."""

    fetched: int
    """The newest message that their client has; 0: none."""
    read: int
    """The newest that they have read; 0: none."""
    unread: int
    """Of the team's messages, at most MOST_UNREAD."""
    last_reply: int | None


NOWHERE: Final = Standing(0, 0, 0, None)


async def standing(tx: Tx, visitor: Visitor) -> Standing:
    if visitor.thread is None:
        return NOWHERE
    row = certain(
        await tx.one(
            f"""WITH mark AS (
                  SELECT coalesce(max(fetched_id), 0) AS fetched, coalesce(max(read_id), 0) AS read
                    FROM customer_seen WHERE thread_id = ?1)
                SELECT mark.fetched, mark.read,
                       (SELECT count(*) FROM (SELECT 1 FROM message WHERE {_OWN} AND message.direction = 'out'
                                                 AND message.id > mark.read LIMIT ?3) AS counted) AS unread,
                       (SELECT message.at FROM message WHERE {_OWN} AND message.direction = 'out'
                         ORDER BY message.id DESC LIMIT 1) AS last_reply
                  FROM mark""",  # noqa: S608  fixed words only
            visitor.thread,
            visitor.customer,
            MOST_UNREAD,
        )
    )
    return Standing(row["fetched"], row["read"], row["unread"], row["last_reply"])


async def team_last_reply(tx: Tx, team: TeamId) -> int | None:
    """When a person of the team last wrote to any customer: the newest link of its authorship chain."""
    row = await tx.one(
        """SELECT message.at FROM authorship JOIN message ON message.id = authorship.message_id
            WHERE authorship.team_id = ?1 ORDER BY authorship.seq DESC LIMIT 1""",
        team,
    )
    return None if row is None else row["at"]


async def page(tx: Tx, visitor: Visitor, *, before: int | None, after: int | None, limit: int) -> list[Message]:
    """Up to `limit` messages next to the given id, oldest first; with neither bound, the newest."""
    order = "ASC" if after is not None else "DESC"
    bounds = (-1 if after is None else after, 2**63 - 1 if before is None else before)
    found = await _messages(
        tx, visitor, f"message.id > ?3 AND message.id < ?4 ORDER BY message.id {order} LIMIT ?5", *bounds, limit
    )
    return found if after is not None else found[::-1]


async def of_ids(tx: Tx, visitor: Visitor, ids: Sequence[MessageId]) -> list[Message]:
    """Those of these that are in the customer's own thread, oldest first."""
    places, values = listed(ids, first=3)
    return await _messages(tx, visitor, f"message.id IN ({places}) ORDER BY message.id", *values)


async def of_key(tx: Tx, visitor: Visitor, key: str) -> Message | None:
    """The customer's own message that came under this key."""
    found = await _messages(tx, visitor, "message.channel = ?3 AND message.provider_id = ?4", visitor.channel, key)
    return found[0] if found else None


async def _messages(tx: Tx, visitor: Visitor, which: str, *values: Value) -> list[Message]:
    rows = await tx.all(
        f"SELECT {COLUMNS} FROM message {JOINS} WHERE {_OWN} AND {which}",  # noqa: S608  fixed words, placeholders
        visitor.thread,
        visitor.customer,
        *values,
    )
    return await with_files(tx, [from_row(row) for row in rows])


async def is_said(tx: Tx, visitor: Visitor, message: MessageId) -> bool:
    """Whether this message is in the customer's own thread."""
    row = await tx.one(
        f"SELECT 1 AS said FROM message WHERE {_OWN} AND message.id = ?3",  # noqa: S608  fixed words only
        visitor.thread,
        visitor.customer,
        message,
    )
    return row is not None


async def mark(tx: Tx, thread: ThreadId, fetched: int, read: int) -> None:
    """Move the marks of one's own thread; neither ever goes back."""
    await tx.run(
        """INSERT INTO customer_seen (thread_id, fetched_id, read_id) VALUES (?1, ?2, ?3)
           ON CONFLICT (thread_id) DO UPDATE
              SET fetched_id = CASE WHEN excluded.fetched_id > customer_seen.fetched_id
                                    THEN excluded.fetched_id ELSE customer_seen.fetched_id END,
                  read_id = CASE WHEN excluded.read_id > customer_seen.read_id
                                 THEN excluded.read_id ELSE customer_seen.read_id END""",
        thread,
        fetched,
        read,
    )


async def hold_up_to(tx: Tx, visitor: Visitor, past: int, message: int) -> Sequence[Row]:
    """id, state, message_id, team_id of what was sent to this very address after `past`, up to `message`; held until
    the transaction ends."""
    which = f"message.id > ?4 AND message.id <= ?5 ORDER BY delivery.id LIMIT ?6 {_HELD}"
    return await _deliveries(tx, visitor, which, past, message, MOST_MOVED)


async def hold_deliveries(tx: Tx, visitor: Visitor, messages: Sequence[MessageId]) -> Sequence[Row]:
    """The same, of these messages."""
    places, values = listed(messages, first=4)
    return await _deliveries(tx, visitor, f"message.id IN ({places}) ORDER BY delivery.id {_HELD}", *values)


async def deliveries_of(tx: Tx, visitor: Visitor, messages: Sequence[MessageId]) -> Sequence[Row]:
    """The same as they are now, for who only looks."""
    places, values = listed(messages, first=4)
    return await _deliveries(tx, visitor, f"message.id IN ({places})", *values)


_HELD: Final = "FOR NO KEY UPDATE OF delivery"


async def _deliveries(tx: Tx, visitor: Visitor, which: str, *values: Value) -> Sequence[Row]:
    return await tx.all(
        f"""SELECT delivery.id, delivery.state, delivery.message_id, delivery.team_id
              FROM message JOIN delivery ON delivery.message_id = message.id AND delivery.identity_id = ?3
             WHERE {_OWN} AND message.direction = 'out' AND {which}""",  # noqa: S608  fixed words, placeholders
        visitor.thread,
        visitor.customer,
        visitor.identity,
        *values,
    )
