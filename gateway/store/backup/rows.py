"""Rows on their way from one database to another, and as text: a JSON array on each line, bytes as Base64.

Equal rows are equal text, whichever engine they come from.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import orjson

from gateway.store.backup.layout import Table
from gateway.store.store import Tx

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 5_000
"""Rows in the memory at a time, and in one part of a backup: a megabyte or two, where messages are texts."""

Rows = Sequence[tuple[Any, ...]]
"""Values in the order of the table's columns."""


class Source(Protocol):
    """A database at one moment."""

    def rows(self, table: Table) -> AsyncIterator[Rows]:
        """All of a table in the order of its key, some at a time."""

    async def count(self, table: Table) -> int: ...

    async def files(self) -> list[str]:
        """The hashes of the files that it names, each once, in order."""


class Target(Protocol):
    """An empty database that is being filled; nobody sees anything of it before `publish`."""

    async def add(self, table: Table, rows: Rows) -> None:
        """References lead to what came before. Raises Invalid for what the schema refuses, and Unavailable."""

    async def migrate(self) -> None:
        """Bring the schema up, once all rows are there. Raises Invalid where a reference leads nowhere."""

    async def run(self, action: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """An action, as if the store ran it; it counts when all does. The schema must be the newest."""

    async def publish(self) -> None:
        """The last call."""


class Digest:
    """What a table holds, in 32 bytes and a count."""

    def __init__(self, table: Table) -> None:
        self.count = 0
        self._table, self._hash = table, hashlib.sha256()

    def add(self, rows: Rows) -> None:
        self.count += len(rows)
        self._hash.update(encode(self._table, rows))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and self._facts() == other._facts()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def _facts(self) -> tuple[int, bytes]:
        return self.count, self._hash.digest()


async def digest(source: Source, table: Table) -> Digest:
    found = Digest(table)
    async for rows in source.rows(table):
        found.add(rows)
    return found


def encode(table: Table, rows: Rows) -> bytes:
    if table.blobs:
        rows = [_with(row, table.blobs, _base64) for row in rows]
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def decode(table: Table, text: bytes) -> Rows:
    """Raises ValueError for what `encode` has not made."""
    rows = [tuple(orjson.loads(line)) for line in text.splitlines()]
    return [_with(row, table.blobs, _bytes) for row in rows] if table.blobs else rows


def _with(row: tuple[Any, ...], places: Sequence[int], change: Any) -> tuple[Any, ...]:
    changed = list(row)
    for place in places:
        if changed[place] is not None:
            changed[place] = change(changed[place])
    return tuple(changed)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
