"""Rows as a claim has marked them, for whoever got no answer to its COMMIT and wants to know whether it happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeVar

from gateway.store.store import Tx, listed

Table = Literal["delivery", "call", "agent_push", "opening", "attachment"]
Mark = Literal["lease_until", "attempt", "tries"]


class Claimed(Protocol):
    """What a claim took: its row's id, and the mark by its name."""

    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Claimed)


async def kept(tx: Tx, table: Table, mark: Mark, claimed: Sequence[T]) -> list[T]:
    """Those of a claim whose rows still have its mark."""
    found = await marks(tx, table, mark, [one.id for one in claimed])
    return [one for one in claimed if found.get(one.id) == getattr(one, mark)]


async def marks(tx: Tx, table: Table, mark: Mark, ids: Sequence[int]) -> dict[int, Any]:
    """What stands in the column `mark` of these rows, by id. A claim that the server is just about to commit holds its
    rows, and is waited for: by id alone, since a condition would be judged before the wait."""
    if not ids:
        return {}
    places, values = listed(sorted(ids))
    rows = await tx.all(
        f"SELECT id, {mark} FROM {table} WHERE id IN ({places}) ORDER BY id FOR NO KEY UPDATE",  # noqa: S608
        *values,
    )
    return {row[0]: row[1] for row in rows}
