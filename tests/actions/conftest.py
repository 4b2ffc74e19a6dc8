"""What the tests of the actions share."""

from __future__ import annotations

import pytest

from tests.actions.desk import Desk
from tests.company import FRONT, Company, company, engine

__all__ = ["company", "desk", "engine"]


@pytest.fixture
async def desk(company: Company) -> Desk:
    return Desk(company, (await company.hire("ana", FRONT)).secret)
