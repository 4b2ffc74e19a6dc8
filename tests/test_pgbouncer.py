"""PgBouncer with the file in deploy/: session mode carries all that nodes need, transaction mode does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
import asyncpg
import pytest

from gateway.domain.message import TeamId
from gateway.errors import Misuse, TeamlineError, Unavailable
from gateway.store import agents
from gateway.store.doorbell import Doorbell
from gateway.store.postgres import open_postgres
from gateway.store.postgres.pools import READERS, WRITERS
from gateway.store.store import Store
from tests.engines import address
from tests.gateway_process import NUMBER, hire
from tests.node_processes import PUBLIC, node_processes
from tests.pgbouncer_process import INI, PASSWORD, pgbouncer_process
from tests.processes import until
from tests.standins.twilio import TwilioStandIn

pytestmark = pytest.mark.needs("pgbouncer", "postgresql")

TRANSACTION: Final = {"pool_mode = session": "pool_mode = transaction"}
LISTENERS: Final = 1


@asynccontextmanager
async def _stores(tmp_path: Path, changes: dict[str, str], doorbell: Doorbell) -> AsyncIterator[tuple[Store, Store]]:
    """Those of two nodes; the second one's bell is `doorbell`."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(pgbouncer_process(await address(tmp_path), changes))
        opened = []
        for bell in (Doorbell(), doorbell):
            store = await open_postgres(f"{url}?password={PASSWORD}", doorbell=bell)
            stack.push_async_callback(store.close)
            opened.append(store)
        yield opened[0], opened[1]


async def _write(store: Store, team: str) -> bool:
    """Again while a busy machine lets PostgreSQL lose its patience."""
    try:
        await store.write(agents.add_teams, (TeamId(team),))
    except Unavailable:
        return False
    return True


async def test_session_mode(tmp_path: Path) -> None:
    """In session mode what one node commits rings the bell of another, however many connections write."""
    doorbell = Doorbell()
    async with _stores(tmp_path, {}, doorbell) as (one, _):
        await until(lambda: _rings(doorbell))  # it listens
        ear = doorbell.listen()
        await asyncio.gather(*(until(partial(_write, one, f"t{number}")) for number in range(6)))
        assert await ear.heard(10)


async def _rings(doorbell: Doorbell) -> bool:
    return doorbell.rings > 0


async def test_session_mode_serves(tmp_path: Path) -> None:
    """A gateway on PgBouncer in session mode, with a password, takes texts and is ready."""
    company = await asyncio.to_thread(hire, tmp_path / "company", "postgresql")
    async with AsyncExitStack() as stack:
        twilio = await stack.enter_async_context(TwilioStandIn())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        url = await stack.enter_async_context(pgbouncer_process(await address(tmp_path / "company/var")))
        (tmp_path / "pgpass").write_text(f"*:*:*:*:{PASSWORD}\n", encoding="utf-8")
        (tmp_path / "pgpass").chmod(0o600)
        with_password = f"{url}?passfile={tmp_path}/pgpass"
        (node,) = await stack.enter_async_context(
            node_processes(tmp_path / "nodes", company, twilio.url, count=1, way=lambda _: with_password)
        )
        form = twilio.text_form("+17205550111", NUMBER, "through a pooler")
        headers = {"X-Twilio-Signature": twilio.sign(f"{PUBLIC}/hooks/sms/messages", form)}
        async with http.post(f"{node.url}/hooks/sms/messages", data=form, headers=headers) as answer:
            assert 200 == answer.status
        async with http.get(f"{node.url}/readyz") as answer:
            assert 200 == answer.status


async def test_transaction_mode_is_deaf(tmp_path: Path) -> None:
    """In transaction mode LISTEN is lost: a bell that other clients hear does not ring, and nodes only poll."""
    doorbell = Doorbell()
    async with _stores(tmp_path, TRANSACTION, doorbell):
        await until(lambda: _rings(doorbell))
        ear = doorbell.listen()
        direct = await asyncpg.connect(await address(tmp_path))
        try:
            heard = asyncio.Event()
            await direct.add_listener("teamline", lambda *_: heard.set())
            await direct.execute("NOTIFY teamline")
            await asyncio.wait_for(heard.wait(), 10)
        finally:
            await direct.close()
        assert not await ear.heard(0.5)


async def test_transaction_mode_forgets(tmp_path: Path) -> None:
    """In transaction mode of a PgBouncer without `max_prepared_statements` (before 1.21) statements are prepared on one
    connection and looked for on another, so that writes fail."""
    doorbell = Doorbell()
    async with _stores(tmp_path, TRANSACTION, doorbell) as (one, _):
        said = await until(lambda: _failure(one))
        assert said.startswith(("26000", "42P05"))  # not there, or there already


async def _failure(store: Store) -> str | None:
    """What a round of writes at once came to, if it was an error of ours."""
    outcomes = await asyncio.gather(
        *(store.write(agents.add_teams, (TeamId(f"t{number}"),)) for number in range(WRITERS)), return_exceptions=True
    )
    assert [] == [bad for bad in outcomes if isinstance(bad, BaseException) and not isinstance(bad, TeamlineError)]
    return next((str(bad.detail) for bad in outcomes if isinstance(bad, Misuse)), None)


def test_connections() -> None:
    """The file has room for four nodes and a command beside them, each with all of its connections."""
    text = INI.read_text(encoding="utf-8")
    lines = dict(line.split(" = ") for line in text.splitlines() if " = " in line and not line.startswith(";"))
    each = WRITERS + READERS + LISTENERS
    assert f"A node takes {each} of these" in text
    assert int(lines["default_pool_size"]) >= 4 * each + 4
