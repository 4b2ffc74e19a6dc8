"""Lines: the pairs of addresses, a customer's and one of ours, by which a thread's two sides reach each other.

An agent's query names the agent and has the reach in it, as everywhere. What opens a line is in store/threads.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.address import Address
from gateway.domain.author import AgentId
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.thread import Line
from gateway.store.reach import in_reach
from gateway.store.store import Tx, certain

_COLUMNS = """line.id, line.identity_id, identity.kind, identity.address, line.channel, line.endpoint,
       line.id = thread.last_line_id AND thread.in_count > 0, line.opted_out_at,
       line.opted_out_at IS NOT NULL AND coalesce(
         (SELECT coalesce(message.sent_at, message.at) FROM message
           WHERE message.thread_id = line.thread_id AND message.line_id = line.id AND message.direction = 'in'
           ORDER BY message.id DESC LIMIT 1), 0) > line.opted_out_at"""


async def lines_of(tx: Tx, agent: AgentId, thread: ThreadId) -> list[Line]:
    """The pairs of addresses of a thread's customer in it, where they last wrote first."""
    rows = await tx.all(
        f"""SELECT {_COLUMNS}
             FROM thread JOIN line ON line.thread_id = thread.id JOIN identity ON identity.id = line.identity_id
            WHERE thread.id = ?2 AND {in_reach("?2")}
            ORDER BY CASE WHEN line.id = thread.last_line_id THEN 0 ELSE 1 END, line.id DESC""",  # noqa: S608
        agent,
        thread,
    )
    return [_line(*row) for row in rows]


def _line(
    id_: int,
    identity: int,
    kind: str,
    address: str,
    channel: str,
    endpoint: str,
    last: int,
    out: int | None,
    again: int,
) -> Line:
    return Line(id_, identity, kind, address, channel, endpoint, bool(last), out, bool(again))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A line with where it stands."""

    line: int
    thread: ThreadId
    team: TeamId
    channel: str
    kind: str
    address: str
    """The customer's."""
    endpoint: str
    """Ours."""
    opted_out_at: int | None


_WHEREABOUTS = """SELECT line.id, line.thread_id, thread.team_id, line.channel, identity.kind, identity.address,
       line.endpoint, line.opted_out_at
  FROM line JOIN thread ON thread.id = line.thread_id JOIN identity ON identity.id = line.identity_id"""


async def held(tx: Tx, line: int) -> Whereabouts:
    """For what a customer or a provider says of it: nobody else closes or opens it until the transaction ends."""
    return Whereabouts(*certain(await tx.one(f"{_WHEREABOUTS} WHERE line.id = ?1 FOR NO KEY UPDATE OF line", line)))


async def of_thread(tx: Tx, agent: AgentId, thread: ThreadId, line: int) -> Whereabouts | None:
    """A line of a thread that the agent may see, held until the transaction ends."""
    row = await tx.one(
        f"""{_WHEREABOUTS} WHERE line.thread_id = ?2 AND line.id = ?3 AND {in_reach("?2")}
              FOR NO KEY UPDATE OF line""",
        agent,
        thread,
        line,
    )
    return None if row is None else Whereabouts(*row)


async def between(tx: Tx, agent: AgentId, channel: str, endpoint: str, address: Address) -> Whereabouts | None:
    """The line of a pair of addresses, if the agent may see the thread that it stands in."""
    row = await tx.one(
        f"""{_WHEREABOUTS}
             WHERE identity.kind = ?2 AND identity.address = ?3 AND line.channel = ?4 AND line.endpoint = ?5
               AND {in_reach("line.thread_id")}""",
        agent,
        address.kind,
        address.value,
        channel,
        endpoint,
    )
    return None if row is None else Whereabouts(*row)


async def agent_began(tx: Tx, thread: ThreadId, line: int) -> None:
    """An answer goes by this line until the customer writes; where they have written before, nothing changes."""
    await tx.run("UPDATE thread SET last_line_id = ?2 WHERE id = ?1 AND last_line_id IS NULL", thread, line)
