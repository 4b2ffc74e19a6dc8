"""What the program itself signs with: made at the first start, kept in the database, told to nobody."""

from __future__ import annotations

from gateway.store.store import Tx, certain


async def secret(tx: Tx, name: str, fresh: bytes) -> bytes:
    """The secret of this name; `fresh` (from a cryptographic source) becomes it where there is none yet."""
    await tx.run("INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING", name, fresh)
    return bytes(certain(await tx.one("SELECT value FROM secret WHERE name = ?1", name))["value"])


async def forget(tx: Tx, name: str) -> None:
    """The next start makes another: what was signed with this one ends."""
    await tx.run("DELETE FROM secret WHERE name = ?1", name)
