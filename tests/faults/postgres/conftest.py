"""A PostgreSQL server that these tests may break, a company on it for each of them, and two nodes where one asks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.postgres.site import DATABASE_PASSWORD, ROLE, Balanced, Site, balanced, execute, found
from tests.gateway_process import ending
from tests.postgres import PostgresServer
from tests.standins.twilio import TwilioStandIn

TEMPLATE = "founded"


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """Its nodes sign in with a password, as ordinary users of it. Whoever breaks it mends it."""
    with PostgresServer(settings={"max_connections": 80}) as server:
        access = server.folder / "data/pg_hba.conf"
        access.write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n{access.read_text(encoding='utf-8')}")
        asyncio.run(execute(server, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{DATABASE_PASSWORD}'"))
        asyncio.run(execute(server, "SELECT pg_reload_conf()"))
        yield server


@pytest.fixture(scope="session")
def token(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ana's, in each copy of the template."""
    asyncio.run(execute(server, f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}"))
    return found(server, TEMPLATE, tmp_path_factory.mktemp("founded"))


@pytest.fixture
async def site(server: PostgresServer, token: str, tmp_path: Path, twilio: TwilioStandIn) -> AsyncIterator[Site]:
    """A company of its own. No node tells a password, a token or a number in its log."""
    name = f"site_{secrets.token_hex(8)}"
    await execute(server, f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    site = Site(server, name, token, tmp_path, twilio.url)
    yield site
    assert [] == [secret for secret in (DATABASE_PASSWORD, token, "+1720555") if secret in site.logs()]
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pair(site: Site, twilio: TwilioStandIn) -> AsyncIterator[Balanced]:
    """Two nodes, started at once."""
    nodes = (site.prepared(), site.prepared())
    async with ending(nodes[0]), ending(nodes[1]), balanced(nodes, twilio) as desk:
        await asyncio.gather(*(node.start() for node in nodes))
        yield desk
