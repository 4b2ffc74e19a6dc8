"""Idempotency keys: one principal, one key, one body, one answer, kept seven days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import orjson

from gateway.errors import Invalid, Unavailable
from gateway.store.store import Tx

KEPT: Final = timedelta(days=7)


async def recall(tx: Tx, principal: str, key: str | None, fingerprint: bytes, now: int) -> dict[str, Any] | None:
    """The answer given before under this key, or None: then the key is taken, and `keep` must follow.

    Taking is the insert itself, so that of two racing requests one waits for the other and then sees its answer.
    Raises Invalid when the key came with another request.
    """
    if key is None:
        return None
    taken = await tx.one(
        """INSERT INTO idempotency (principal, key, fingerprint, answer, at) VALUES (?1, ?2, ?3, '', ?4)
           ON CONFLICT (principal, key) DO NOTHING RETURNING at""",
        principal,
        key,
        fingerprint,
        now,
    )
    if taken is not None:
        return None
    row = await tx.one("SELECT fingerprint, answer FROM idempotency WHERE principal = ?1 AND key = ?2", principal, key)
    if row is None:
        raise Unavailable  # it was forgotten in between, seven days old
    if bytes(row["fingerprint"]) != fingerprint:
        raise Invalid("this Idempotency-Key was used for another request")
    answer: dict[str, Any] = orjson.loads(row["answer"])
    return answer


async def keep(tx: Tx, principal: str, key: str | None, answer: dict[str, Any]) -> None:
    if key is not None:
        await tx.run(
            "UPDATE idempotency SET answer = ?3 WHERE principal = ?1 AND key = ?2",
            principal,
            key,
            orjson.dumps(answer).decode(),
        )


async def forget_old(tx: Tx, before: int) -> int:
    """Drop keys that have served their time, a bounded number at once."""
    return await tx.run(
        """DELETE FROM idempotency WHERE (principal, key) IN
           (SELECT principal, key FROM idempotency WHERE at < ?1 ORDER BY at LIMIT 1000)""",
        before,
    )
