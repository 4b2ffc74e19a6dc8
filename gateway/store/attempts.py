"""Attempts to sign in, counted by hashed login and hashed address."""

from __future__ import annotations

from gateway.store.store import Tx, certain


async def count(tx: Tx, subject: str, since: int) -> int:
    row = certain(await tx.one("SELECT count(*) AS made FROM attempt WHERE subject = ?1 AND at > ?2", subject, since))
    made: int = row["made"]
    return made


async def add(tx: Tx, subject: str, now: int) -> None:
    await tx.run("INSERT INTO attempt (subject, at) VALUES (?1, ?2)", subject, now)


async def pass_by(tx: Tx, now: int) -> None:
    """A row that comes and goes: nobody's attempt, but a write as real as any."""
    await add(tx, "", now)
    await remove(tx, "", now)


async def clear(tx: Tx, subject: str) -> None:
    await tx.run("DELETE FROM attempt WHERE subject = ?1", subject)


async def remove(tx: Tx, subject: str, at: int) -> None:
    await tx.run("DELETE FROM attempt WHERE subject = ?1 AND at = ?2", subject, at)


async def forget_old(tx: Tx, before: int) -> int:
    return await tx.run("DELETE FROM attempt WHERE at < ?1", before)
