"""Deliveries under way, by their ids: held for a transaction, taken by their provider, or given up with their lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.delivery import DeliveryId, State
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store.store import Tx, listed


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that nobody else changes until the transaction ends."""

    id: DeliveryId
    team: TeamId
    thread: ThreadId
    message: MessageId
    state: State
    attempt: int


async def hold(tx: Tx, deliveries: Iterable[DeliveryId]) -> dict[DeliveryId, Held]:
    """Nobody else changes these until the transaction ends. All that it will touch at once, so that no two
    transactions wait for each other."""
    wanted = sorted(set(deliveries))
    if not wanted:
        return {}
    places, values = listed(wanted)
    rows = await tx.all(
        f"""SELECT id, team_id, thread_id, message_id, state, attempt FROM delivery
             WHERE id IN ({places}) ORDER BY id FOR NO KEY UPDATE""",  # noqa: S608  placeholders only
        *values,
    )
    return {row[0]: Held(*row) for row in rows}


async def sent(tx: Tx, held: Sequence[DeliveryId], now: int) -> None:
    """Those that were `sending` were taken."""
    places, values = listed(held, first=2)
    await tx.run(
        f"""UPDATE delivery SET state = 'sent', due_at = NULL, lease_until = NULL, code = NULL, detail = NULL,
                  lookups = 0, updated_at = ?1
            WHERE id IN ({places})""",  # noqa: S608  placeholders only
        now,
        *values,
    )


async def has_expired(tx: Tx) -> bool:
    """Whether a send's lease has run out: nobody knows what became of it."""
    row = await tx.one("SELECT id FROM delivery WHERE state = 'sending' AND lease_until <= db_now() LIMIT 1")
    return row is not None


async def expired(tx: Tx, *, all_leases: bool) -> list[DeliveryId]:
    """Sends whose lease ran out, or all that have one; a bounded number, held until the transaction ends."""
    rows = await tx.all(
        """SELECT id FROM delivery WHERE state = 'sending' AND (lease_until <= db_now() OR ?1 = 1)
            ORDER BY id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED""",
        int(all_leases),
    )
    return [DeliveryId(row["id"]) for row in rows]
