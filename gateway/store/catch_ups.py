"""Until when each channel's inbound messages were compared with its provider's own list."""

from __future__ import annotations

from gateway.store.store import Tx


async def through(tx: Tx, channel: str, now: int) -> int | None:
    """Until when it was, in microseconds since 1970; None for a channel that is new, which has missed nothing: from
    now on it counts."""
    row = await tx.one("SELECT through FROM catch_up WHERE channel = ?1", channel)
    if row is not None:
        return int(row["through"])
    await tx.run(
        "INSERT INTO catch_up (channel, through) VALUES (?1, ?2) ON CONFLICT (channel) DO NOTHING", channel, now
    )
    return None


async def move(tx: Tx, channel: str, to: int) -> None:
    await tx.run("UPDATE catch_up SET through = ?2 WHERE channel = ?1 AND through < ?2", channel, to)
