"""A store for each test, of each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.doorbell import Doorbell
from gateway.store.store import Store
from tests.engines import ENGINES, open_engine

MARKS = {"postgresql": pytest.mark.needs("postgresql")}


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in ENGINES])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def doorbell() -> Doorbell:
    return Doorbell()


@pytest.fixture
async def store(engine: str, tmp_path: Path, doorbell: Doorbell) -> AsyncIterator[Store]:
    store = await open_engine(engine, tmp_path, doorbell)
    yield store
    await store.close()
