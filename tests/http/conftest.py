"""A running desk with two people in it, and the company's app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.company import engine
from tests.http.app import App, app_on
from tests.http.running import Desk, running

__all__ = ["engine"]


@pytest.fixture
async def desk(engine: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Ana works in Denver, Ben in Reno."""
    async with running(tmp_path, engine=engine) as desk:
        await desk.person("ana", "denver")
        await desk.person("ben", "reno")
        yield desk


@pytest.fixture
async def app(desk: Desk) -> App:
    """The app's channel is on."""
    return await app_on(desk)
