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
from gateway.domain.search import Question
from gateway.store.statement import Sql
from gateway.store.store import Tx, certain
from gateway.store.threads import IN_REACH

Kind = Literal["message", "line"]

_TABLES: Final[dict[Kind, str]] = {"message": "message_words", "line": "customer_words"}
_NEWEST: Final = 2**63 - 1


_NEXT_MESSAGES: Final = Sql(
    """SELECT message.id, thread.team_id, message.body
         FROM message JOIN thread ON thread.id = message.thread_id
        WHERE message.id > (SELECT last_id FROM indexed WHERE kind = 'message')
        ORDER BY message.id LIMIT ?1""",
    """SELECT message.id, thread.team_id, message.body
         FROM unindexed JOIN message ON message.id = unindexed.id JOIN thread ON thread.id = message.thread_id
        WHERE unindexed.kind = 'message'
        ORDER BY unindexed.id LIMIT ?1 FOR UPDATE OF unindexed SKIP LOCKED""",
)
_NEXT_LINES: Final = Sql(
    """SELECT line.id, thread.team_id, customer.name, identity.kind, identity.address
         FROM line JOIN thread ON thread.id = line.thread_id
         JOIN identity ON identity.id = line.identity_id JOIN customer ON customer.id = identity.customer_id
        WHERE line.id > (SELECT last_id FROM indexed WHERE kind = 'line')
        ORDER BY line.id LIMIT ?1""",
    """SELECT line.id, thread.team_id, customer.name, identity.kind, identity.address
         FROM unindexed JOIN line ON line.id = unindexed.id JOIN thread ON thread.id = line.thread_id
         JOIN identity ON identity.id = line.identity_id JOIN customer ON customer.id = identity.customer_id
        WHERE unindexed.kind = 'line'
        ORDER BY unindexed.id LIMIT ?1 FOR UPDATE OF unindexed SKIP LOCKED""",
)
_INDEXED: Final = Sql(
    "UPDATE indexed SET last_id = (SELECT max(value) FROM json_each(?2)) WHERE kind = ?1",
    """DELETE FROM unindexed
        WHERE kind = ?1 AND id IN (SELECT value::bigint FROM json_array_elements_text(?2::json) AS done (value))""",
)


async def index_messages(tx: Tx, limit: int) -> int:
    """Index the next messages; how many there were. On PostgreSQL several nodes may, each its own."""
    rows = await tx.all(_NEXT_MESSAGES, limit)
    found = [(id_, search.document(team, id_, search.words(body))) for id_, team, body in rows]
    await _add(tx, "message", found)
    return len(found)


async def index_lines(tx: Tx, limit: int) -> int:
    """Index the next customers' addresses, with their names; how many there were."""
    found = []
    for id_, team, name, kind, address in await tx.all(_NEXT_LINES, limit):
        numbers = search.number_words(address) if kind in NUMBER_KINDS else []
        found.append((id_, search.document(team, id_, search.words(name or "") + numbers)))
    await _add(tx, "line", found)
    return len(found)


async def _add(tx: Tx, kind: Kind, found: Sequence[tuple[int, str]]) -> None:
    """All in one statement: one for each would cost a tenth more."""
    if found:
        await tx.run(_ADD[kind], json.dumps(found, ensure_ascii=False))
        await tx.run(_INDEXED, kind, json.dumps([id_ for id_, _ in found]))


def _adding(table: str) -> Sql:
    return Sql(
        f"""INSERT INTO {table} (rowid, words)
            SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1) WHERE true ORDER BY key""",  # noqa: S608  E501
        # A word beyond the 2,046 bytes that a lexeme may have is nothing that anybody looks for.
        f"""INSERT INTO {table} (id, words)
            SELECT (entry.value ->> 0)::bigint,
                   (SELECT coalesce(string_agg(quote_literal(word) || ':' || least(place, 16383), ' '), '')::tsvector
                      FROM string_to_table(entry.value ->> 1, ' ') WITH ORDINALITY AS found (word, place)
                     WHERE octet_length(word) BETWEEN 1 AND 2046)
              FROM json_array_elements(?1::json) AS entry (value)
            ON CONFLICT (id) DO UPDATE SET words = excluded.words""",  # noqa: S608
    )


_ADD: Final[dict[Kind, Sql]] = {kind: _adding(table) for kind, table in _TABLES.items()}


async def behind(tx: Tx) -> bool:
    """Whether something is not indexed yet."""
    return bool(certain(await tx.one(_BEHIND))["more"])


_BEHIND: Final = Sql(
    """SELECT coalesce((SELECT max(id) FROM message), 0) > (SELECT last_id FROM indexed WHERE kind = 'message')
           OR coalesce((SELECT max(id) FROM line), 0) > (SELECT last_id FROM indexed WHERE kind = 'line') AS more""",
    "SELECT EXISTS (SELECT FROM unindexed) AS more",
)


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
    return [MessageId(id_) for id_, _ in await _find(tx, "message", agent, whose, text, before, limit)]


async def find_threads(tx: Tx, agent: AgentId, whose: Sequence[str], text: str, limit: int) -> list[ThreadId]:
    """Threads of customers with this name or number, the newest customer first."""
    found = await _find(tx, "line", agent, whose, text, None, 2 * limit)
    return list(dict.fromkeys(ThreadId(thread) for _, thread in found))[:limit]


