"""What a restored database is told before anybody sees it: that some of its past is lost.

What was sent, revoked or shown since the backup is not known. So the outbox is held until a person releases it, nobody
is signed in, links to files end, and every client reads its lists again.
"""

from __future__ import annotations

from typing import Final

from gateway.actions.deliver import give_up_leases, presume_lost
from gateway.store import books, credentials, holds, secrets
from gateway.store.store import Tx

AT_ONCE: Final = 500


async def restored(tx: Tx, backup_at: int, now: int) -> None:
    """Times in microseconds since 1970."""
    await holds.hold(tx, backup_at, now)
    await credentials.revoke_every_session(tx, now)
    await secrets.forget(tx, "files")  # a file of the lost past had a number that a new one will get
    await books.skip_ahead(tx)
    while await give_up_leases(tx, now, all_leases=True):
        pass


async def release(tx: Tx, now: int) -> int:
    """A person lets messages go out again; how many are of unknown fate. What was queued when the backup was made may
    have gone out since: it is looked up at its provider, and what cannot be found is for a person to decide."""
    held = await holds.held(tx)
    if held is None:
        return 0
    lost = await holds.doubtful(tx, held["backup_at"])
    for start in range(0, len(lost), AT_ONCE):
        await presume_lost(tx, lost[start : start + AT_ONCE], held["backup_at"], now)
    await holds.release(tx)
    return len(lost)
