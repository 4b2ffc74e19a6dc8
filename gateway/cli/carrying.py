"""What `backup`, `restore` and `copy` share: where rows come from, and a bar on stderr while they go."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.store.backup.rows import Source, Target

Progress = Callable[[int], None]
"""Hears of so many more rows or files."""


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Progress]:
    """A bar where somebody looks, else nothing."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


async def migrated(settings: Settings) -> None:
    """Bring the database up to this version first, as every command does. Raises NotFound where there is none."""
    from gateway.store.doorbell import Doorbell
    from gateway.store.open import open_store

    database = settings.database
    if database.engine == "sqlite" and not database.path.exists():
        raise NotFound(f"there is no database {database.path}")
    store = await open_store(database.place, Doorbell(), serving=False)
    await store.close()


def reading(settings: Settings, beside: Path) -> AbstractAsyncContextManager[Source]:
    """The database as it is now; SQLite makes a copy `beside` this file for as long as it is read."""
    if settings.database.engine == "sqlite":
        from gateway.store.backup.sqlite import snapshot

        return snapshot(settings.database.path, beside)
    from gateway.store.backup.postgres import source

    return source(settings.database.dsn)


def filling(settings: Settings, schema: dict[str, int]) -> AbstractAsyncContextManager[Target]:
    """The empty database that the config names, at an older version of the schema if need be."""
    if settings.database.engine == "sqlite":
        from gateway.store.backup import sqlite

        return sqlite.target(settings.database.path, schema["sqlite"])
    from gateway.store.backup import postgres

    return postgres.target(settings.database.dsn, schema["postgres"], settings.database.name)


@contextmanager
def told(what: str) -> Iterator[None]:
    """What the system says of files, in one line."""
    try:
        yield
    except OSError as error:
        full = ". Make room, or choose another disk." if error.errno == errno.ENOSPC else ""
        raise Unavailable(f"{what}: {error.strerror or type(error).__name__}{full}") from None
