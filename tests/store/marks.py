"""The smallest transactions there are: they leave marks, and read them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from gateway.domain.message import TeamId
from gateway.errors import NotFound
from gateway.store.store import Tx

INSERT = "INSERT INTO attempt (subject, at) VALUES (?1, ?2)"
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


async def mark(tx: Tx, name: str) -> str:
    await tx.run(INSERT, name, 0)
    return name


async def mark_and_fail(tx: Tx, name: str) -> None:
    await tx.run(INSERT, name, 0)
    raise NotFound(name)


async def mark_all(tx: Tx, names: Sequence[str]) -> list[str]:
    """A list action that says how many it was run with."""
    for name in names:
        await mark_or_refuse(tx, name)
    return [f"{name} of {len(names)}" for name in names]


async def mark_or_refuse(tx: Tx, name: str) -> None:
    await tx.run(INSERT, name, 0)
    if name.startswith("bad"):
        raise NotFound(name)


async def marks(tx: Tx) -> list[str]:
    return [row["subject"] for row in await tx.all("SELECT subject FROM attempt ORDER BY at, subject")]


async def add_teams(tx: Tx, *teams: str) -> None:
    for team in teams:
        await tx.run("INSERT INTO team (id) VALUES (?1)", team)


async def log_event(tx: Tx, *teams: str) -> None:
    for team in teams:
        tx.event(TeamId(team), "message.received", None, 7, {"name": "Zoë"})


class Held:
    """An action that keeps the writer in its thread until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._gate = threading.Event()

    async def action(self, tx: Tx) -> None:
        self.began.set()
        assert self._gate.wait(30)

    def let_go(self) -> None:
        self._gate.set()
