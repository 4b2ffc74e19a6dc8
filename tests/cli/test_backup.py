"""`teamline backup`: one file with the database of a moment and every file it names, beside whoever serves them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from gateway.files.store import path_of
from gateway.store.backup.archive import check
from gateway.store.backup.layout import LEFT_OUT, layout, newest
from tests.cli.house import House
from tests.company import FRONT, Company
from tests.gateway_process import TEAMLINE

PATIENCE = 30.0
"""Seconds."""


def _names(folder: Path) -> set[str]:
    """What is in it."""
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def house(engine: str, tmp_path: Path) -> House:
    made = House(tmp_path / "house", engine)
    made.live()
    return made


def test_it_is_a_tar_with_its_hashes(house: House, tmp_path: Path) -> None:
    """A backup is a tar for its owner's eyes: a manifest first, and the SHA-256 of every other member last."""
    made = house.run("backup", str(tmp_path / "a.tar"))
    assert 0 == made.exit_code
    assert 0o600 == (tmp_path / "a.tar").stat().st_mode & 0o777
    with tarfile.open(tmp_path / "a.tar") as tar:
        contents = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    sums = contents.pop("SHA256SUMS").decode()
    assert "".join(f"{hashlib.sha256(one).hexdigest()}  {name}\n" for name, one in contents.items()) == sums
    manifest = json.loads(contents["manifest.json"])
    counts = {table: len(rows) for table, rows in house.dump().items()}
    assert (house.engine, newest(), counts) == (manifest["engine"], manifest["schema"], manifest["rows"])
    assert {f"files/{path_of(hash_)}" for hash_ in house.hashes()} == {n for n in contents if n.startswith("files/")}
    assert {"a.tar", "house"} == _names(tmp_path)


def test_every_table_is_carried(house: House) -> None:
    """Whatever both engines have in their schemas is carried, with the same columns in the same order of types."""
    tables = {table.name: set(table.columns) for table in layout(newest()["sqlite"])}
    found: dict[str, set[str]] = {}

    async def look(company: Company) -> None:
        columns = (
            "SELECT name, (SELECT group_concat(name) FROM pragma_table_info(one.name)) FROM pragma_table_list AS one "
            "WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
            if house.engine == "sqlite"
            else "SELECT table_name::text, string_agg(column_name::text, ',') FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name <> 'holding' GROUP BY table_name"
        )
        found.update({name: set(text.split(",")) for name, text in await company.rows(columns)})

    house.work(look)
    assert tables == {name: columns for name, columns in found.items() if name not in LEFT_OUT}


def test_nothing_is_replaced_unasked(house: House, tmp_path: Path) -> None:
    """A file that is there stays as it is, unless --force is said."""
    file = tmp_path / "a.tar"
    file.write_text("mine", encoding="utf-8")
    refused = house.run("backup", str(file))
    assert (1, "mine") == (refused.exit_code, file.read_text(encoding="utf-8"))
    assert f"teamline: {file} is there already. Choose another name, or say --force\n" == refused.stderr
    assert 0 == house.run("backup", "--force", str(file)).exit_code
    assert check(file).manifest.files == len(house.hashes())


def test_a_missing_file_is_named(house: House, tmp_path: Path) -> None:
    """A file that cannot be read is named with exit code 1, and everything else is in the backup."""
    gone, bad, *_ = sorted(house.hashes())
    (house.files / path_of(gone)).unlink()
    (house.files / path_of(bad)).write_bytes(b"something else")
    made = house.run("backup", str(tmp_path / "a.tar"))
    said = [f"{gone}: it is not there", f"{bad}: its bytes are not those of its hash"]
    assert [f"not in the backup: file {one}" for one in said] == made.stderr.splitlines()
    assert 1 == made.exit_code
    assert house.hashes() - {gone, bad} == {path.rpartition("/")[2] for path in check(tmp_path / "a.tar").files}


def test_it_is_of_one_moment(house: House, tmp_path: Path) -> None:
    """What is written while a backup is made is in it as a whole or not at all, and nobody who writes waits for it."""
    command = [TEAMLINE, "backup", "--config", str(house.folder / "config"), str(tmp_path / "a.tar")]

    async def write(company: Company) -> None:
        ana = await company.hire("eve", FRONT)
        thread = (await company.text(sender="+13035557777")).thread
        made = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        while made.returncode is None:
            await company.reply(ana.secret, thread)
        assert 0 == made.returncode

    house.work(write)
    other = House(tmp_path / "other", house.engine)
    assert 0 == other.run("restore", str(tmp_path / "a.tar")).exit_code
    assert 0 == other.run("verify").exit_code


