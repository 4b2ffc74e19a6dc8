"""One call of an action, for one caller or for all items of a list that wait together; the same on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from gateway.errors import Misuse
from gateway.store.books import Event, Signature, close_books
from gateway.store.lanes import Job
from gateway.store.store import Tx


class Writing(Tx, Protocol):
    """A transaction with what its action has buffered."""

    events: list[Event]
    signatures: list[Signature]


async def perform(tx: Writing, jobs: Sequence[Job]) -> Sequence[Any]:
    """Run the action, then write its events and signatures; a value for each job."""
    first = jobs[0]
    if first.listed:
        values: Sequence[Any] = await first.action(tx, [job.args[0] for job in jobs])
    else:
        values = (await first.action(tx, *first.args, **first.kwargs),)
    if len(values) != len(jobs):
        raise Misuse(f"{first.name} answered {len(values)} results for {len(jobs)} items")
    if tx.events or tx.signatures:
        await close_books(tx, tx.events, tx.signatures)
    return values
