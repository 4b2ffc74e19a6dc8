"""A gateway with an app channel, on SQLite; its customers' tokens are signed by a key that the test has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.examples.care import KEY_FILES
from tests.gateway_process import Company, GatewayProcess, gateway_process, hire


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return hire(tmp_path_factory.mktemp("company"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory, company: Company) -> AsyncIterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with gateway_process(folder, company, "http://127.0.0.1:9", config=KEY_FILES) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http
