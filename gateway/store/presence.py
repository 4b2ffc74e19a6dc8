"""Who has which thread open, as the nodes tell one another; it expires by the database's clock. In microseconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final

from gateway.domain.author import AgentId
from gateway.domain.message import TeamId, ThreadId
from gateway.store.statement import Sql
from gateway.store.store import Row, Tx


@dataclass(frozen=True, slots=True)
class Said:
    """What one person's client said last: for how long that is good, 0 for gone; and for how long they are typing."""

    thread: ThreadId
    agent: AgentId
    team: TeamId
    here: int
    typing: int


_KEEP: Final = """INSERT INTO presence (thread_id, agent_id, team_id, here_until, typing_until) {said}
  ON CONFLICT (thread_id, agent_id) DO UPDATE SET
    team_id = excluded.team_id, here_until = excluded.here_until, typing_until = excluded.typing_until"""
_KEEP_ALL: Final = Sql(
    _KEEP.format(
        said="""SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
                       db_now() + json_extract(value, '$[3]'), db_now() + json_extract(value, '$[4]')
                  FROM json_each(?1) WHERE true"""
    ),
    _KEEP.format(
        said="""SELECT (value ->> 0)::bigint, (value ->> 1)::bigint, value ->> 2,
                       db_now() + (value ->> 3)::bigint, db_now() + (value ->> 4)::bigint
                  FROM json_array_elements(?1::json) AS entry (value) ORDER BY 1, 2"""
    ),
)


async def keep(tx: Tx, said: Sequence[Said]) -> None:
    """Each person once for each thread; rows are taken in one order, so that nodes do not block one another."""
    await tx.run(_KEEP_ALL, json.dumps([astuple(one) for one in said]))


async def here(tx: Tx) -> Sequence[Row]:
    """thread_id, agent_id, team_id, name, here, typing (what is left of either) of all who are anywhere."""
    return await tx.all(
        """SELECT presence.thread_id, presence.agent_id, presence.team_id, agent.name,
                  presence.here_until - db_now() AS here, presence.typing_until - db_now() AS typing
             FROM presence JOIN agent ON agent.id = presence.agent_id
            WHERE presence.here_until > db_now() ORDER BY presence.thread_id, presence.agent_id"""
    )


async def forget(tx: Tx) -> int:
    return await tx.run(
        """DELETE FROM presence WHERE (thread_id, agent_id) IN (
             SELECT thread_id, agent_id FROM presence WHERE here_until <= db_now()
              ORDER BY thread_id, agent_id FOR UPDATE SKIP LOCKED)"""
    )
