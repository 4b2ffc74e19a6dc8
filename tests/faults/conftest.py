"""A gateway of its own for each test, with a stand-in for Twilio behind it.

On SQLite: PostgreSQL's faults have a suite of their own in tests/faults/postgres. With TEAMLINE_SOAK=1 these run on it
too, which takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path

import pytest

from tests.engines import ENGINES
from tests.faults.desk import Desk, at_desk
from tests.gateway_process import Company, GatewayProcess, gateway_process, hire
from tests.standins.twilio import TwilioStandIn


@pytest.fixture(params=ENGINES if os.environ.get("TEAMLINE_SOAK") == "1" else ENGINES[:1])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Company]:
    """The one company of each engine, made when first asked for."""
    return cache(lambda engine: hire(tmp_path_factory.mktemp("company"), engine))


@pytest.fixture
def company(companies: Callable[[str], Company], engine: str) -> Company:
    return companies(engine)


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioStandIn]:
    async with TwilioStandIn() as twilio:
        yield twilio


@pytest.fixture
async def gateway(tmp_path: Path, company: Company, twilio: TwilioStandIn) -> AsyncIterator[GatewayProcess]:
    async with gateway_process(tmp_path, company, twilio.url) as gateway:
        yield gateway


@pytest.fixture
async def desk(gateway: GatewayProcess, twilio: TwilioStandIn) -> AsyncIterator[Desk]:
    async with at_desk(gateway, twilio) as desk:
        yield desk
