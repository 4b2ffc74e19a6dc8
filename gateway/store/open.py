"""Opens a database of either kind: a path is SQLite's file, a text is where PostgreSQL is."""

from __future__ import annotations

from pathlib import Path

from gateway.store.doorbell import Doorbell
from gateway.store.store import Store


async def open_store(place: Path | str, doorbell: Doorbell, *, serving: bool = True) -> Store:
    """Migrated. `serving=False` is a short-lived command beside whoever serves. Raises Unavailable, DatabaseTooNew, and
    Misuse for a changed migration."""
    if isinstance(place, Path):  # imported when needed: each driver costs the start some hundredths of a second
        from gateway.store.sqlite import open_sqlite  # noqa: PLC0415

        return await open_sqlite(place, doorbell=doorbell, serving=serving)
    from gateway.store.postgres import open_postgres  # noqa: PLC0415

    return await open_postgres(place, doorbell=doorbell, serving=serving)
