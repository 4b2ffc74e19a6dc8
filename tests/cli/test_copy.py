"""`teamline copy`: SQLite to an empty PostgreSQL database, every row the same, or nothing there."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.store.backup import postgres
from gateway.store.backup.layout import Table
from gateway.store.backup.rows import Rows
from gateway.store.serving import only_server
from tests.cli.house import House
from tests.engines import drop
from tests.postgres import databases


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path / "house", "sqlite")
    made.live()
    return made


@pytest.fixture
def other(tmp_path: Path) -> House:
    return House(tmp_path / "other", "postgresql")


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 60))
def test_any_past_is_the_same(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    """Every row of every table is in the copy as it was, and its authorship verifies."""
    folder = tmp_path_factory.mktemp("past")
    house, other = House(folder / "house", "sqlite"), House(folder / "other", "postgresql")
    house.live(seed, steps)
    before = house.dump()
    copied = house.run("copy", "--to", other.database.url)
    assert (0, "") == (copied.exit_code, copied.stderr)
    assert before == house.dump() == other.dump()
    drop(folder)


def test_it_says_what_to_change(house: House, other: House) -> None:
    """The last lines are those of gateway.toml that lead to the copy and to the files where they are."""
    copied = house.run("copy", "--to", other.database.url)
    config = ["  [database]", f'  url = "{other.database.url}"', "  [files]", f'  url = "file://{house.files}"']
    assert config == copied.stdout.splitlines()[-4:]


def test_words_are_found_in_the_copy(house: House, other: House) -> None:
    """All messages of the copy wait to be indexed for search."""
    assert 0 == house.run("copy", "--to", other.database.url).exit_code

    async def waiting() -> int:
        connection = await asyncpg.connect(other.database.dsn)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM unindexed WHERE kind = 'message'"))
        finally:
            await connection.close()

    assert len(house.dump()["message"]) == asyncio.run(waiting())


def test_a_copy_that_differs_is_not_kept(house: House, other: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One character that is another on the other side ends it, and leaves nothing there."""
    add = postgres.PostgresTarget.add

    async def add_changed(self: postgres.PostgresTarget, table: Table, rows: Rows) -> None:
        if table.name == "customer":
            rows = [(*row[:2], "Somebody else", *row[3:]) for row in rows]
        await add(self, table, rows)

    monkeypatch.setattr(postgres.PostgresTarget, "add", add_changed)
    refused = house.run("copy", "--to", other.database.url)
    said = "teamline: the copy of customer is another than the source. Nothing was kept of it.\n"
    assert (1, said) == (refused.exit_code, refused.stderr)
    assert {0} == {len(rows) for rows in other.dump().values()}


def test_what_postgresql_cannot_hold_is_told(house: House, other: House) -> None:
    """A NUL that was put into the source ends it with the table's name, and leaves nothing there."""
    with closing(sqlite3.connect(house.database.path)) as raw, raw:
        raw.execute("UPDATE customer SET name = 'A' || char(0) WHERE id = 1")
    refused = house.run("copy", "--to", other.database.url)
    assert refused.stderr.startswith("teamline: a row of customer does not fit PostgreSQL")
    assert {0} == {len(rows) for rows in other.dump().values()}


def test_a_broken_chain_is_told(house: House, other: House) -> None:
    """What does not verify in the source does not in the copy, and is named."""
    with closing(sqlite3.connect(house.database.path)) as raw, raw:
        raw.execute("UPDATE message SET body = 'Other words' WHERE direction = 'out'")
    copied = house.run("copy", "--to", other.database.url)
    assert 1 == copied.exit_code
    assert "the proof of authorship is broken: team " in copied.stdout


def test_the_copy_must_be_empty(house: House, other: House) -> None:
    """A database that holds something is left alone."""
    other.live(1, 5)
    before = other.dump()
    refused = house.run("copy", "--to", other.database.url)
    assert refused.stderr.startswith(f"teamline: {other.database.url} is not empty (rows in ")
    assert before == other.dump()


def test_a_served_source_is_refused(house: House, other: House) -> None:
    """While a gateway serves the source, what it writes would be lost."""
    with only_server(house.database.path):
        refused = house.run("copy", "--to", other.database.url)
    said = f"{house.database.path} is served by another process already; stop that gateway first"
    assert f"teamline: {said}\n" == refused.stderr
    assert {0} == {len(rows) for rows in other.dump().values()}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("internal_error", "the server had an internal error (XX000); see its log"),
        ("disk_full", "the server's disk is full"),
    ],
)
def test_a_server_that_fails_is_told(house: House, tmp_path: Path, code: str, said: str) -> None:
    """Where the server fails by itself, one line says how, to `copy` and to whoever opens the database."""
    url = databases().create_now()
    asyncio.run(_fail(url, code))
    refused = house.run("copy", "--to", url)
    assert (1, f"teamline: the database cannot be written: {said}\n") == (refused.exit_code, refused.stderr)
    opened = House(tmp_path / "other", "postgresql", url).run("migrate")
    assert (1, f"teamline: The database cannot be opened: {said}\n") == (opened.exit_code, opened.stderr)
    databases().drop_now(url)


async def _fail(url: str, code: str) -> None:
    """From now on, at each new table."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"""CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'a row of Ana' USING ERRCODE = '{code}'; END $$"""
        )
        await connection.execute(
            "CREATE EVENT TRIGGER fail ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION fail()"
        )
    finally:
        await connection.close()


EXAMPLE = 'write such as "postgresql://teamline@db.example.com:5432/teamline?sslmode=verify-full"'
NO_POSTGRES = f"--to names no PostgreSQL database; {EXAMPLE}"
BAD = {
    "sqlite:///other.db": NO_POSTGRES,
    "mysql://me:secret@127.0.0.1/db": NO_POSTGRES,
    "postgresql://me:secret@127.0.0.1/db": "--to has a password in it; take it out, and write it into a file for "
    "--password-file",
    "postgresql://db": f"--to is not the URL of a PostgreSQL database; {EXAMPLE}",
}


@pytest.mark.parametrize("url", BAD)
def test_a_bad_url_is_told(tmp_path: Path, url: str) -> None:
    """What is no place to copy to is one line, which repeats no password."""
    house = House(tmp_path / "house", "sqlite")
    refused = house.run("copy", "--to", url)
    assert (1, 1) == (refused.exit_code, len(refused.stderr.splitlines()))
    assert f"teamline: {BAD[url]}\n" == refused.stderr
    assert "secret" not in refused.stderr


def test_a_server_that_is_away_is_told(house: House) -> None:
    """Where nobody answers, one line says so."""
    refused = house.run("copy", "--to", f"postgresql://me@127.0.0.1:{Random(1).randrange(1, 9)}/db")
    assert (1, 1) == (refused.exit_code, len(refused.stderr.splitlines()))
    assert refused.stderr.startswith("teamline: the database cannot be written: ")
