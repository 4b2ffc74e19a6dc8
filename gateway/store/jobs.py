"""Timed jobs: which is due, and who is at it. One node at a time runs each; one that dies is given up with its lease.

Everything is set and compared by the database's clock, in microseconds, so that nodes need not agree on the time. A
claim raises `attempt`, and whatever its holder says later names it, so that who was given up can say nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.store.store import Tx, listed


async def due(tx: Tx, names: Sequence[str]) -> list[str]:
    """Those of these jobs that somebody may begin now; one that nobody has ever begun is due."""
    if not names:
        return []
    places, values = listed(names)
    rows = await tx.all(
        f"""SELECT name FROM job WHERE name IN ({places})
               AND (due_at > db_now() OR coalesce(lease_until, 0) > db_now())""",  # noqa: S608  placeholders only
        *values,
    )
    waiting = {row["name"] for row in rows}
    return [name for name in names if name not in waiting]


async def claim(tx: Tx, name: str, lease: int) -> int | None:
    """The attempt by which the job is the caller's for `lease` microseconds; None if it is not due, or another's."""
    await tx.run("INSERT INTO job (name, due_at) VALUES (?1, db_now()) ON CONFLICT (name) DO NOTHING", name)
    row = await tx.one(
        """UPDATE job SET attempt = attempt + 1, lease_until = db_now() + ?2, due_at = db_now() + ?2
            WHERE name = (SELECT name FROM job
                           WHERE name = ?1 AND due_at <= db_now() AND coalesce(lease_until, 0) <= db_now()
                             FOR UPDATE SKIP LOCKED)
            RETURNING attempt""",
        name,
        lease,
    )
    return None if row is None else int(row["attempt"])


async def renew(tx: Tx, name: str, attempt: int, lease: int) -> bool:
    """The same again for `lease` from now; False once it was given up."""
    return bool(
        await tx.run(
            """UPDATE job SET lease_until = db_now() + ?3,
                      due_at = CASE WHEN due_at <= db_now() THEN due_at ELSE db_now() + ?3 END
                WHERE name = ?1 AND attempt = ?2 AND lease_until > db_now()""",
            name,
            attempt,
            lease,
        )
    )


async def done(tx: Tx, name: str, attempt: int, every: int) -> bool:
    """It is due again in `every` microseconds, or at once if somebody has asked for it since; False for one that was
    given up to another."""
    return bool(
        await tx.run(
            """UPDATE job SET lease_until = NULL,
                      due_at = CASE WHEN due_at <= db_now() THEN due_at ELSE db_now() + ?3 END
                WHERE name = ?1 AND attempt = ?2""",
            name,
            attempt,
            every,
        )
    )


async def hurry(tx: Tx, names: Sequence[str]) -> None:
    """These are due at once: after who is at it now, who may have begun before there was reason to."""
    for name in sorted(names):
        await tx.run("UPDATE job SET due_at = db_now() WHERE name = ?1 AND due_at > db_now()", name)


async def release_all(tx: Tx) -> None:
    """For the only node of a database, at its start: whoever was at something is gone."""
    await tx.run("UPDATE job SET lease_until = NULL, due_at = db_now() WHERE lease_until IS NOT NULL")
