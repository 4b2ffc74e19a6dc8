"""The doorbell between nodes: NOTIFY without a payload, after the commit, on a connection of its own.

In the transaction it would cost most of the throughput: PostgreSQL holds one lock over every commit that notifies. Many
commits are one NOTIFY. A bell that is lost is no loss: every waiter polls, and after a reconnect everybody reads again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

import structlog
from asyncpg import Connection

from gateway.store.doorbell import Doorbell
from gateway.store.postgres import faults
from gateway.store.postgres.pools import COMMAND_SECONDS, connect, hang_up
from gateway.store.store import Lane

CHANNEL: Final = "teamline"
"""Of this database: NOTIFY crosses no border between databases."""
TEXTS: Final = "teamline_texts"
"""For commits of texts alone."""
SPACING: Final = 0.002
"""Seconds from one NOTIFY to the next at least: each wakes every node, and what is committed meanwhile shares one."""
PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts to connect again; the last one from then on."""
LOOK: Final = 10.0
"""Seconds without a ring after which the connection is tried."""
FAREWELL: Final = 2.0
"""Seconds that closing may take."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Bell:
    """Belongs to one event loop. `rung` and `losses` only ever grow."""

    def __init__(self, dsn: str, doorbell: Doorbell, *, listens: bool) -> None:
        self.rung = 0
        """How often it has told other nodes."""
        self.losses = 0
        """How often its connection was lost, or not to be had."""
        self._dsn, self._doorbell, self._listens = dsn, doorbell, listens
        self._news: set[str] = set()
        """The channels on which there is something to tell."""
        self._end = asyncio.Event()
        self._stir = asyncio.Event()  # news, a lost connection, or the end
        self._tried = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="bell")

    async def tried(self) -> None:
        """Returns when it listens, or could not."""
        if self._listens:
            await self._tried.wait()

    def tell(self, lane: Lane = Lane.PEOPLE) -> None:
        """Something was committed here."""
        self._news.add(TEXTS if lane is Lane.INGEST else CHANNEL)
        self._stir.set()

    async def close(self) -> None:
        """What was committed before is told, if the database can be reached."""
        self._end.set()
        self._stir.set()
        await asyncio.wait((self._task,), timeout=FAREWELL)
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _run(self) -> None:
        failures = 0
        while not self._end.is_set() or self._news:
            rung = self.rung
            try:
                await self._serve()
            except Exception as error:  # noqa: BLE001  whatever it is, others hear us by polling until it is over
                if not isinstance(error, faults.GONE) and not faults.is_away(error):
                    log.error("bell failed", error=type(error).__name__)  # noqa: TRY400  it may name the database
            self._tried.set()
            if self._end.is_set():
                return
            self.losses += 1
            failures = 1 if self.rung > rung else failures + 1
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSES[min(failures, len(PAUSES)) - 1]):
                    await self._end.wait()

    async def _serve(self) -> None:
        """Until the connection is lost, or the end."""
        while not self._listens and not self._news:  # a command that writes nothing never connects
            await self._stir.wait()
            self._stir.clear()
            if self._end.is_set():
                return
        connection = await connect(self._dsn, COMMAND_SECONDS)
        try:
            connection.add_termination_listener(self._lost)
            await connection.execute("SET synchronous_commit = off")  # a NOTIFY is a commit, and nothing that must last
            if self._listens:
                for channel in (CHANNEL, TEXTS):
                    await connection.add_listener(channel, self._heard)
                self._doorbell.ring()  # whatever was told while nobody listened
                self._tried.set()
            while not connection.is_closed():
                await self._turn(connection)
                if self._end.is_set():
                    return
        finally:
            connection.remove_termination_listener(self._lost)
            await hang_up(connection)

    async def _turn(self, connection: Connection) -> None:
        if not self._news:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._stir.wait()
        self._stir.clear()
        if self._news:
            await self._tell(connection)
        elif not self._end.is_set():
            await connection.execute("SELECT 1")

    async def _tell(self, connection: Connection) -> None:
        channels, self._news = self._news, set()
        try:
            await connection.execute("; ".join(f"NOTIFY {channel}" for channel in sorted(channels)))
        except BaseException:
            self._news |= channels  # on the next connection
            self._stir.set()
            raise
        self.rung += 1
        if not self._end.is_set():
            await asyncio.sleep(SPACING)

    def _lost(self, _connection: Any) -> None:
        self._stir.set()

    def _heard(self, connection: Any, pid: int, channel: str, _payload: object) -> None:
        if pid == connection.get_server_pid():
            return
        if channel == TEXTS:
            self._doorbell.ring_for_texts()
        else:
            self._doorbell.ring()
