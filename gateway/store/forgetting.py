"""Who has never said anything, and tokens and reports that have served their time, are forgotten a few at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.domain.attachment import Owner
from gateway.store.store import Tx, certain, listed
from gateway.store.visitors import KIND, MICROSECOND, hold

SILENT_FOR: Final = timedelta(days=2)
"""Who has written nothing for so long is forgotten, and is somebody new when they come back."""
KEPT_EXPIRED: Final = timedelta(days=1)
"""How long a token stays written down after its end: clocks differ, and one that was ended must stay so."""
KEPT_REPORTS: Final = timedelta(days=30)
"""How long it is known what a provider said of a call. What came of it stays with the call."""
STEP: Final = 500
"""Tokens looked at in one transaction: about a millisecond."""


async def forget_silent(tx: Tx, after: int, now: int) -> int | None:
    """Forget those visitors among the next tokens who came SILENT_FOR ago and have no thread, nor a file that they are
    about to send. They are held and looked at again, so that a first message is either there or finds no token. The
    last token that was looked at, None at the end."""
    before = now - SILENT_FOR // MICROSECOND
    last = certain(
        await tx.one(
            "SELECT max(id) AS id FROM (SELECT id FROM visitor WHERE id > ?1 ORDER BY id LIMIT ?2) AS step", after, STEP
        )
    )["id"]
    if last is None:
        return None
    seen = await tx.all(_SILENT, after, last, before, KIND)
    await hold(tx, (row["customer_id"] for row in seen))
    for row in await tx.all(_SILENT, after, last, before, KIND) if seen else ():
        if row["id"] not in {one["id"] for one in seen}:
            continue  # nobody holds this one
        await tx.run("DELETE FROM visitor WHERE identity_id = ?1", row["id"])
        await tx.run("DELETE FROM device WHERE customer_id = ?1", row["customer_id"])
        await tx.run("DELETE FROM idempotency WHERE principal = ?1", Owner.of_customer(row["customer_id"]).key)
        await tx.run("INSERT INTO spare (identity_id) VALUES (?1)", row["id"])
    return int(last)


_SILENT: Final = """SELECT DISTINCT identity.id, identity.customer_id
  FROM visitor JOIN identity ON identity.id = visitor.identity_id
 WHERE visitor.id > ?1 AND visitor.id <= ?2 AND identity.created_at < ?3 AND identity.kind = ?4
   AND NOT EXISTS (SELECT 1 FROM line WHERE line.identity_id = identity.id)
   AND NOT EXISTS (SELECT 1 FROM thread WHERE thread.customer_id = identity.customer_id)
   AND NOT EXISTS (SELECT 1 FROM identity AS other
                    WHERE other.customer_id = identity.customer_id AND other.id <> identity.id)
   AND NOT EXISTS (SELECT 1 FROM attachment
                    WHERE attachment.message_id IS NULL AND attachment.customer_id = identity.customer_id)"""


async def forget_expired(tx: Tx, now: int) -> bool:
    """Forget some of the tokens that have long expired; whether there may be more. Devices stay: who closed the app is
    still to be told."""
    rows = await tx.all(
        """SELECT id FROM visitor WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2 FOR UPDATE SKIP LOCKED""",
        now - KEPT_EXPIRED // MICROSECOND,
        STEP,
    )
    if rows:
        places, values = listed([row["id"] for row in rows], first=1)
        await tx.run(f"UPDATE device SET visitor_id = NULL WHERE visitor_id IN ({places})", *values)  # noqa: S608  placeholders only
        await tx.run(f"DELETE FROM visitor WHERE id IN ({places})", *values)  # noqa: S608  placeholders only
    return len(rows) == STEP


async def forget_reports(tx: Tx, now: int) -> bool:
    """Forget some of what providers said of calls long ago; whether there may be more."""
    forgotten = await tx.run(
        """DELETE FROM call_report
            WHERE at < ?1 AND at <= (SELECT max(at) FROM (SELECT at FROM call_report ORDER BY at LIMIT ?2) AS step)""",
        now - KEPT_REPORTS // MICROSECOND,
        STEP,
    )
    return forgotten >= STEP
