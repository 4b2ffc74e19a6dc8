"""PostgreSQL is there and refuses: it is full, read only, or knows our password no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from tests.faults.desk import at_desk
from tests.faults.postgres.site import DATABASE_PASSWORD, ROLE, Site, all_ready, readiness
from tests.gateway_process import until
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

STRANGER = "stranger"

pytestmark = pytest.mark.needs("postgresql-server")


@asynccontextmanager
async def full(site: Site) -> AsyncIterator[None]:
    """Somebody else has taken all connections but those kept for superusers."""
    await site.sql(f"CREATE ROLE {STRANGER} LOGIN")
    async with AsyncExitStack() as stack:
        await _end_connections(site)
        while True:
            try:
                connection = await asyncpg.connect(site.server.url, user=STRANGER)
            except asyncpg.TooManyConnectionsError:
                break
            stack.push_async_callback(connection.close)
        await _end_connections(site)  # of a node that was quick
        yield
    await site.sql(f"DROP ROLE {STRANGER}")


@asynccontextmanager
async def read_only(site: Site) -> AsyncIterator[None]:
    """As a standby is."""
    await site.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    await site.sql("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        await site.sql("ALTER SYSTEM RESET default_transaction_read_only")
        await site.sql("SELECT pg_reload_conf()")


@asynccontextmanager
async def another_password(site: Site) -> AsyncIterator[None]:
    await site.sql(f"ALTER ROLE {ROLE} PASSWORD 'another'")
    await _end_connections(site)
    try:
        yield
    finally:
        await site.sql(f"ALTER ROLE {ROLE} PASSWORD '{DATABASE_PASSWORD}'")


@pytest.mark.parametrize("refusing", [full, read_only, another_password])
async def test_refused(
    site: Site, twilio: TwilioStandIn, refusing: Callable[[Site], AbstractAsyncContextManager[None]]
) -> None:
    """Texts and replies are told to come back, and are taken once when it is mended, by itself."""
    async with site.node() as node, at_desk(node, twilio) as desk:
        await desk.text("Hello")
        thread, sid = await desk.thread(), new_sid()
        async with refusing(site):
            await until(lambda: _is_unready(site))
            for answer in (await desk.text("Again", sid=sid), await desk.reply(thread, "Good morning", "key")):
                assert 503 == answer.status
                assert int(answer.headers["Retry-After"]) >= 1
        await all_ready([node])
        assert 200 == (await desk.text("Again", sid=sid)).status
        assert 202 == (await desk.reply(thread, "Good morning", "key")).status
        await twilio.wait_for(1)
        assert ["Hello", "Again"] == await desk.said()
        assert ["Good morning"] == [message.body for message in twilio.accepted]


async def _is_unready(site: Site) -> bool:
    return 503 == await readiness(site.nodes[0])


async def _end_connections(site: Site) -> None:
    await site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE)
