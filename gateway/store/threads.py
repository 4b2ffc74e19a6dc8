"""Customers' threads: found or made, reached through grants, moved on by messages.

Every query that an agent's request leads to names the agent and has `IN_REACH`: a forgotten check shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from gateway.domain.address import PHONE_KINDS, Address
from gateway.domain.author import AgentId, CustomerId
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.domain.thread import Claim, Thread
from gateway.errors import Misuse, NotFound
from gateway.store import messages, names
from gateway.store.messages import COLUMNS, JOINS, from_row
from gateway.store.reach import in_reach
from gateway.store.statement import Sql
from gateway.store.store import Row, Tx, Value, certain, listed

IN_REACH: Final = in_reach("thread.id")


async def find_or_create(tx: Tx, select: str, keys: Sequence[Value], insert: str, values: Sequence[Value]) -> Row:
    """Select, else insert ON CONFLICT DO NOTHING RETURNING, else select again: right under READ COMMITTED too, where
    a racer may have inserted between the first two."""
    row = await tx.one(select, *keys) or await tx.one(insert, *values) or await tx.one(select, *keys)
    if row is None:
        raise Misuse("a row was neither found nor created")
    return row


async def find_thread(tx: Tx, channel: str, endpoint: str, sender: Address) -> ThreadId | None:
    """The thread of a pair of addresses, when these two have talked before."""
    row = await tx.one(
        """SELECT line.thread_id FROM identity JOIN line ON line.identity_id = identity.id
            WHERE identity.kind = ?1 AND identity.address = ?2 AND line.channel = ?3 AND line.endpoint = ?4""",
        sender.kind,
        sender.value,
        channel,
        endpoint,
    )
    return None if row is None else row["thread_id"]


async def open_line(
    tx: Tx, channel: str, endpoint: str, sender: Address, name: str | None, team: TeamId, own_team: bool, at: int
) -> None:
    """Customer, identity, thread and line for a pair of addresses that is new.

    `team` is for a customer nobody knows yet; with `own_team`, one who is known is taken to the team they have. A
    customer without a name gets this one: not every provider tells it.
    """
    identity = await _identity(tx, sender, name, team, at)
    if name is not None:
        await tx.run("UPDATE customer SET name = ?2 WHERE id = ?1 AND name IS NULL", identity["customer_id"], name)
    home: TeamId = identity["team_id"] if own_team else team
    thread = await find_or_create(
        tx,
        "SELECT id FROM thread WHERE customer_id = ?1 AND team_id = ?2",
        (identity["customer_id"], home),
        """INSERT INTO thread (customer_id, team_id, created_at) VALUES (?1, ?2, ?3)
           ON CONFLICT (customer_id, team_id) DO NOTHING RETURNING id""",
        (identity["customer_id"], home, at),
    )
    await tx.run(
        """INSERT INTO reach (thread_id, holder, last_at) VALUES (?1, ?2, ?3)
           ON CONFLICT (thread_id, holder) DO NOTHING""",
        thread["id"],
        f"team:{home}",
        at,
    )
    await tx.run(
        """INSERT INTO line (identity_id, channel, endpoint, thread_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (identity_id, channel, endpoint) DO NOTHING""",
        identity["id"],
        channel,
        endpoint,
        thread["id"],
        at,
    )


async def whose(tx: Tx, sender: Address) -> tuple[CustomerId, TeamId] | None:
    """Who has this address, by whichever phone channel they are known, and their own team; None: nobody we know."""
    row = await tx.one(
        "SELECT customer_id AS id FROM identity WHERE kind = ?1 AND address = ?2", sender.kind, sender.value
    ) or await _same_number(tx, sender)
    if row is None:
        return None
    return row["id"], certain(await tx.one("SELECT team_id FROM customer WHERE id = ?1", row["id"]))["team_id"]


async def has_met(tx: Tx, agent: AgentId, customer: CustomerId) -> bool:
    """Whether the agent may see a thread of this customer."""
    row = await tx.one(f"SELECT 1 FROM thread WHERE customer_id = ?2 AND {IN_REACH} LIMIT 1", agent, customer)  # noqa: S608
    return row is not None


async def _identity(tx: Tx, sender: Address, name: str | None, team: TeamId, at: int) -> Row:
    """id, customer_id and the customer's own team. One number is one person, whichever phone channel it wrote on."""
    select = """SELECT identity.id, identity.customer_id, customer.team_id
                  FROM identity JOIN customer ON customer.id = identity.customer_id
                 WHERE identity.kind = ?1 AND identity.address = ?2"""
    known = await tx.one(select, sender.kind, sender.value)
    if known is not None:
        return known
    await hold_addresses(tx, [sender])  # it may be new by two ways, and on two nodes, at once
    known = await tx.one(select, sender.kind, sender.value)
    if known is not None:
        return known
    customer = await _same_number(tx, sender) or certain(
        await tx.one(
            "INSERT INTO customer (team_id, name, created_at) VALUES (?1, ?2, ?3) RETURNING id", team, name, at
        )
    )
    await tx.run(
        "INSERT INTO identity (customer_id, kind, address, created_at) VALUES (?1, ?2, ?3, ?4)",
        customer["id"],
        sender.kind,
        sender.value,
        at,
    )
    return certain(await tx.one(select, sender.kind, sender.value))


async def hold_addresses(tx: Tx, senders: Iterable[Address]) -> None:
    """Whose these are does not change until the transaction ends, also where they are nobody's yet."""
    await names.hold(tx, (names.address(sender.value) for sender in senders))


async def _same_number(tx: Tx, sender: Address) -> Row | None:
    """Whoever a carrier knows by this number, else whoever the company vouches for in its app."""
    if sender.kind not in PHONE_KINDS:
        return None
    for row in await tx.all(
        "SELECT customer_id AS id, kind FROM identity WHERE address = ?1 ORDER BY id", sender.value
    ):
        if row["kind"] in PHONE_KINDS:
            return row
    return await tx.one(
        """SELECT identity.customer_id AS id FROM profile JOIN identity ON identity.id = profile.identity_id
            WHERE profile.phone = ?1 AND profile.phone_verified = 1 ORDER BY identity.id LIMIT 1""",
        sender.value,
    )


@dataclass(frozen=True, slots=True)
class Wrote:
    """What customers have added to one thread in one transaction."""

    thread: ThreadId
    last_message: MessageId
    last_line: int
    count: int
    first_at: int
    last_at: int


async def customers_wrote(tx: Tx, wrote: Sequence[Wrote]) -> None:
    """Move threads and their inbox rows on; each thread at most once in the list, and all of them in two statements, on
    PostgreSQL in one."""
    rows = orjson.dumps(wrote).decode()
    await tx.run(_MOVE_THREADS, rows)
    await tx.run(_MOVE_REACH, rows)


_WROTE: Final = "json_to_recordset(?1::json) AS wrote (thread bigint, last_message bigint, last_line bigint, count bigint, first_at bigint, last_at bigint)"  # noqa: E501
_MOVE_THREADS: Final = Sql(
    """UPDATE thread SET last_message_id = json_extract(wrote.value, '$.last_message'),
              last_line_id = json_extract(wrote.value, '$.last_line'),
              in_count = in_count + json_extract(wrote.value, '$.count'), done_at = NULL
         FROM json_each(?1) AS wrote WHERE thread.id = json_extract(wrote.value, '$.thread')""",
    f"""WITH wrote AS (SELECT wrote.thread, wrote.last_message, wrote.last_line, wrote.count, wrote.first_at,
                              wrote.last_at FROM {_WROTE}),
             moved AS (UPDATE thread SET last_message_id = wrote.last_message, last_line_id = wrote.last_line,
                              in_count = in_count + wrote.count, done_at = NULL
                         FROM wrote WHERE thread.id = wrote.thread)
        UPDATE reach SET last_at = wrote.last_at,
               waiting_since = CASE WHEN waiting_since <= wrote.first_at THEN waiting_since ELSE wrote.first_at END
          FROM wrote WHERE reach.thread_id = wrote.thread""",  # noqa: S608  fixed words only
)
_MOVE_REACH: Final = Sql(
    """UPDATE reach SET last_at = json_extract(wrote.value, '$.last_at'),
              waiting_since = CASE WHEN waiting_since <= json_extract(wrote.value, '$.first_at') THEN waiting_since
                                   ELSE json_extract(wrote.value, '$.first_at') END
         FROM json_each(?1) AS wrote WHERE reach.thread_id = json_extract(wrote.value, '$.thread')""",
    "",
)


async def agent_wrote(tx: Tx, thread: ThreadId, message: MessageId, at: int) -> None:
    await tx.run("UPDATE thread SET last_message_id = ?2, done_at = NULL WHERE id = ?1", thread, message)
    await tx.run("UPDATE reach SET last_at = ?2, waiting_since = NULL WHERE thread_id = ?1", thread, at)


async def set_done(tx: Tx, thread: ThreadId, at: int) -> None:
    """Nobody waits here any more, until the next message; and nobody is on it."""
    await tx.run("UPDATE thread SET claimed_by = NULL, claimed_at = NULL, done_at = ?2 WHERE id = ?1", thread, at)
    await tx.run("UPDATE reach SET waiting_since = NULL WHERE thread_id = ?1", thread)


async def set_claim(tx: Tx, thread: ThreadId, agent: AgentId | None, at: int) -> None:
    await tx.run(
        "UPDATE thread SET claimed_by = ?2, claimed_at = ?3 WHERE id = ?1", thread, agent, at if agent else None
    )


async def hold(tx: Tx, agent: AgentId, thread: ThreadId) -> TeamId:
    """The same as `team_in_reach`, and nobody else writes in this thread until the transaction ends: what is read of it
    from now on stays true, and its messages are committed in the order of their ids."""
    row = await tx.one(
        f"SELECT thread.team_id FROM thread WHERE thread.id = ?2 AND {IN_REACH} FOR NO KEY UPDATE OF thread",  # noqa: S608
        agent,
        thread,
    )
    if row is None:
        raise NotFound
    team: TeamId = row["team_id"]
    return team


async def team_in_reach(tx: Tx, agent: AgentId, thread: ThreadId) -> TeamId:
    """The thread's team, if the agent may see it; NotFound otherwise, so that "not yours" looks like "not there"."""
    row = await tx.one(f"SELECT thread.team_id FROM thread WHERE thread.id = ?2 AND {IN_REACH}", agent, thread)  # noqa: S608
    if row is None:
        raise NotFound
    team: TeamId = row["team_id"]
    return team


async def get_threads(tx: Tx, agent: AgentId, ids: Sequence[int]) -> dict[int, Thread]:
    """Inbox rows by id, those that the agent may see, as they see them."""
    return await _by_id(tx, agent, ids, f"AND {IN_REACH}")


async def unscoped_threads(tx: Tx, ids: Sequence[int]) -> dict[int, Thread]:
    """Inbox rows by id as nobody in particular sees them: for the feed, which decides for each reader who may have
    them."""
    return await _by_id(tx, None, ids, "")


async def _by_id(tx: Tx, agent: AgentId | None, ids: Sequence[int], condition: str) -> dict[int, Thread]:
    if not ids:
        return {}
    places, values = listed(ids, first=2)
    rows = await tx.all(
        f"""SELECT thread.id AS thread_id, thread.team_id, thread.customer_id,
                   coalesce(whose.name, home.address), line.channel, home.kind,
                   (SELECT reach.waiting_since FROM reach WHERE reach.thread_id = thread.id LIMIT 1), thread.done_at,
                   claimer.id, claimer.name, thread.in_count, coalesce(seen.in_count, 0), {COLUMNS}
              FROM thread
              JOIN customer AS whose ON whose.id = thread.customer_id
              LEFT JOIN line ON line.id = thread.last_line_id
              LEFT JOIN identity AS home ON home.id = line.identity_id
              LEFT JOIN agent AS claimer ON claimer.id = thread.claimed_by
              LEFT JOIN seen ON seen.thread_id = thread.id AND seen.agent_id = ?1
              LEFT JOIN message ON message.id = thread.last_message_id {JOINS}
             WHERE thread.id IN ({places}) {condition}""",  # noqa: S608  placeholders only
        agent,
        *values,
    )
    found = {row[0]: _thread(row) for row in rows}
    with_files = await messages.with_files(tx, [one.last for one in found.values() if one.last and one.last.files])
    return found | {last.thread: replace(found[last.thread], last=last) for last in with_files}


def _thread(row: Row) -> Thread:
    (id_, team, customer, name, channel, kind, waiting_since, done_at, claimer, claimer_name, in_count, seen_count,
     *message) = row  # fmt: skip
    claim = Claim(claimer, claimer_name) if claimer is not None else None
    last = from_row(message) if message[0] is not None else None
    return Thread(
        id_, team, customer, name or "", channel or "", kind or "", waiting_since, done_at, last, claim, in_count,
        seen_count,
    )  # fmt: skip
