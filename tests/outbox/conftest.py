"""What the tests of the outbox share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from gateway.outbox import agents, dialer, pump, worker
from tests.company import FRONT, Company, company, engine
from tests.outbox.desk import Desk
from tests.outbox.office import Office
from tests.outbox.phones import Phones
from tests.outbox.telephone import Exchange
from tests.standins.fcm import FcmStandIn

__all__ = ["company", "engine", "office"]


@pytest.fixture
async def office(company: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """A company with one agent and an outbox that looks often enough for a test to wait for it."""
    monkeypatch.setattr(pump, "POLL", 0.05)
    monkeypatch.setattr(worker, "POLL", 0.05)
    made = Office(company, (await company.hire("ana", FRONT)).secret)
    yield made
    await made.close()


@pytest.fixture
async def desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """The office's people, with pushes to them that are looked for often enough for a test to wait for them."""
    monkeypatch.setattr(agents, "POLL", 0.05)
    monkeypatch.setattr(agents, "GAP", 0.01)
    async with FcmStandIn() as google, aiohttp.ClientSession() as http:
        desk = Desk(Phones(office, google, http))
        yield desk
        await desk.pushes.close()
        await office.close()


@pytest.fixture
async def exchange(company: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Exchange]:
    """A company that calls, with a dialer that looks often enough for a test to wait for it."""
    monkeypatch.setattr(dialer, "POLL", 0.05)
    made = Exchange(company, await company.hire("ana", FRONT))
    await made.phone(made.ana)
    yield made
    await made.close()
