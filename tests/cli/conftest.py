"""What the tests of the commands share: a config folder for each engine, and the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.http import passwords
from gateway.store.doorbell import Doorbell
from tests.cli.house import TEAM, House
from tests.company import Company, engine
from tests.engines import open_engine, place_now

__all__ = ["engine"]

GATEWAY = '[server]\npublic_url = "https://care.example.com"\n[database]\nurl = "{place}"\n'

Run = Callable[..., Result]
Fill = Callable[[Callable[[Company], Awaitable[None]]], None]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody will guess at the passwords of these tests."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def place(engine: str, tmp_path: Path) -> str:
    """Where the database is: SQLite's file is not there yet, PostgreSQL's tables are."""
    return place_now(engine, tmp_path)


@pytest.fixture
def config(tmp_path: Path, place: str) -> Path:
    """A valid config folder."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "gateway.toml").write_text(GATEWAY.format(place=place), encoding="utf-8")
    teams = "".join(TEAM.format(id=team) for team in ("front-range", "great-lakes"))
    (folder / "teams.toml").write_text(f'default_team = "front-range"\n{teams}', encoding="utf-8")
    (tmp_path / "password").write_text("correct horse battery\n", encoding="utf-8")
    return folder


@pytest.fixture
def run(config: Path) -> Run:
    """`teamline ...` with this config folder; PASSWORD stands for a file with a good one."""

    def invoke(*words: str, typed: str | None = None) -> Result:
        file = str(config.parent / "password")
        args = [file if word == "PASSWORD" else word for word in words]
        return CliRunner().invoke(main, args, input=typed, env={"TEAMLINE_CONFIG": str(config)})

    return invoke


@pytest.fixture
def fill(config: Path, engine: str) -> Fill:
    """Has a company write into the database of the config folder, and closes it again."""

    def filled(write: Callable[[Company], Awaitable[None]]) -> None:
        async def work() -> None:
            doorbell = Doorbell()
            store = await open_engine(engine, config.parent, doorbell)
            try:
                await write(Company(store, doorbell, config.parent))
            finally:
                await store.close()

        asyncio.run(work())

    return filled


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Path]:
    """A house on SQLite, and its backup."""
    folder = tmp_path_factory.mktemp("saved")
    house = House(folder / "house", "sqlite")
    house.live()
    assert 0 == house.run("backup", str(folder / "a.tar")).exit_code
    return house, folder / "a.tar"
