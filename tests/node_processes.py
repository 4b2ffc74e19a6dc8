"""Nodes: gateways in processes of their own that serve one PostgreSQL database, and one folder of files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from tests import engines
from tests.gateway_process import Company, GatewayProcess, ending, write_config
from tests.processes import PATIENCE

_GATEWAY_TOML: Final = """
[server]
listen = "127.0.0.1:{{port}}"
public_url = "{public_url}"
trusted_proxies = ["127.0.0.1"]
[database]
url = "{{database}}"
[files]
url = "file://{files}"
"""
PUBLIC: Final = "https://care.example.com"


@asynccontextmanager
async def node_processes(
    folder: Path, company: Company, twilio: str, count: int = 2, way: Callable[[str], str] = str
) -> AsyncIterator[list[GatewayProcess]]:
    """So many that serve one copy of the company, known to the outside as PUBLIC; `way` makes of the database's URL the
    one that they are given."""
    await engines.copy(company.engine, company.folder / "var", folder)
    database = await engines.place(company.engine, folder)
    toml = _GATEWAY_TOML.format(public_url=PUBLIC, files=folder / "files")
    made = [GatewayProcess(folder / f"node-{number}") for number in range(count)]
    try:
        async with AsyncExitStack() as stack:
            for node in made:
                node.place, node.token = database, company.token
                write_config(node.folder, node.port, twilio, {"gateway.toml": toml}, way(database))
                await stack.enter_async_context(ending(node))
                await node.start()
            yield made
    finally:
        engines.drop(folder)


async def reading(node: GatewayProcess, http: aiohttp.ClientSession, name: str) -> float:
    """A number of the node's own metrics, without labels."""
    async with http.get(f"{node.url}/metrics", timeout=aiohttp.ClientTimeout(PATIENCE)) as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))
