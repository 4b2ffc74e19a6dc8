"""The SQLite engine: the default, for one process on one machine. Nothing outside this package knows SQLite's ways, but
the statements that stand beside their PostgreSQL twins."""

from gateway.store.sqlite.engine import SqliteStore, open_sqlite

__all__ = ["SqliteStore", "open_sqlite"]
