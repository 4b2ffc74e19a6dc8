"""Delivery reports as they came. Until we know what one speaks of, it waits for its delivery."""

from __future__ import annotations

from gateway.domain.delivery import DeliveryId, Reported
from gateway.store.store import Row, Tx


async def keep(
    tx: Tx,
    channel: str,
    provider_id: str,
    delivery: DeliveryId | None,
    state: Reported,
    code: str | None,
    detail: str | None,
    verdict: str | None,
    now: int,
) -> None:
    """Every report is kept, also one that changes nothing or speaks of what we do not know (yet)."""
    await tx.run(
        """INSERT INTO report (channel, provider_id, delivery_id, state, code, detail, verdict, at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)""",
        channel,
        provider_id,
        delivery,
        state,
        code,
        detail,
        verdict,
        now,
    )


async def waiting(tx: Tx, channel: str, provider_id: str) -> list[Row]:
    """Reports that came before we knew what they spoke of, in the order they came."""
    return list(
        await tx.all(
            """SELECT id, state, code, detail, verdict, at FROM report
                WHERE channel = ?1 AND provider_id = ?2 AND delivery_id IS NULL ORDER BY id""",
            channel,
            provider_id,
        )
    )


async def adopt(tx: Tx, report: int, delivery: DeliveryId) -> None:
    await tx.run("UPDATE report SET delivery_id = ?2 WHERE id = ?1", report, delivery)
