"""What a transaction that writes and one that reads have on either engine, beside the engine's own statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.domain.event import Kind
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.errors import Misuse, TeamlineError
from gateway.store.books import Event, Signature
from gateway.store.statement import Sql
from gateway.store.store import Value


class Buffers:
    """Keeps events and signatures for `close_books`."""

    __slots__ = ()

    events: list[Event]
    signatures: list[Signature]

    def event(self, team: TeamId, kind: Kind, thread: ThreadId | None, at: int, data: Mapping[str, Any]) -> None:
        # Encoded now, so that data changed afterwards, or not JSON at all, is the action's affair.
        self.events.append(Event(team, kind, thread, at, orjson.dumps(data).decode()))

    def sign(self, team: TeamId, message: MessageId, agent: int, credential: int, digest: bytes) -> None:
        self.signatures.append(Signature(team, message, agent, credential, digest))


class ReadsOnly:
    """Refuses whatever writes; the refusal dooms it."""

    fault: TeamlineError | None

    async def run(self, sql: str | Sql, *values: Value) -> int:
        raise self._refused()

    def event(self, team: TeamId, kind: Kind, thread: ThreadId | None, at: int, data: Mapping[str, Any]) -> None:
        raise self._refused()

    def sign(self, team: TeamId, message: MessageId, agent: int, credential: int, digest: bytes) -> None:
        raise self._refused()

    def _refused(self) -> TeamlineError:
        self.fault = Misuse("a query reads only")
        return self.fault
