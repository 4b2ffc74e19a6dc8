"""`teamline restore`: everything is back in an empty place, on either engine, or nothing is; and nothing is sent."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.carrying import filling
from gateway.files.store import path_of
from gateway.settings import load
from gateway.store.backup.layout import layout
from gateway.store.books import SKIPPED
from gateway.store.serving import only_server
from tests.cli.house import Dump, House
from tests.company import FRONT, Company
from tests.engines import ENGINES, drop
from tests.postgres import databases


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Path]:
    """A house on SQLite, and its backup."""
    folder = tmp_path_factory.mktemp("saved")
    house = House(folder / "house", "sqlite")
    house.live()
    assert 0 == house.run("backup", str(folder / "a.tar")).exit_code
    return house, folder / "a.tar"


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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_is_refused_or_means_nothing(
    saved: tuple[House, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A backup with one byte changed is refused with one line, unless the byte says nothing of what is restored."""
    house, file = saved
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.mktemp("flipped")
    (folder / "b.tar").write_bytes(content)
    other = House(folder / "other", "sqlite")
    refused = other.run("restore", str(folder / "b.tar"))
    if refused.exit_code:
        _assert_untouched(other, refused.stderr)
    else:
        assert house.dump()["message"] == other.dump()["message"]
        assert house.hashes() == other.hashes()


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
def test_one_that_was_cut_off_is_refused(saved: tuple[House, Path], tmp_path: Path, share: float) -> None:
    """A backup without its end is no backup."""
    content = saved[1].read_bytes().rstrip(b"\0")
    (tmp_path / "b.tar").write_bytes(content[: int(len(content) * share)])
    other = House(tmp_path / "other", "sqlite")
    refused = other.run("restore", str(tmp_path / "b.tar"))
    assert 1 == refused.exit_code
    _assert_untouched(other, refused.stderr)


def _assert_untouched(house: House, said: str) -> None:
    assert said.startswith("teamline: ")
    assert 1 == len(said.splitlines())
    assert not house.database.path.exists()
    assert set() == house.hashes()


def _with_manifest(file: Path, change: Callable[[dict[str, object]], object]) -> bytes:
    """The backup with other words in its manifest."""
    made = io.BytesIO()
    with tarfile.open(file) as old, tarfile.open(fileobj=made, mode="w") as new:
        for info in old:
            content = old.extractfile(info).read()  # type: ignore[union-attr]
            if info.name == "manifest.json":
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
                info.size = len(content)
            new.addfile(info, io.BytesIO(content))
    return made.getvalue()


def _with_more(file: Path) -> bytes:
    """The backup with a member at its end that its sums do not name."""
    made = io.BytesIO(file.read_bytes())
    with tarfile.open(fileobj=made, mode="a") as more:
        info = tarfile.TarInfo("files/sha256/../../evil")
        info.size = 4
        more.addfile(info, io.BytesIO(b"evil"))
    return made.getvalue()


NEWER = "was made by Teamline 9.9, which is newer: restore it with that version"
FOREIGN: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "a newer schema": (
        lambda file: _with_manifest(file, lambda m: m.update(teamline="9.9", schema={"sqlite": 99, "postgres": 99})),
        NEWER,
    ),
    "one with more in it": (_with_more, "is damaged, or was cut off"),
    "a newer format": (lambda file: _with_manifest(file, lambda m: m.update(teamline="9.9", format=2)), NEWER),
    "an invented manifest": (lambda file: _with_manifest(file, lambda m: m.clear()), "is no backup of Teamline"),
    "a database": (lambda file: (file.parent / "house/teamline.db").read_bytes(), "is no backup of Teamline"),
    "an empty file": (lambda _: b"", "is no backup of Teamline"),
    "words": (lambda _: b"backup! " * 1_000, "is no backup of Teamline"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_backup_of_ours_is_refused(saved: tuple[House, Path], tmp_path: Path, kind: str) -> None:
    """What another program or a newer Teamline has made is named for what it is."""
    make, said = FOREIGN[kind]
    (tmp_path / "b.tar").write_bytes(make(saved[1]))
    other = House(tmp_path / "other", "sqlite")
    refused = other.run("restore", str(tmp_path / "b.tar"))
    assert refused.stderr.startswith(f"teamline: {tmp_path / 'b.tar'} {said}")
    _assert_untouched(other, refused.stderr)


def test_a_database_with_rows_is_refused(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """A database that somebody uses stays as it is, and what is in it is said."""
    other = House(tmp_path / "other", engine)
    assert 0 == other.run("migrate").exit_code
    person = ("--login", "ana", "--name", "Ana", "--role", "admin", "--password-file")
    (tmp_path / "password").write_text("correct horse battery", encoding="utf-8")
    assert 0 == other.run("agent", "add", *person, str(tmp_path / "password")).exit_code
    before = other.dump()
    refused = other.run("restore", str(saved[1]))
    assert 1 == refused.exit_code
    assert f"teamline: {other.database.name} is not empty (rows in agent: 1" in refused.stderr
    assert (before, set()) == (other.dump(), other.hashes())


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


def test_other_files_are_refused(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """Files that are not the backup's stay, and nothing is restored beside them."""
    other = House(tmp_path / "other", engine)
    stranger = "ab" * 32
    (other.files / path_of(stranger)).parent.mkdir(parents=True)
    (other.files / path_of(stranger)).write_bytes(b"mine")
    refused = other.run("restore", str(saved[1]))
    assert "teamline: the place for files is not empty: 1 files in it are not in the backup\n" == refused.stderr
    assert {stranger} == other.hashes()
    assert engine == "postgresql" or not other.database.path.exists()
    if engine == "postgresql":
        assert [] == other.dump()["message"]


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


def test_what_cannot_be_written_leaves_nothing(engine: str, tmp_path: Path, saved: tuple[House, Path]) -> None:
    """When the files cannot be stored, there is no database either."""
    other = House(tmp_path / "other", engine)
    first = other.files / path_of(max(saved[0].hashes()))
    first.parent.parent.mkdir(parents=True)
    first.parent.write_text("in the way", encoding="utf-8")
    refused = other.run("restore", str(saved[1]))
    assert refused.stderr.startswith("teamline: the files cannot be written: ")
    assert set() == other.hashes()
    assert engine == "postgresql" or not other.database.path.exists()
    if engine == "postgresql":
        assert [] == other.dump()["message"]


def test_a_served_database_is_refused(tmp_path: Path, saved: tuple[House, Path]) -> None:
    """While a gateway serves the SQLite file, nothing is put in its place."""
    other = House(tmp_path / "other", "sqlite")
    with only_server(other.database.path):
        refused = other.run("restore", str(saved[1]))
    assert f"teamline: {other.database.path} is served by another process already\n" == refused.stderr


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
