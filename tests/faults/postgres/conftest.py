"""A PostgreSQL server that these tests may break, and for each file of them a company on it, with two nodes where one
asks: starting one costs most of a second of processor time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.faults.postgres.site import DATABASE_PASSWORD, ROLE, Balanced, Site, all_ready, balanced, execute, found
from tests.gateway_process import ending
from tests.postgres import PostgresServer
from tests.standins.twilio import TwilioStandIn

TEMPLATE = "founded"
MOST_CONNECTIONS = 80
"""Few enough for a test to take them all."""


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """Its nodes sign in with a password, as ordinary users of it. Whoever breaks it mends it."""
    with PostgresServer(settings={"max_connections": MOST_CONNECTIONS}) as server:
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twilio() -> AsyncIterator[TwilioStandIn]:
    """It takes a moment, so that sends are under way at any time, and reports each as delivered."""
    async with TwilioStandIn(delay=0.1, reports=("sent", "delivered")) as twilio:
        yield twilio


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    server: PostgresServer, token: str, tmp_path_factory: pytest.TempPathFactory, twilio: TwilioStandIn
) -> AsyncIterator[Site]:
    """A company of its own. No node tells a password, a token or a number in its log."""
    name = f"site_{secrets.token_hex(8)}"
    await execute(server, f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    site = Site(server, name, token, tmp_path_factory.mktemp("site"), twilio.url)
    yield site
    assert [] == [secret for secret in (DATABASE_PASSWORD, token, "+1720555") if secret in site.logs()]
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(site: Site, twilio: TwilioStandIn) -> AsyncIterator[Balanced]:
    """Two nodes, started at once."""
    nodes = (site.prepared(), site.prepared())
    async with ending(nodes[0]), ending(nodes[1]), balanced(nodes, twilio) as desk:
        await asyncio.gather(*(node.start() for node in nodes))
        await all_ready(nodes)
        yield desk
