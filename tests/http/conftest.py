"""A running desk with two people in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.http.running import Desk, running


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Ana works in Denver, Ben in Reno."""
    async with running(tmp_path) as desk:
        await desk.person("ana", "denver")
        await desk.person("ben", "reno")
        yield desk