def test_ctrl_c_leaves_nothing(house: House, tmp_path: Path) -> None:
    """A backup that is interrupted leaves neither a file nor a part of one."""
    file = tmp_path / "a.tar"
    command = [TEAMLINE, "backup", "--config", str(house.folder / "config"), str(file)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as made:
        deadline = time.monotonic() + PATIENCE
        while not file.with_name("a.tar.partial").exists():
            assert time.monotonic() < deadline
        made.send_signal(signal.SIGINT)
        code = made.wait()
    left = sorted(_names(tmp_path) - {"house"})
    assert (code, left) in [(1, []), (0, ["a.tar"])]  # the second: it was quicker


def test_a_full_disk_is_told(house: House, tmp_path: Path) -> None:
    """Where there is no room, one line says so, and nothing is left."""
    limit = ["prlimit", "--fsize=4096"]
    command = [*limit, TEAMLINE, "backup", "--config", str(house.folder / "config"), str(tmp_path / "a.tar")]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (1, 1) == (made.returncode, len(made.stderr.splitlines()))
    assert made.stderr.startswith("teamline: ")
    assert house.engine == "sqlite" or made.stderr.startswith(f"teamline: {tmp_path / 'a.tar'} cannot be written: ")
    assert {"house"} == _names(tmp_path)


def test_a_disk_with_little_room_is_told(house: House, tmp_path: Path) -> None:
    """Where the disk is full, the line names what could not be written on it, and does not blame the database."""
    small = tmp_path / "small"
    small.mkdir()
    script = f'mount -t tmpfs -o size=24k small {small} && "$@"; code=$?; ls -A {small}; exit $code'
    into = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c", script, "sh"]
    command = [*into, TEAMLINE, "backup", "--config", str(house.folder / "config"), str(small / "a.tar")]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    file = small / "a.tar"
    copied = f"the database {house.folder / 'teamline.db'} cannot be copied to {file}.snapshot"
    said = {
        "sqlite": f"{copied}: database or disk is full",
        "postgresql": f"{file} cannot be written: No space left on device. Make room, or choose another disk.",
    }[house.engine]
    assert (1, "", f"teamline: {said}\n") == (made.returncode, made.stdout, made.stderr)


@pytest.mark.parametrize("where", ["no/such/folder/a.tar", "file/a.tar"])
def test_a_place_that_is_none_is_told(tmp_path: Path, where: str) -> None:
    """A folder that is not there, or is none, is one line."""
    house = House(tmp_path / "house", "sqlite")
    assert 0 == house.run("migrate").exit_code
    (tmp_path / "file").touch()
    refused = house.run("backup", str(tmp_path / where))
    assert (1, 1) == (refused.exit_code, len(refused.stderr.splitlines()))
    assert refused.stderr.startswith(f"teamline: {tmp_path / where} cannot be written: ")


def test_no_database_is_told(tmp_path: Path) -> None:
    """Where there is no database, none is made."""
    house = House(tmp_path / "house", "sqlite")
    refused = house.run("backup", str(tmp_path / "a.tar"))
    assert f"teamline: there is no database {house.database.path}\n" == refused.stderr
    assert {"house"} == _names(tmp_path)
    assert not house.database.path.exists()


def test_what_is_left_of_a_killed_one_is_no_hindrance(tmp_path: Path) -> None:
    """A draft and a snapshot of a backup that was killed are taken over by the next."""
    house = House(tmp_path / "house", "sqlite")
    house.live()
    (tmp_path / "a.tar.partial").write_bytes(b"x" * 1_000_000)
    with sqlite3.connect(tmp_path / "a.tar.snapshot") as raw:
        raw.execute("CREATE TABLE half (id)")
    raw.close()
    assert 0 == house.run("backup", str(tmp_path / "a.tar")).exit_code
    assert {"house", "a.tar"} == _names(tmp_path)
    check(tmp_path / "a.tar")
