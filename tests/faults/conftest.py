"""A gateway of its own for each test, on either engine, with a stand-in for Twilio behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path

import pytest

from tests.company import engine
from tests.faults.desk import Desk, at_desk
from tests.gateway_process import Company, GatewayProcess, gateway_process, hire
from tests.standins.twilio import TwilioStandIn

__all__ = ["engine"]


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
