"""The doorbell between nodes: NOTIFY without a payload, after the commit, on a connection of its own.

In the transaction it would cost most of the throughput: PostgreSQL holds one lock over every commit that notifies. Many
commits are one NOTIFY. A bell that is lost is no loss: every waiter polls, and after a reconnect everybody reads again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from asyncpg import Connection

from gateway.store.doorbell import Doorbell
from gateway.store.postgres import faults
from gateway.store.postgres.pools import connect

CHANNEL: Final = "teamline"
"""Of this database: NOTIFY crosses no border between databases."""
PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts to connect again; the last one from then on."""
LOOK: Final = 10.0
"""Seconds without a ring after which the connection is tried."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Bell:
    """Belongs to one event loop. `rung` only ever grows."""

    def __init__(self, dsn: str, doorbell: Doorbell, *, listens: bool) -> None:
        self.rung = 0
        self._dsn, self._doorbell, self._listens = dsn, doorbell, listens
        self._news = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="bell")

    def tell(self) -> None:
        """Something was committed here."""
        self._news.set()

    async def close(self) -> None:
        """What was committed before is told."""
        self._closing = True
        if not self._listens and not self._news.is_set():
            self._task.cancel()
        self._news.set()
        await asyncio.wait((self._task,))

    async def _run(self) -> None:
        failures = 0
        while not self._closing or (self._news.is_set() and not failures):
            try:
                await self._serve()
                failures = 0
            except Exception as error:  # noqa: BLE001  whatever it is, others hear us by polling until it is over
                if not faults.is_away(error):
                    log.error("bell.failed", error=type(error).__name__)  # noqa: TRY400  it may name the database
                failures += 1
                with suppress(TimeoutError):
                    await asyncio.sleep(0 if self._closing else PAUSES[min(failures, len(PAUSES)) - 1])

    async def _serve(self) -> None:
        if not self._listens:
            await self._news.wait()
        connection = await connect(self._dsn)
        lost = asyncio.Event()
        connection.add_termination_listener(_setting(lost, self._news))
        try:
            await connection.execute("SET synchronous_commit = off")  # a NOTIFY is a commit, and nothing that must last
            if self._listens:
                await connection.add_listener(CHANNEL, self._heard)
                self._doorbell.ring()  # whatever was told while nobody listened
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await self._news.wait()
                await self._tell(connection)
                if self._closing:
                    return
        finally:
            connection.terminate()

    async def _tell(self, connection: Connection) -> None:
        if not self._news.is_set():
            await connection.execute("SELECT 1")
            return
        self._news.clear()
        try:
            await connection.execute(f"NOTIFY {CHANNEL}")
        except BaseException:
            self._news.set()
            raise
        self.rung += 1

    def _heard(self, connection: Any, pid: int, _channel: str, _payload: object) -> None:
        if pid != connection.get_server_pid():
            self._doorbell.ring()


def _setting(*events: asyncio.Event) -> Callable[[Any], None]:
    def set_all(_connection: Any) -> None:
        for event in events:
            event.set()

    return set_all
