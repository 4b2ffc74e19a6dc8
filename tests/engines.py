"""A migrated store on a database of its own, by the name of its engine; one suite runs on all of them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.store.doorbell import Doorbell
from gateway.store.migrate import migrations
from gateway.store.postgres import open_postgres
from gateway.store.postgres.migrate import migrate
from gateway.store.postgres.pools import connect
from gateway.store.sqlite import open_sqlite
from gateway.store.store import Store
from tests.postgres import databases, elsewhere

ENGINES: Final = ("sqlite", "postgresql")

_made: dict[Path, str] = {}
"""The PostgreSQL database of each folder in use."""
_template: list[str] = []
"""One that is migrated and empty, for the others to be copied from."""


def unexpected() -> None:
    raise AssertionError("the store gave up its process")


async def open_engine(
    engine: str,
    folder: Path,
    doorbell: Doorbell | None = None,
    on_fatal: Callable[[], None] = unexpected,
    serving: bool = True,
) -> Store:
    """Opens (again, if it is there) the database of `engine` in `folder`; the caller closes it."""
    bell = doorbell or Doorbell()
    if engine == "sqlite":
        return await open_sqlite(folder / "teamline.db", doorbell=bell, on_fatal=on_fatal, serving=serving)
    return await open_postgres(await address(folder), doorbell=bell, serving=serving)


async def address(folder: Path) -> str:
    """Where the PostgreSQL database of a folder is; made when it is first asked for."""
    if folder not in _made:
        _made[folder] = await databases().create(await _migrated())
    return _made[folder]


def address_now(folder: Path) -> str:
    """The same for who cannot await; it blocks, also a running loop."""
    return elsewhere(address(folder))


async def place(engine: str, folder: Path) -> str:
    """What `[database] url` says for it."""
    return f"sqlite:///{folder}/teamline.db" if engine == "sqlite" else await address(folder)


def place_now(engine: str, folder: Path) -> str:
    """The same for who cannot await."""
    return f"sqlite:///{folder}/teamline.db" if engine == "sqlite" else address_now(folder)


async def copy(engine: str, source: Path, folder: Path) -> None:
    """Gives `folder` what the database of `source` has; nobody may be connected to that meanwhile."""
    if engine == "sqlite":
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        shutil.copy(source / "teamline.db", folder / "teamline.db")
    else:
        _made[folder] = await databases().create(await address(source))


def drop(folder: Path) -> None:
    """The databases of this folder and of those below it."""
    below = [made for made in _made if made == folder or folder in made.parents]
    if below:
        databases().drop_now(*(_made.pop(made) for made in below))


async def _migrated() -> str:
    if not _template:
        url = await databases().create()
        connection = await connect(url)
        try:
            await migrate(connection, migrations("postgres"))
        finally:
            await connection.close()
        _template.append(url)
    return _template[0]
