"""The database refuses by itself what no person is behind: these rows are written past every action."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.company import FRONT, START, Company

INSERT = """INSERT INTO message
              (team_id, thread_id, direction, identity_id, line_id, channel, agent_id, credential_id, body, salt, at)
            VALUES (:team, :thread, :direction, :identity, :line, 'sms', :agent, :credential, 'Hi', :salt, :at)"""


async def facts(company: Company) -> dict[str, Any]:
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    thread = (await company.text()).thread
    found = {"team": FRONT, "thread": thread, "direction": "out", "identity": 1, "line": 1}
    return found | {"salt": b"s" * 16, "at": START} | {"agent": ana.id, "credential": 1, "other": ben.id}


def write(company: Company, row: dict[str, Any]) -> None:
    with closing(sqlite3.connect(company.folder / "teamline.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute(INSERT, {name: value for name, value in row.items() if name != "other"})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"agent": None}, "CHECK"),
        ({"credential": None}, "CHECK"),
        ({"agent": None, "credential": None}, "CHECK"),
        ({"credential": 2}, "FOREIGN KEY"),
        ({"credential": 99}, "FOREIGN KEY"),
        ({"agent": 99}, "FOREIGN KEY"),
        ({"salt": None}, "CHECK"),
        ({"identity": None}, "CHECK"),
        ({"direction": "in"}, "CHECK"),
        ({"direction": "note", "identity": None, "salt": None, "agent": None, "credential": None}, "CHECK"),
        ({"direction": "auto"}, "CHECK"),
    ],
)
async def test_an_outbound_row_needs_a_person_and_their_own_evidence(
    company: Company, wrong: dict[str, Any], why: str
) -> None:
    """Without an author, without evidence, or with another person's, the row is refused; with all of it, it is not."""
    row = await facts(company)
    with pytest.raises(sqlite3.IntegrityError, match=why):
        write(company, row | wrong)
    write(company, row)


async def test_evidence_cannot_be_deleted(company: Company) -> None:
    """A session or token under which something was written stays, and so does the person."""
    row = await facts(company)
    write(company, row)
    with closing(sqlite3.connect(company.folder / "teamline.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = ON")
        for table in ("credential", "agent"):
            with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
                raw.execute(f"DELETE FROM {table} WHERE id = 1")
