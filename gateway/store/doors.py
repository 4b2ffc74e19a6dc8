"""The way in that every engine has: a write becomes a job for its writer, a read goes to its readers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from gateway.store.lanes import Job
from gateway.store.store import Lane, Tx

P = ParamSpec("P")
T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  as in gateway.store.store


class Writer(Protocol):
    """Takes jobs, and resolves each one's future on every path."""

    def submit(self, job: Job) -> asyncio.Future[Any]: ...


class Readers(Protocol):
    """Run queries."""

    async def read(
        self, query: Callable[..., Awaitable[Any]], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any: ...


class Doors:
    """The calls of a `gateway.store.store.Store` that are the same over either engine."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._jobs = writer
        self._queries = readers

    async def write(self, action: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Store.write`."""
        return cast("T", await self._submit(action, args, kwargs, Lane.PEOPLE, listed=False))

    async def write_each(
        self, action: Callable[[Tx, Sequence[I]], Awaitable[Sequence[T]]], item: I, lane: Lane = Lane.INGEST
    ) -> T:
        """See `Store.write_each`."""
        return cast("T", await self._submit(action, (item,), {}, lane, listed=True))

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Store.read`."""
        return cast("T", await self._queries.read(query, args, kwargs))

    def _submit(
        self,
        action: Callable[..., Awaitable[Any]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        lane: Lane,
        listed: bool,
    ) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        return self._jobs.submit(Job(action, args, kwargs, lane, future, copy_context(), listed))
