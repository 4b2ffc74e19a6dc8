"""What a restored database is told before anybody sees it: that some of its past is lost.

What was sent, revoked or shown since the backup is not known. So the outbox is held until a person releases it, nobody
is signed in, links to files end, and every client reads its lists again.
"""

from __future__ import annotations

from gateway.actions.deliver import give_up_leases
from gateway.store import books, credentials, holds, secrets
from gateway.store.store import Tx


async def restored(tx: Tx, backup_at: int, now: int) -> None:
    """Times in microseconds since 1970."""
    await holds.hold(tx, backup_at, now)
    await credentials.revoke_every_session(tx, now)
    await secrets.forget(tx, "files")  # a file of the lost past had a number that a new one will get
    await books.skip_ahead(tx)
    while await give_up_leases(tx, now, all_leases=True):
        pass
