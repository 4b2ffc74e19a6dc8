"""What the tests of the feed share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.feed import follow
from gateway.feed.follow import Feed
from tests.company import Company, company, engine

__all__ = ["company", "engine", "feed"]


@pytest.fixture
async def feed(company: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feed]:
    """A running feed that looks often enough for a test to wait for it."""
    monkeypatch.setattr(follow, "POLL", 0.05)
    made = Feed(company.store, company.doorbell, company.clock)
    made.start()
    yield made
    await made.close()
