"""Full-text search over what a person holds, newest first. Finding is by index; seeing is up to `reach` as ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from gateway.domain import search
from gateway.domain.address import NUMBER_KINDS
from gateway.domain.author import AgentId
from gateway.domain.message import MessageId, ThreadId
from gateway.store.store import Tx, certain
from gateway.store.threads import IN_REACH

Kind = Literal["message", "line"]

_NEWEST: Final = 2**63 - 1


async def index_messages(tx: Tx, limit: int) -> int:
    """Index the next messages; how many there were."""
    rows = await tx.all(
        """SELECT message.id, thread.team_id, message.body
             FROM message JOIN thread ON thread.id = message.thread_id
            WHERE message.id > (SELECT last_id FROM indexed WHERE kind = 'message')
            ORDER BY message.id LIMIT ?1""",
        limit,
    )
    for row in rows:
        text = search.document(row["team_id"], search.words(row["body"]))
        await tx.run("INSERT INTO message_words (rowid, words) VALUES (?1, ?2)", row["id"], text)
    await _reached(tx, "message", rows[-1]["id"] if rows else None)
    return len(rows)


async def index_lines(tx: Tx, limit: int) -> int:
    """Index the next customers' addresses, with their names; how many there were."""
    rows = await tx.all(
        """SELECT line.id, thread.team_id, customer.name, identity.kind, identity.address
             FROM line JOIN thread ON thread.id = line.thread_id
             JOIN identity ON identity.id = line.identity_id JOIN customer ON customer.id = identity.customer_id
            WHERE line.id > (SELECT last_id FROM indexed WHERE kind = 'line')
            ORDER BY line.id LIMIT ?1""",
        limit,
    )
    for row in rows:
        numbers = search.number_words(row["address"]) if row["kind"] in NUMBER_KINDS else []
        text = search.document(row["team_id"], search.words(row["name"] or "") + numbers)
        await tx.run("INSERT INTO customer_words (rowid, words) VALUES (?1, ?2)", row["id"], text)
    await _reached(tx, "line", rows[-1]["id"] if rows else None)
    return len(rows)


async def _reached(tx: Tx, kind: Kind, last_id: int | None) -> None:
    if last_id is not None:
        await tx.run("UPDATE indexed SET last_id = ?2 WHERE kind = ?1", kind, last_id)


async def behind(tx: Tx) -> bool:
    """Whether something is not indexed yet."""
    row = certain(
        await tx.one(
            """SELECT coalesce((SELECT max(id) FROM message), 0) >
                      (SELECT last_id FROM indexed WHERE kind = 'message')
                   OR coalesce((SELECT max(id) FROM line), 0) >
                      (SELECT last_id FROM indexed WHERE kind = 'line') AS more"""
        )
    )
    return bool(row["more"])


async def find_messages(
    tx: Tx, agent: AgentId, teams: Sequence[str], text: str, before: int | None, limit: int
) -> list[MessageId]:
    """Messages with these words that the agent may see, newest first."""
    asked = search.question(teams, text)
    if asked is None:
        return []
    rows = await tx.all(
        f"""SELECT message.id
              FROM message_words JOIN message ON message.id = message_words.rowid
              JOIN thread ON thread.id = message.thread_id
             WHERE message_words MATCH ?2 AND message_words.rowid < ?3 AND {IN_REACH}
             ORDER BY message_words.rowid DESC LIMIT ?4""",  # noqa: S608  fixed words only
        agent,
        asked,
        before or _NEWEST,
        limit,
    )
    return [MessageId(row["id"]) for row in rows]


async def find_threads(tx: Tx, agent: AgentId, teams: Sequence[str], text: str, limit: int) -> list[ThreadId]:
    """Threads of customers with this name or number, the newest customer first."""
    asked = search.question(teams, text)
    if asked is None:
        return []
    rows = await tx.all(
        f"""SELECT thread.id
              FROM customer_words JOIN line ON line.id = customer_words.rowid
              JOIN thread ON thread.id = line.thread_id
             WHERE customer_words MATCH ?2 AND {IN_REACH}
             ORDER BY customer_words.rowid DESC LIMIT ?3""",  # noqa: S608  fixed words only
        agent,
        asked,
        2 * limit,
    )
    return list(dict.fromkeys(ThreadId(row["id"]) for row in rows))[:limit]
