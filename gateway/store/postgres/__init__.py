"""The PostgreSQL engine: for many nodes on one database. Nothing outside this package knows asyncpg."""

from gateway.store.postgres.engine import PostgresStore, open_postgres

__all__ = ["PostgresStore", "open_postgres"]
