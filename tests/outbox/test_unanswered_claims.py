"""A claim whose COMMIT got no answer: nothing of it is left to its lease, and nothing is done twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest

from gateway.actions import agent_pushes, attach, deliver, devices
from gateway.domain.message import Media
from gateway.outbox import dialer
from gateway.outbox.agents import AgentPushes
from gateway.outbox.claiming import claimed
from gateway.store import claims, fetches
from gateway.store.doorbell import Doorbell
from gateway.store.postgres import open_postgres
from gateway.store.postgres.transaction import Transaction
from gateway.store.store import Store
from tests.company import FRONT, SECOND, Company
from tests.engines import ENGINES, address
from tests.outbox.office import NAMES, Office
from tests.outbox.phones import Phones, android
from tests.outbox.provider import Provider, configure, until
from tests.outbox.telephone import Exchange
from tests.standins.fcm import FcmStandIn
from tests.store.postgres.wire import Wire

pytestmark = pytest.mark.needs("postgresql")
heard = pytest.mark.parametrize("delivers", [True, False], ids=["committed", "lost"])
"""Whether the server hears the COMMIT that it does not answer."""


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture
async def wire(company: Company) -> AsyncIterator[Wire]:
    async with Wire(await address(company.folder)) as wire:
        yield wire


@pytest.fixture
async def far(wire: Wire) -> AsyncIterator[Store]:
    """The same database by way of the wire."""
    store = await open_postgres(wire.url, doorbell=Doorbell())
    yield store
    await store.close()


@heard
async def test_a_message(office: Office, company: Company, far: Store, wire: Wire, delivers: bool) -> None:
    """It is sent once and at once, whether its claim was committed or not."""
    provider = Provider()
    node = Office(company, office.secret, far)
    await node.open(sms=provider)
    wire.cut_at, wire.delivers = b"COMMIT", delivers
    await office.answer("one")
    await office.until(one="sent")
    assert (b"", ["one"]) == (wire.cut_at, provider.bodies)
    assert 1 == (await office.delivery("one"))["attempt"]
    await node.close()


@heard
async def test_a_call(
    company: Company, far: Store, wire: Wire, delivers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is rung once and at once."""
    monkeypatch.setattr(dialer, "POLL", 0.05)
    exchange = Exchange(company, await company.hire("ana", FRONT))
    await exchange.phone(exchange.ana)
    exchange.dialer = exchange.another(far)
    await exchange.open(only_node=False)
    wire.cut_at, wire.delivers = b"COMMIT", delivers
    booking = await exchange.call()
    await exchange.until(booking, state="under_way")
    assert (b"", ["ref1.1"]) == (wire.cut_at, [rung.reference for rung in exchange.voice.rung])
    await exchange.close()


@heard
async def test_a_push(office: Office, company: Company, far: Store, wire: Wire, delivers: bool) -> None:
    """An agent's phone is told once and at once."""
    async with FcmStandIn() as google, aiohttp.ClientSession() as http:
        phones = Phones(office, google, http)
        await configure(office.channels, {"app": phones.app()})
        await office.store.write(devices.register_agents, office.secret, "app", android(), company.clock())
        await company.text()
        await office.store.write(agent_pushes.follow)
        company.clock.tick(3)
        pushes = AgentPushes(far, office.channels, company.doorbell, company.clock, NAMES.__getitem__)
        wire.cut_at, wire.delivers = b"COMMIT", delivers
        await pushes.start(only_node=False)
        assert 1 == len(await phones.pushes(1))
        assert b"" == wire.cut_at
        await pushes.close()


async def test_a_file(company: Company, far: Store, wire: Wire) -> None:
    """It is fetched by whoever has claimed it."""
    await company.text(media=(Media("https://provider.example/1", "image/jpeg"),))
    wire.cut_at = b"COMMIT"
    claim = far.write(attach.claim_due, "sms", 1, company.clock(), 60 * SECOND)
    (errand,) = await claimed(far, claim, fetches.still_claimed, time.monotonic())
    assert (b"", 1) == (wire.cut_at, errand.tries)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("table", "mark"), [("opening", "tries"), ("attachment", "tries"), ("agent_push", "attempt")])
async def test_what_is_gone(company: Company, table: claims.Table, mark: claims.Mark) -> None:
    """A row that is not there any more is nobody's."""
    assert {} == await company.store.write(claims.marks, table, mark, [1, 2, 3])


async def test_anothers_claim(office: Office) -> None:
    """A claim that was lost is not taken for the one that another node has made since, of the same number."""
    await office.answer("one")
    lost = await _claim(office)
    await office.company.sql("UPDATE delivery SET state = 'queued', attempt = 0, lease_until = NULL, due_at = 0")
    anothers = await _claim(office)
    assert [1, 1] == [lost[0].attempt, anothers[0].attempt]
    assert [] == await office.store.write(deliver.still_claimed, lost)
    assert anothers == await office.store.write(deliver.still_claimed, anothers)


async def test_a_commit_that_is_late(office: Office, company: Company) -> None:
    """While the server is still at the claim it is waited for: what it is about to commit is not taken for lost."""
    await office.answer("one")
    connection = await asyncpg.connect(await address(company.folder))
    claiming = Transaction(connection)
    await claiming.begin()
    found = await deliver.claim_due(claiming, "sms", 1, company.clock(), 60 * SECOND)
    asking = asyncio.create_task(office.store.write(deliver.still_claimed, found))
    await until(lambda: _waits(company))
    await claiming.commit()
    assert found == await asking
    await connection.close()


async def _claim(office: Office) -> list[deliver.Delivery]:
    return await office.store.write(deliver.claim_due, "sms", 1, office.company.clock(), 60 * SECOND)


async def _waits(company: Company) -> bool:
    """Whether somebody waits for a lock in this database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ((waiting,),) = await company.rows(query)
    return bool(waiting)
