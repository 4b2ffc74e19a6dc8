"""PostgreSQL's own tests: a store, the URL of its database, and a connection beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.engines import address


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return await address(tmp_path)


@pytest.fixture
async def beside(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's connection."""
    connection = await asyncpg.connect(url)
    yield connection
    connection.terminate()
