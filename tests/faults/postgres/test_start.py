"""Nodes that start at once on a database where nothing is: one makes the tables, and all serve."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex

import pytest

from tests.faults.postgres.site import ROLE, Site, all_ready, execute
from tests.gateway_process import ending
from tests.postgres import PostgresServer
from tests.standins.twilio import TwilioStandIn

NODES = 3

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("postgresql-server")]


async def test_nodes_at_once(server: PostgresServer, tmp_path: Path, twilio: TwilioStandIn) -> None:
    """However many nodes find the database empty, each migration is applied once, and all of them are ready."""
    name = f"empty_{token_hex(8)}"
    await execute(server, f"CREATE DATABASE {name} OWNER {ROLE}")
    site = Site(server, name, "", tmp_path, twilio.url)
    async with AsyncExitStack() as stack:
        starting = [await stack.enter_async_context(ending(site.prepared())) for _ in range(NODES)]
        await asyncio.gather(*(node.start() for node in starting))
        await all_ready(starting)
    applied = [row["version"] for row in await site.sql("SELECT version FROM migration ORDER BY version")]
    assert [1] == applied[:1]
    assert sorted(set(applied)) == applied
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")
