"""PostgreSQL is there and refuses: it is full, read only, or knows our password no more."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

import asyncpg
import pytest
import pytest_asyncio

from tests.faults.desk import Desk, at_desk
from tests.faults.postgres.site import DATABASE_PASSWORD, ROLE, Site, all_ready, readiness
from tests.processes import until
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import new_sid

STRANGER = "stranger"

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("postgresql-server")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(site: Site, twilio: TwilioStandIn) -> AsyncIterator[Desk]:
    async with site.node() as node, at_desk(node, twilio) as desk:
        yield desk


@asynccontextmanager
async def full(site: Site) -> AsyncIterator[None]:
    """Somebody else has taken all connections but those kept for superusers."""
    await site.sql(f"CREATE ROLE {STRANGER} LOGIN")
    async with AsyncExitStack() as stack:
        while await _connections(site):  # a node that is quick comes back in between
            await _end_connections(site)
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    connection = await asyncpg.connect(site.server.url, user=STRANGER)
                    stack.push_async_callback(connection.close)
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
async def no_room(site: Site) -> AsyncIterator[None]:
    """As where a message would take a new page of its table, and the disk has none. The cause is a stand-in for it, for
    a server of its own on a small file system would take a test a while."""
    await site.sql(
        """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"""
    )
    await site.sql("CREATE TRIGGER no_room BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION no_room()")
    try:
        yield
    finally:
        await site.sql("DROP FUNCTION no_room CASCADE")


@asynccontextmanager
async def another_password(site: Site) -> AsyncIterator[None]:
    await site.sql(f"ALTER ROLE {ROLE} PASSWORD 'another'")
    await _end_connections(site)
    try:
        yield
    finally:
        await site.sql(f"ALTER ROLE {ROLE} PASSWORD '{DATABASE_PASSWORD}'")


@pytest.mark.parametrize("refusing", [full, read_only, another_password])
async def test_refused(desk: Desk, site: Site, refusing: Callable[[Site], AbstractAsyncContextManager[None]]) -> None:
    """Texts and replies are told to come back, and are taken once when it is mended, by itself."""
    customer, sid = f"+1720555{secrets.randbelow(10_000):04}", new_sid()
    await desk.text("Hello", customer)
    thread = await desk.thread(customer)
    async with refusing(site):
        await until(lambda: _is_unready(desk))
        for answer in (await desk.text("Again", customer, sid=sid), await desk.reply(thread, "Good morning", sid)):
            assert 503 == answer.status
            assert int(answer.headers["Retry-After"]) >= 1
    await all_ready([desk.gateway])
    assert 200 == (await desk.text("Again", customer, sid=sid)).status
    assert 202 == (await desk.reply(thread, "Good morning", sid)).status
    await until(lambda: _went_out(desk, customer))
    assert ["Hello", "Again"] == await desk.said(customer)
    assert ["Good morning"] == [message.body for message in desk.twilio.accepted if message.to == customer]


async def test_no_room(desk: Desk, site: Site) -> None:
    """While what people write finds no room, though less still does, a probe hears of it, and the log says why; with
    room again all goes on by itself."""
    customer, sid = f"+1720555{secrets.randbelow(10_000):04}", new_sid()
    await desk.text("Hello", customer)
    async with no_room(site):
        for _ in range(2):
            assert 503 == (await desk.text("Again", customer, sid=sid)).status
        await until(lambda: _is_unready(desk))
    reasons = {line["reason"] for line in desk.gateway.said("writes refused")}
    assert "The database's disk is full; nothing was changed. Try again in a moment." in reasons
    assert 200 == (await desk.text("Again", customer, sid=sid)).status
    await all_ready([desk.gateway])
    assert ["Hello", "Again"] == await desk.said(customer)


async def _went_out(desk: Desk, customer: str) -> bool:
    return customer in {message.to for message in desk.twilio.accepted}


async def _is_unready(desk: Desk) -> bool:
    return 503 == await readiness(desk.gateway)


async def _connections(site: Site) -> int:
    (row,) = await site.sql("SELECT count(*) AS open FROM pg_stat_activity WHERE usename = $1", ROLE)
    return int(row["open"])


async def _end_connections(site: Site) -> None:
    await site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE)
