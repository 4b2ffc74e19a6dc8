"""The database refuses by itself what no person is behind: these rows are written past every action."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Misuse
from tests.company import FRONT, START, Company

COLUMNS = ("team_id", "thread_id", "direction", "identity_id", "line_id", "agent_id", "credential_id", "salt", "at")
INSERT = f"""INSERT INTO message ({", ".join(COLUMNS)}, channel, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'sms', 'Hi')"""
CHECK, FOREIGN_KEY = "CHECK|23514", "FOREIGN KEY|23503"
"""What each engine says: SQLite in words, PostgreSQL by its code."""


async def facts(company: Company) -> dict[str, Any]:
    ana, _ = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    thread = (await company.text()).thread
    values = (FRONT, thread, "out", 1, 1, ana.id, 1, b"s" * 16, START)
    return dict(zip(COLUMNS, values, strict=True))


async def write(company: Company, row: dict[str, Any]) -> None:
    await company.sql(INSERT, *row.values())


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"agent_id": None}, CHECK),
        ({"credential_id": None}, CHECK),
        ({"agent_id": None, "credential_id": None}, CHECK),
        ({"credential_id": 2}, FOREIGN_KEY),
        ({"credential_id": 99}, FOREIGN_KEY),
        ({"agent_id": 99}, FOREIGN_KEY),
        ({"salt": None}, CHECK),
        ({"identity_id": None}, CHECK),
        ({"direction": "in"}, CHECK),
        ({"direction": "note", "identity_id": None, "salt": None, "agent_id": None, "credential_id": None}, CHECK),
        ({"direction": "auto"}, CHECK),
    ],
)
async def test_an_outbound_row_needs_a_person_and_their_own_evidence(
    company: Company, wrong: dict[str, Any], why: str
) -> None:
    """Without an author, without evidence, or with another person's, the row is refused; with all of it, it is not."""
    row = await facts(company)
    with pytest.raises(Misuse, match=why):
        await write(company, row | wrong)
    await write(company, row)


@pytest.mark.parametrize("table", ["credential", "agent"])
async def test_evidence_cannot_be_deleted(company: Company, table: str) -> None:
    """A session or token under which something was written stays, and so does the person."""
    await write(company, await facts(company))
    with pytest.raises(Misuse, match=FOREIGN_KEY):
        await company.sql(f"DELETE FROM {table} WHERE id = 1")
