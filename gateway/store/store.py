"""What the rest of Teamline may ask of a database, on any engine.

A transaction is a plain `async def action(tx, ...)` that awaits only `tx`. It may be run more than once: its arguments
are immutable, its results come only by return, and it catches no error of `tx`. The first SQL error dooms it.
Statements are SELECT, INSERT, UPDATE, DELETE and WITH; placeholders are written ?1, ?2; columns are named, never *.
What the engines cannot say in one text is an `Sql` (see gateway/store/statement.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from gateway.domain.event import Kind
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.errors import Misuse
from gateway.store.statement import Sql

Value = str | int | float | bytes | None
P = ParamSpec("P")
T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  the item of a list action


class Row(Protocol):
    """One row, by column name or position; iterating gives the values."""

    def __getitem__(self, key: str | int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def keys(self) -> Any: ...


class Tx(Protocol):
    """A transaction as an action sees it; on a reader the writing calls are refused."""

    async def one(self, sql: str | Sql, *values: Value) -> Row | None:
        """The first row, or None."""

    async def all(self, sql: str | Sql, *values: Value) -> Sequence[Row]: ...

    async def run(self, sql: str | Sql, *values: Value) -> int:
        """How many rows it changed."""

    def event(self, team: TeamId, kind: Kind, thread: ThreadId | None, at: int, data: Mapping[str, Any]) -> None:
        """Append to the team's log. Only buffered: the engine numbers events as the transaction's last statements."""

    def sign(self, team: TeamId, message: MessageId, agent: int, credential: int, digest: bytes) -> None:
        """Append an outbound message to the team's authorship chain; buffered and chained together with the events."""


class Lane(Enum):
    """Whom a write serves. The lanes take turns, so that a flood of texts never makes an agent wait."""

    PEOPLE = "people"
    INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Stats:
    """How an engine is doing. `batches`, `actions` and `retries` only ever grow."""

    people_waiting: int
    ingest_waiting: int
    reads_waiting: int
    batches: int
    """Commits."""
    actions: int
    """Writes of callers that were committed; several may share a commit."""
    retries: int
    """Tries again: SQLite was held by another process, or PostgreSQL broke a deadlock."""
    wal_bytes: int = 0
    """SQLite's write-ahead log."""
    full_at: float = -inf
    """When a write was last refused for want of room, by `time.monotonic`."""


class Store(Protocol):
    """The database. All writes raise Unavailable (nothing happened), OutcomeUnknown (retry with the same key), or the
    action's own error."""

    async def write(self, action: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an action durably, in the people's lane. A caller that is cancelled knows nothing of the outcome."""

    async def write_each(
        self, action: Callable[[Tx, Sequence[I]], Awaitable[Sequence[T]]], item: I, lane: Lane = Lane.INGEST
    ) -> T:
        """Run a list action; items that wait together are one list. A list that fails is run again one by one."""

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on a reader: one snapshot, a deadline of 2 s."""

    def stats(self) -> Stats:
        """Costs nothing; may be asked at any time."""

    async def close(self) -> None:
        """Refuse what is new, finish what was taken, resolve everyone."""


def certain(row: Row | None) -> Row:
    """The row of a statement that always yields one, such as a plain INSERT ... RETURNING."""
    if row is None:
        raise Misuse("a statement that always yields a row yielded none")
    return row


def listed(items: Sequence[Value], first: int = 1) -> tuple[str, list[Value]]:
    """Placeholders and values of an IN list. The last value is repeated up to a power of two, so that lists of all
    lengths are few statements, which stay prepared."""
    size = 1 << (len(items) - 1).bit_length()
    padded = [*items, *([items[-1]] * (size - len(items)))]
    return ", ".join(f"?{n}" for n in range(first, first + size)), padded
