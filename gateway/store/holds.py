"""Whether the outbox is held: after a restore nothing is sent or looked up until a person releases it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.domain.delivery import DeliveryId
from gateway.domain.device import FETCHED
from gateway.store.store import Row, Tx

RELEASED: Final = "NOT EXISTS (SELECT 1 FROM hold WHERE what = 'outbox')"
"""A condition for whatever the outbox asks for."""

_FETCHED: Final = ", ".join(f"'{kind}'" for kind in sorted(FETCHED))
_IN_DOUBT: Final = f"message.at <= ?1 AND identity.kind NOT IN ({_FETCHED})"


async def hold(tx: Tx, backup_at: int, now: int) -> None:
    """Held again before it was released, it counts from the older backup."""
    await tx.run(
        """INSERT INTO hold (what, backup_at, since) VALUES ('outbox', ?1, ?2)
           ON CONFLICT (what) DO UPDATE SET since = excluded.since,
             backup_at = CASE WHEN excluded.backup_at < hold.backup_at THEN excluded.backup_at
                              ELSE hold.backup_at END""",
        backup_at,
        now,
    )


async def held(tx: Tx) -> Row | None:
    """backup_at, since; None when messages go out."""
    return await tx.one("SELECT backup_at, since FROM hold WHERE what = 'outbox'")


async def release(tx: Tx) -> bool:
    """Whether it was held."""
    return bool(await tx.run("DELETE FROM hold WHERE what = 'outbox'"))


async def doubtful(tx: Tx, backup_at: int) -> list[DeliveryId]:
    """What was queued when the backup was made: it may have been sent since. By id. Where customers fetch what was
    written, a push is simply made again: a second one takes the first one's place."""
    rows = await tx.all(
        f"""SELECT delivery.id FROM delivery JOIN message ON message.id = delivery.message_id
              JOIN identity ON identity.id = delivery.identity_id
             WHERE delivery.state = 'queued' AND delivery.due_at IS NOT NULL AND {_IN_DOUBT}
             ORDER BY delivery.id""",  # noqa: S608  fixed words only
        backup_at,
    )
    return [DeliveryId(row["id"]) for row in rows]


async def waiting(tx: Tx, backup_at: int) -> Sequence[Row]:
    """channel, queued, doubtful, unknown: `doubtful` are those queued that were written before the backup, and may have
    been sent since; `unknown` are looked up at the provider."""
    return await tx.all(
        f"""SELECT delivery.channel,
                   sum(CASE WHEN delivery.state = 'queued' THEN 1 ELSE 0 END) AS queued,
                   sum(CASE WHEN delivery.state = 'queued' AND {_IN_DOUBT} THEN 1 ELSE 0 END) AS doubtful,
                   sum(CASE WHEN delivery.state = 'unknown' THEN 1 ELSE 0 END) AS unknown
              FROM delivery JOIN message ON message.id = delivery.message_id
              JOIN identity ON identity.id = delivery.identity_id
             WHERE delivery.state IN ('queued', 'unknown') AND delivery.due_at IS NOT NULL
             GROUP BY delivery.channel ORDER BY delivery.channel""",  # noqa: S608  fixed words only
        backup_at,
    )
