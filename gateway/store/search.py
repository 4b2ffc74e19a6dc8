"""Full-text search over what a person holds, newest first. Finding is by index; seeing is up to `reach` as ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal

from gateway.domain import search
from gateway.domain.address import NUMBER_KINDS
from gateway.domain.author import AgentId
from gateway.domain.event import SYSTEM
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store.store import Tx, certain
from gateway.store.threads import IN_REACH

Kind = Literal["message", "line"]

_TABLES: Final[dict[Kind, str]] = {"message": "message_words", "line": "customer_words"}
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
    found = [(id_, search.document(team, id_, search.words(body))) for id_, team, body in rows]
    await _add(tx, "message", found)
    return len(found)


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
    found = []
    for id_, team, name, kind, address in rows:
        numbers = search.number_words(address) if kind in NUMBER_KINDS else []
        found.append((id_, search.document(team, id_, search.words(name or "") + numbers)))
    await _add(tx, "line", found)
    return len(found)


async def _add(tx: Tx, kind: Kind, found: Sequence[tuple[int, str]]) -> None:
    """All in one statement: one for each would cost a tenth more."""
    if not found:
        return
    await tx.run(
        f"""INSERT INTO {_TABLES[kind]} (rowid, words)
            SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1) WHERE true ORDER BY key""",  # noqa: S608  E501
        json.dumps(found, ensure_ascii=False),
    )
    await tx.run("UPDATE indexed SET last_id = ?2 WHERE kind = ?1", kind, found[-1][0])


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


async def scope(tx: Tx, agent: AgentId, teams: Sequence[TeamId]) -> Sequence[str]:
    """Whose words to look for, for somebody who sees threads of these teams: everyone's, when they hold all teams."""
    other = await tx.one(
        """SELECT team.id FROM team
            WHERE team.id <> ?2 AND 'team:' || team.id NOT IN (SELECT holder FROM holding WHERE agent_id = ?1)
            LIMIT 1""",
        agent,
        SYSTEM,
    )
    return (search.EVERYONE,) if other is None else teams


async def find_messages(
    tx: Tx, agent: AgentId, whose: Sequence[str], text: str, before: int | None, limit: int
) -> list[MessageId]:
    """Messages with these words that the agent may see, newest first; `whose` is their `scope`."""
    joins = "JOIN message ON message.id = message_words.rowid JOIN thread ON thread.id = message.thread_id"
    return [MessageId(id_) for id_, _ in await _find(tx, "message", joins, agent, whose, text, before, limit)]


async def find_threads(tx: Tx, agent: AgentId, whose: Sequence[str], text: str, limit: int) -> list[ThreadId]:
    """Threads of customers with this name or number, the newest customer first."""
    joins = "JOIN line ON line.id = customer_words.rowid JOIN thread ON thread.id = line.thread_id"
    found = await _find(tx, "line", joins, agent, whose, text, None, 2 * limit)
    return list(dict.fromkeys(ThreadId(thread) for _, thread in found))[:limit]


async def _find(
    tx: Tx, kind: Kind, joins: str, agent: AgentId, whose: Sequence[str], text: str, before: int | None, limit: int
) -> list[tuple[int, int]]:
    """Ids of what has these words, newest first, each with its thread's."""
    indexed = certain(await tx.one("SELECT last_id FROM indexed WHERE kind = ?1", kind))
    before = min(before or _NEWEST, indexed["last_id"] + 1)
    words, found = _TABLES[kind], list[tuple[int, int]]()
    for asked in search.questions(whose, text, before - 1):
        rows = await tx.all(
            f"""SELECT {words}.rowid, thread.id FROM {words} {joins}
                 WHERE {words} MATCH ?2 AND {words}.rowid < ?3 AND {IN_REACH}
                 ORDER BY {words}.rowid DESC LIMIT ?4""",  # noqa: S608  fixed words only
            agent,
            asked,
            before,
            limit - len(found),
        )
        found += [(id_, thread) for id_, thread in rows]
        if len(found) == limit:
            break
    return found
