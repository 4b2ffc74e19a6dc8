"""What the races share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.races.town import SEED, Town, two_nodes


@pytest.fixture(params=[SEED], ids=lambda seed: f"seed {seed}")
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with two_nodes(tmp_path) as made:
        yield made
