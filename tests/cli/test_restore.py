"""`teamline restore`: everything is back in an empty place, on either engine, and goes on from there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.carrying import filling
from gateway.files.store import path_of
from gateway.settings import load
from gateway.store.backup.layout import layout
from gateway.store.books import SKIPPED
from tests.cli.house import Dump, House
from tests.company import FRONT, Company
from tests.engines import ENGINES, drop
from tests.postgres import databases


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 60))
@pytest.mark.parametrize("to", ENGINES)
def test_any_past_survives(
    engine: str, to: str, tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int
) -> None:
    """Whatever happened is in the restored database row by row, on either engine, and its authorship verifies."""
    folder = tmp_path_factory.mktemp("past")
    house, other = House(folder / "house", engine), House(folder / "other", to)
    house.live(seed, steps)
    assert 0 == house.run("backup", str(folder / "a.tar")).exit_code
    restored = other.run("restore", str(folder / "a.tar"))
    assert (0, "") == (restored.exit_code, restored.stderr)
    before, after = house.dump(), other.dump()
    assert {*before} == {*after}
    assert {name: before[name] for name in before if name not in CHANGED} == {
        name: after[name] for name in after if name not in CHANGED
    }
    _assert_changes(before, after)
    assert house.hashes() == other.hashes()
    assert house.run("verify").stdout == other.run("verify").stdout
    assert 0 == other.run("verify").exit_code
    drop(folder)


CHANGED = {"team", "hold", "secret", "credential", "event", "delivery"}
"""What a restored database is told: see actions/restored.py."""


def _assert_changes(before: Dump, after: Dump) -> None:
    lost = sum(row[7] == "sending" for row in before["delivery"])
    assert before["event"] == after["event"][: len(before["event"])] or lost
    assert len(before["event"]) + lost == len(after["event"])
    assert [row[0] for row in before["team"]] == [row[0] for row in after["team"]]
    numbers = sum(row[1] for row in before["team"]) + lost + SKIPPED * len(before["team"])
    assert numbers == sum(row[1] for row in after["team"])
    assert [row[2:] for row in before["team"]] == [row[2:] for row in after["team"]]
    assert [row[:-1] for row in before["credential"]] == [row[:-1] for row in after["credential"]]
    assert {row[2] for row in after["credential"] if row[-1] is None} <= {"token"}
    assert [] == after["secret"]
    assert 1 == len(after["hold"])
    expected = ["unknown" if row[7] == "sending" else row[7] for row in before["delivery"]]
    assert expected == [row[7] for row in after["delivery"]]


def test_new_rows_have_new_numbers(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """After a restore the company goes on: what is written next collides with nothing."""
    other = House(tmp_path / "other", engine)
    assert 0 == other.run("restore", str(saved[1])).exit_code

    async def go_on(company: Company) -> None:
        eve = await company.hire("eve", FRONT)
        await company.reply(eve.secret, (await company.text(sender="+13035558888")).thread)

    other.work(go_on)
    assert 0 == other.run("verify").exit_code


def test_what_was_taken_for_sent_is_in_doubt(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """What was being sent when the backup was made is unknown, and is looked up only after the release."""
    other = House(tmp_path / "other", engine)
    assert 0 == other.run("restore", str(saved[1])).exit_code
    sending = [row[0] for row in saved[0].dump()["delivery"] if row[7] == "sending"]
    assert [] != sending
    after = {row[0]: row for row in other.dump()["delivery"]}
    assert {"unknown"} == {after[id_][7] for id_ in sending}
    assert all(after[id_][10] is not None and after[id_][11] is None for id_ in sending)


def test_a_migrated_database_without_rows_will_do(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """Where `migrate` has been, there is nothing yet."""
    other = House(tmp_path / "other", engine)
    assert 0 == other.run("migrate").exit_code
    assert 0 == other.run("restore", str(saved[1])).exit_code
    assert saved[0].dump()["message"] == other.dump()["message"]


def test_postgres_without_tables_will_do(tmp_path: Path, saved: tuple[House, Path]) -> None:
    """A database that was just created gets its tables with the rows."""
    url = databases().create_now()
    try:
        other = House(tmp_path / "other", "postgresql", url)
        assert 0 == other.run("restore", str(saved[1])).exit_code
        assert saved[0].dump()["message"] == other.dump()["message"]
    finally:
        databases().drop_now(url)


def test_files_that_survived_are_kept(tmp_path: Path, saved: tuple[House, Path]) -> None:
    """Files that are there already, as after a restore that was killed, are no hindrance."""
    house, file = saved
    other = House(tmp_path / "other", "sqlite")
    survivor = min(house.hashes())
    (other.files / path_of(survivor)).parent.mkdir(parents=True)
    (other.files / path_of(survivor)).write_bytes((house.files / path_of(survivor)).read_bytes())
    (tmp_path / "other/teamline.db.restoring").write_bytes(b"half")
    assert 0 == other.run("restore", str(file)).exit_code
    assert house.hashes() == other.hashes()
    assert not (tmp_path / "other/teamline.db.restoring").exists()


def test_an_older_backup_is_brought_up(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """Rows of an older schema go into that schema, which is then migrated like any database of that time."""
    if engine == "postgresql":
        url = databases().create_now()
        try:
            assert 1 == _migrated_from(House(tmp_path / "other", engine, url), {"sqlite": 6, "postgres": 1})
        finally:
            databases().drop_now(url)
    else:
        assert 1 == _migrated_from(House(tmp_path / "other", engine), {"sqlite": 6, "postgres": 1})


def _migrated_from(house: House, schema: dict[str, int]) -> int:
    """How many rows of an old database are there after it was brought up."""
    [team] = [table for table in layout(schema["sqlite"]) if table.name == "team"]

    async def fill() -> None:
        async with filling(load(house.folder / "config", with_secrets=False), schema) as target:
            await target.add(team, [("denver", 0, 0, b"")])
            await target.migrate()
            await target.publish()

    asyncio.run(fill())
    assert 0 == house.run("migrate").exit_code
    return len(house.dump()["team"])
