"""What the file store has, or may have. Equal bytes are one file, under the SHA-256 of them.

A file is written down before its bytes are stored, and taken off the list after they are deleted. The two never cross,
on any number of nodes: what is `going` cannot be named, and what is named does not go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gateway.errors import Unavailable
from gateway.store.store import Tx

HELD: Final = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds in which what was written down must be named: far longer than any upload takes."""
TAKEN: Final = timedelta(minutes=5) // timedelta(microseconds=1)
"""Microseconds in which what was taken must be deleted; then another may take it, and it may be stored anew."""
AT_ONCE: Final = 200

_NAMED: Final = """(EXISTS (SELECT 1 FROM attachment WHERE attachment.hash = file.hash)
  OR EXISTS (SELECT 1 FROM attachment WHERE attachment.thumb_hash = file.hash))"""


async def hold(tx: Tx, hashes: Sequence[str], now: int) -> None:
    """Write down what is about to be stored. Raises Unavailable while the same bytes are being deleted."""
    for hash_ in sorted(hashes):
        held = await tx.run(
            """INSERT INTO file (hash, look_at) VALUES (?1, ?2)
               ON CONFLICT (hash) DO UPDATE
                 SET look_at = CASE WHEN file.look_at >= excluded.look_at THEN file.look_at
                                    WHEN file.look_at IS NOT NULL THEN excluded.look_at END
               WHERE file.going = 0""",
            hash_,
            now + HELD,
        )
        if not held:
            raise Unavailable("the same file is just being deleted")


async def name(tx: Tx, hashes: Sequence[str]) -> None:
    """From now on a row names it: it stays."""
    for hash_ in sorted(hashes):
        if not await tx.run("UPDATE file SET look_at = NULL WHERE hash = ?1 AND going = 0", hash_):
            raise Unavailable("storing the file took too long")


async def look_again(tx: Tx, hashes: Sequence[str], now: int) -> None:
    """Fewer rows name these than before; whoever has just written one down still has their time."""
    for hash_ in hashes:
        await tx.run("UPDATE file SET look_at = ?2 WHERE hash = ?1 AND going = 0", hash_, now + HELD)


async def take_unnamed(tx: Tx, now: int) -> list[str]:
    """Files that nothing names, a bounded number: their bytes are to be deleted before TAKEN is over, then they are
    `gone`. With them those that a process had taken which did not end its work; what something names is off the list.
    """
    rows = await tx.all(
        "SELECT hash FROM file WHERE look_at <= ?1 ORDER BY look_at, hash LIMIT ?2 FOR NO KEY UPDATE SKIP LOCKED",
        now,
        AT_ONCE,
    )
    taken = []
    for row in rows:  # held now: whoever was naming it has done so, and is seen
        take = f"UPDATE file SET going = 1, look_at = ?2 WHERE hash = ?1 AND NOT {_NAMED}"  # noqa: S608  fixed words
        if await tx.run(take, row["hash"], now + TAKEN):
            taken.append(row["hash"])
        else:
            await tx.run("UPDATE file SET going = 0, look_at = NULL WHERE hash = ?1", row["hash"])
    return taken


async def gone(tx: Tx, hashes: Sequence[str]) -> None:
    """Their bytes are deleted."""
    for hash_ in hashes:
        await tx.run("DELETE FROM file WHERE hash = ?1 AND going = 1", hash_)