async def _find(
    tx: Tx, kind: Kind, agent: AgentId, whose: Sequence[str], text: str, before: int | None, limit: int
) -> list[tuple[int, int]]:
    """Ids of what has these words, newest first, each with its thread's."""
    newest = certain(await tx.one(_NEWEST_INDEXED[kind]))["id"]
    before = min(before or _NEWEST, newest + 1)
    found = list[tuple[int, int]]()
    finding = FIND_NEAR if whose == (search.EVERYONE,) and len(text.strip()) <= _SHORT else _FIND
    for question in search.questions(whose, text, before - 1):
        asked = (_fts5(question), _tsquery(question))
        rows = await tx.all(finding[kind], agent, *asked, before, limit - len(found))
        found += [(id_, thread) for id_, thread in rows]
        finding = _FIND
        if len(found) == limit:
            break
    return found


_NEWEST_INDEXED: Final[dict[Kind, Sql]] = {
    kind: Sql(
        f"SELECT last_id AS id FROM indexed WHERE kind = '{kind}'",  # noqa: S608  fixed words only
        f"SELECT coalesce(max(id), 0) AS id FROM {table}",  # noqa: S608
    )
    for kind, table in _TABLES.items()
}


def _joins(kind: Kind) -> str:
    return f"JOIN {kind} ON {kind}.id = found.id JOIN thread ON thread.id = {kind}.thread_id"


def _by_index(kind: Kind, before: str = "?4", only: str = "true") -> str:
    """On PostgreSQL. Ids stand in expressions, so that it takes what the words' index gives and never walks through all
    ids instead, whatever the question; and the order is the inner one's, so that it looks no further than the limit."""
    return f"""SELECT found.id, thread.id AS thread_id
              FROM (SELECT id, id + 0 AS place FROM {_TABLES[kind]}
                     WHERE words @@ ?3::tsquery AND ?2::text IS NOT NULL AND id + 0 < {before}
                     ORDER BY place DESC) AS found
              {_joins(kind)}
             WHERE {only} AND {IN_REACH}
             ORDER BY found.place DESC LIMIT ?5"""  # noqa: S608  fixed words only


def _finding(kind: Kind, table: str) -> Sql:
    """Both engines get the question in both languages, and each looks at its own."""
    return Sql(
        f"""SELECT {table}.rowid, thread.id FROM {table}
              {_joins(kind).replace("found.id", f"{table}.rowid")}
             WHERE {table} MATCH ?2 AND ?3 IS NOT NULL AND {table}.rowid < ?4 AND {IN_REACH}
             ORDER BY {table}.rowid DESC LIMIT ?5""",  # noqa: S608  fixed words only
        _by_index(kind),
    )


_FIND: Final[dict[Kind, Sql]] = {kind: _finding(kind, table) for kind, table in _TABLES.items()}

_SHORT: Final = 3
"""Characters that begin so many words that the index is slow: it gives all of them in a whole stretch, of everyone's
words, before the newest are known."""
NEAR: Final = 500
"""Texts that are then looked through one by one before it, the newest first; most often a page is in these."""


def finding_near(kind: Kind, near: int) -> Sql:
    """The same as `_finding`; PostgreSQL looks into the index only if so few do not fill the page."""
    walked = f"SELECT id, words FROM {_TABLES[kind]} WHERE id < ?4 ORDER BY id DESC LIMIT {near}"  # noqa: S608
    return Sql(
        _FIND[kind].sqlite,
        f"""SELECT id, thread_id FROM (
              WITH walked AS MATERIALIZED ({walked}),
                   near AS MATERIALIZED (
                     SELECT found.id, thread.id AS thread_id
                       FROM (SELECT id FROM walked WHERE words @@ ?3::tsquery ORDER BY id DESC) AS found {_joins(kind)}
                      WHERE {IN_REACH} ORDER BY found.id DESC LIMIT ?5),
                   far AS ({_by_index(kind, "(SELECT min(id) FROM walked)", "(SELECT count(*) FROM near) < ?5")})
              SELECT id, thread_id FROM near UNION ALL SELECT id, thread_id FROM far) AS found
             ORDER BY id DESC LIMIT ?5""",  # noqa: S608
    )


FIND_NEAR: Final[dict[Kind, Sql]] = {kind: finding_near(kind, NEAR) for kind in _TABLES}


def _fts5(question: Question) -> str:
    """https://sqlite.org/fts5.html, "Full-text Query Syntax". Every word is quoted: nothing in it is syntax."""
    asked = []
    for before in question.befores:
        terms = " ".join(" + ".join(f'"{before}{word}"' for word in phrase) for phrase in question.phrases)
        asked.append(f"({terms}{' *' if question.begins else ''})")
    return " OR ".join(asked)


def _tsquery(question: Question) -> str:
    """https://www.postgresql.org/docs/15/datatype-textsearch.html, "tsquery". Words have neither quotes nor
    backslashes."""
    asked = []
    for before in question.befores:
        terms = " & ".join(" <-> ".join(f"'{before}{word}'" for word in phrase) for phrase in question.phrases)
        asked.append(f"({terms}{':*' if question.begins else ''})")
    return " | ".join(asked)
