"""What the tests of the outbox share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.outbox import pump, worker
from tests.company import FRONT, Company, company, engine
from tests.outbox.office import Office

__all__ = ["company", "engine", "office"]


@pytest.fixture
async def office(company: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """A company with one agent and an outbox that looks often enough for a test to wait for it."""
    monkeypatch.setattr(pump, "POLL", 0.05)
    monkeypatch.setattr(worker, "POLL", 0.05)
    made = Office(company, (await company.hire("ana", FRONT)).secret)
    yield made
    await made.close()
