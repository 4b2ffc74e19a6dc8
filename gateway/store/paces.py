"""What customers have spent of their bounds on all nodes: for each of them when nothing of it is spent any more.

By the database's clock, in microseconds. Spending adds up whoever writes it and in whatever order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from gateway.store.statement import Sql
from gateway.store.store import Row, Tx

STEP: Final = 5_000
"""Rows forgotten in one transaction."""

_SPEND: Final = """INSERT INTO pace (name, who, refilled_at) {spent}
  ON CONFLICT (name, who) DO UPDATE SET
    refilled_at = {most}(pace.refilled_at, db_now()) + excluded.refilled_at - db_now()"""
_SPEND_ALL: Final = Sql(
    _SPEND.format(
        most="max",
        spent="""SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), db_now() + json_extract(value, '$[2]')
                   FROM json_each(?1) WHERE true""",
    ),
    _SPEND.format(
        most="greatest",
        spent="""SELECT value ->> 0, value ->> 1, db_now() + (value ->> 2)::bigint
                   FROM json_array_elements(?1::json) AS entry (value) ORDER BY 1, 2""",
    ),
)


async def spend(tx: Tx, spent: Sequence[tuple[str, str, int]]) -> None:
    """Name of the bound, digest of who, and the time in which what they took is refilled; each of them once. All in one
    statement, in one order, so that nodes do not block one another."""
    await tx.run(_SPEND_ALL, json.dumps(spent))


async def spenders(tx: Tx, above: int, limit: int) -> Sequence[Row]:
    """name, who, rest: those who need more than `above` until all is refilled, the longest `rest` first."""
    return await tx.all(
        """SELECT name, who, refilled_at - db_now() AS rest FROM pace
            WHERE refilled_at > (SELECT db_now()) + ?1 ORDER BY refilled_at DESC LIMIT ?2""",
        above,
        limit,
    )


async def forget(tx: Tx) -> int:
    """Those of whom all is refilled, a bounded part; how many they were."""
    return await tx.run(
        """DELETE FROM pace WHERE (name, who) IN (
             SELECT name, who FROM pace WHERE refilled_at <= (SELECT db_now())
              ORDER BY refilled_at LIMIT ?1 FOR UPDATE SKIP LOCKED)""",
        STEP,
    )
