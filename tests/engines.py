"""A migrated store on a database of its own, by the name of its engine; one suite runs on all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.store.doorbell import Doorbell
from gateway.store.sqlite import SqliteStore, open_sqlite

ENGINES: Final = ("sqlite",)


def unexpected() -> None:
    raise AssertionError("the store gave up its process")


async def open_engine(
    engine: str, folder: Path, doorbell: Doorbell | None = None, on_fatal: Callable[[], None] = unexpected
) -> SqliteStore:
    """Opens (again, if it is there) the database of `engine` in `folder`; the caller closes it."""
    assert engine in ENGINES
    return await open_sqlite(folder / "teamline.db", doorbell=doorbell or Doorbell(), on_fatal=on_fatal)
