"""One company on a PostgreSQL server that its test may break, and the nodes that serve it.

A node is a process with a folder and a port of its own; all have one public URL, which providers sign for, and the same
config but for `listen`. `Balanced` is who calls that URL: it reaches one node after another, as behind a load balancer.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import asyncpg

from tests.faults.desk import Answer, Desk, at_desk
from tests.gateway_process import GatewayProcess, add_ana, ending, write_config
from tests.postgres import PostgresServer
from tests.processes import PATIENCE, free_port, until
from tests.standins.twilio import TwilioStandIn

T = TypeVar("T")

ROLE: Final = "teamline"
DATABASE_PASSWORD: Final = "never-in-a-log"

_GATEWAY: Final = """
[server]
listen = "127.0.0.1:{{port}}"
public_url = "{public}"
[database]
url = "postgresql://{role}@127.0.0.1:{database}/{name}"
password = {{{{ file = "database-password" }}}}
"""


@dataclass(frozen=True, slots=True)
class Balanced(Desk):
    """Whoever calls the public URL; `gateway` is the node that it names."""

    nodes: tuple[GatewayProcess, ...]
    turn: itertools.cycle[GatewayProcess]

    async def _call(self, method: str, url: str, headers: Mapping[str, str], **body: Any) -> Answer:
        node = self.next_node()
        # By name, since a dataclass with slots is made anew, and `super()` would look for the first one.
        return await Desk._call(self, method, url.replace(self.gateway.url, node.url), headers, **body)

    def next_node(self) -> GatewayProcess:
        """One that listens, as far as is known."""
        turns = itertools.islice(self.turn, len(self.nodes))
        return next((node for node in turns if node.listening.is_set()), self.nodes[0])


class Site:
    """A company's database, and a folder for its nodes."""

    def __init__(self, server: PostgresServer, name: str, token: str, folder: Path, twilio: str) -> None:
        self.server = server
        self.name = name
        self.public = f"http://127.0.0.1:{free_port()}"
        self._token, self._folder, self._twilio = token, folder, twilio
        self.nodes: list[GatewayProcess] = []
        """Also those that are not started, or have ended."""

    def prepared(self, database_port: int = 0) -> GatewayProcess:
        """A node that is not started yet. The first has the public URL. `database_port`: by way of a line."""
        number = len(self.nodes)
        folder = self._folder / f"node-{number}"
        node = GatewayProcess(folder)
        node.token = self._token
        if not number:
            node.url, node.port = self.public, int(self.public.rpartition(":")[2])
        config = _config(self.public, database_port or self.server.port, self.name)
        write_config(folder, node.port, self._twilio, config)
        self.nodes.append(node)
        return node

    @asynccontextmanager
    async def node(self, database_port: int = 0) -> AsyncIterator[GatewayProcess]:
        """One that serves."""
        async with ending(self.prepared(database_port)) as node:
            await node.start()
            yield node

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        """As superuser, in this database."""
        return await execute(self.server, statement, *values, database=self.name)

    async def head(self) -> int:
        """How far the team's log has come."""
        (row,) = await self.sql("SELECT coalesce(max(seq), 0) AS head FROM event WHERE team_id = 'denver'")
        return int(row["head"])

    async def end_leases(self) -> None:
        """What a node has claimed is taken over now, and not when its lease would have run out."""
        await self.sql("UPDATE delivery SET lease_until = 0 WHERE lease_until IS NOT NULL")

    def logs(self) -> str:
        """What all its nodes have said."""
        logs = (node.folder / "stderr" for node in self.nodes)
        return "".join(log.read_text(encoding="utf-8") for log in logs if log.exists())


def found(server: PostgresServer, name: str, folder: Path) -> str:
    """Make a database with Ana in it, by the CLI, as an operator does; her token."""
    write_config(folder, free_port(), "http://127.0.0.1:9", _config("http://127.0.0.1:8080", server.port, name))
    return add_ana(folder)


def _config(public: str, database_port: int, name: str) -> dict[str, str]:
    gateway = _GATEWAY.format(public=public, role=ROLE, database=database_port, name=name)
    return {"gateway.toml": gateway, "database-password": DATABASE_PASSWORD}


@asynccontextmanager
async def balanced(nodes: Iterable[GatewayProcess], twilio: TwilioStandIn) -> AsyncIterator[Balanced]:
    """Before nodes of one site, the one with the public URL first."""
    served = tuple(nodes)
    async with at_desk(served[0], twilio) as desk:
        yield Balanced(desk.gateway, desk.twilio, desk.http, served, itertools.cycle(served))


async def execute(server: PostgresServer, statement: str, *values: Any, database: str = "postgres") -> list[Any]:
    """One statement as superuser."""
    connection = await asyncpg.connect(server.url, database=database)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


async def restarted(server: PostgresServer) -> None:
    """As after a crash of all its processes: it recovers from its log."""
    await asyncio.to_thread(server.restart, "immediate")


async def readiness(node: GatewayProcess) -> int:
    """What a load balancer's probe is answered: 0 where nothing answers."""
    patience = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=patience) as http:
        try:
            async with http.get(f"{node.url}/readyz") as answer:
                return answer.status
        except aiohttp.ClientConnectionError:
            return 0


async def all_ready(nodes: Iterable[GatewayProcess]) -> None:
    """Wait for it."""
    for node in nodes:
        await until(lambda: _is_ready(node))  # noqa: B023  awaited here


async def _is_ready(node: GatewayProcess) -> bool:
    return 200 == await readiness(node)


async def timed(work: Awaitable[T]) -> tuple[T, float]:
    """Its result, and the seconds that took."""
    begun = asyncio.get_running_loop().time()
    result = await work
    return result, asyncio.get_running_loop().time() - begun
