"""Names that transactions hold while there is no row yet to lock: a number nobody has written from, a provider's id
that no delivery has.

Rows are locked where they are read (FOR NO KEY UPDATE), and a bound that counts rows locks what it counts for. The
order is the same everywhere, so that no two transactions wait for each other: names, customers, threads, bookings,
calls, deliveries, uploads, lines, each by id; the team's row comes last (see books.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from gateway.store.statement import Sql
from gateway.store.store import Tx

_HOLD: Final = Sql(
    "SELECT ?1",
    """SELECT pg_advisory_xact_lock(name.key)
         FROM (SELECT DISTINCT hashtextextended(given.value, 0) AS key
                 FROM json_array_elements_text(?1::json) AS given (value) ORDER BY key) AS name""",
)
"""SQLite's one writer holds everything anyway."""


async def hold(tx: Tx, names: Iterable[str]) -> None:
    """Nobody else holds any of these until the transaction ends: what is read from now on is what they have left. All
    that the transaction will need is held at once."""
    wanted = sorted(set(names))
    if wanted:
        await tx.all(_HOLD, orjson.dumps(wanted).decode())


def address(value: str) -> str:
    """A customer's address that may be new, of whatever kind."""
    return f"address {value}"


def provider_id(value: str) -> str:
    """A provider's id of an outbound message: whose it is, and whether it is anybody's yet."""
    return f"message {value}"


def subject(value: str) -> str:
    """Who tries to sign in, or where visitors come from: their attempts are counted."""
    return f"attempt {value}"


def caller(agent: int) -> str:
    """A person who is about to call: they have one call at a time."""
    return f"caller {agent}"


def slot(team: str, kind: str, start: int) -> str:
    """A time that may be booked: its places are counted."""
    return f"slot {team} {kind} {start}"
