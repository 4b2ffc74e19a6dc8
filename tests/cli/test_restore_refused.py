"""`teamline restore` of what is no whole backup, or to where something is: it is refused, and nothing was changed."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.files.store import path_of
from gateway.store.serving import only_server
from tests.cli.house import House


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
    said = f"{other.database.path} is served by another process already; stop that gateway first"
    assert f"teamline: {said}\n" == refused.stderr
