"""The nodes that serve one database, by their own word, and the config that each runs on. No truth hangs on it."""

from __future__ import annotations

from typing import Final

from gateway.store.store import Tx

SILENT: Final = 60_000_000
"""Microseconds without a word after which a node is forgotten."""


async def seen(tx: Tx, node: str, config: str) -> dict[str, int]:
    """This node is here; how many there are, it included, by the version of their config."""
    await tx.run(
        """INSERT INTO node (id, config, seen_at) VALUES (?1, ?2, db_now())
           ON CONFLICT (id) DO UPDATE SET config = excluded.config, seen_at = excluded.seen_at""",
        node,
        config,
    )
    await tx.run(
        """DELETE FROM node WHERE id IN (
             SELECT id FROM node WHERE seen_at < db_now() - ?1 ORDER BY id FOR UPDATE SKIP LOCKED)""",
        SILENT,
    )
    return {row["config"]: row["n"] for row in await tx.all("SELECT config, count(*) AS n FROM node GROUP BY config")}


async def leave(tx: Tx, node: str) -> None:
    await tx.run("DELETE FROM node WHERE id = ?1", node)
