"""The large database: 1,000,000 messages in 100,000 threads over 50 teams, built once and kept under .cache/.

Built by SQL through the store's own migrations, row for row what the actions would have written: reach, heads, events,
deliveries, the authorship chain, and the search index by the store's own words. So `teamline verify` holds on it.
A few threads are long and most are short; everything is interleaved by time. What is in it is in its name: a change of
the schema, of the words or of this file makes a new one, and the old ones go.
"""

from __future__ import annotations

import hashlib
import inspect
import random
import sqlite3
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

from rich.progress import Progress

from bench.history import History, Rows
from bench.server import CACHE
from bench.trial import scaled
from gateway.domain import search
from gateway.store.migrate import migrations
from gateway.store.sqlite.migrate import migrate

MESSAGES: Final = scaled(1_000_000, least=1_000)
THREADS: Final = scaled(100_000, least=100)
STEP: Final = 5_000
"""Messages in one transaction, and so in one segment of the index."""

TABLES: Final = {
    "customer": "id, team_id, created_at",
    "identity": "id, customer_id, kind, address, created_at",
    "thread": "id, customer_id, team_id, created_at, last_message_id, last_line_id, in_count, claimed_by, claimed_at",
    "line": "id, identity_id, channel, endpoint, thread_id, created_at",
    "reach": "thread_id, holder, waiting_since, last_at",
    "message": "id, team_id, thread_id, direction, identity_id, line_id, channel, agent_id, credential_id, body, salt, "
    "provider_id, at",
    "message_words": "rowid, words",
    "customer_words": "rowid, words",
    "delivery": "team_id, thread_id, message_id, identity_id, channel, endpoint, state, provider_id, updated_at",
    "authorship": "team_id, seq, message_id, agent_id, credential_id, digest, prev, hash",
    "event": "team_id, seq, thread_id, kind, at, data",
    "agent": "id, login, name, display_name, role, password_hash, created_at",
    "agent_team": "agent_id, team_id",
    "credential": "id, agent_id, kind, secret_hash, may_reply, created_at",
}
"""Each table's columns, in the order of the rows of bench/history.py."""


def large_database(progress: Progress) -> Path:
    """The database; not to be written to."""
    path = CACHE / f"bench-large-{MESSAGES}-{_stamp()}.db"
    if not path.exists():
        for old in CACHE.glob(f"bench-large-{MESSAGES}-*"):
            old.unlink()
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            _build(connection, progress)
        draft.rename(path)
    return path


def _stamp() -> str:
    whole = hashlib.sha256(Path(__file__).read_bytes() + Path(inspect.getfile(History)).read_bytes())
    whole.update(inspect.getsource(search).encode())
    for migration in migrations("sqlite"):
        whole.update(migration.sql.encode())
    return whole.hexdigest()[:12]


def _build(db: sqlite3.Connection, progress: Progress) -> None:
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    migrate(db, migrations("sqlite"))
    db.execute("PRAGMA foreign_keys = OFF")  # rows of one step refer to each other in any order; checked at the end
    history = History(random.Random(4), THREADS, MESSAGES)
    _insert(db, history.people())
    task = progress.add_task(f"building {MESSAGES:,} messages", total=MESSAGES)
    steps = history.messages()
    while some := list(islice(steps, STEP)):
        _insert(db, _joined(some))
        progress.advance(task, len(some))
    _insert(db, history.states())
    db.execute("UPDATE indexed SET last_id = ?1 WHERE kind = 'message'", (MESSAGES,))
    db.execute("UPDATE indexed SET last_id = ?1 WHERE kind = 'line'", (THREADS,))
    if db.execute("PRAGMA foreign_key_check").fetchone():
        raise SystemExit("the large database refers to rows that are not there")
    db.execute("PRAGMA journal_mode = WAL").fetchall()


def _joined(parts: list[Rows]) -> Rows:
    whole: Rows = {}
    for part in parts:
        for table, rows in part.items():
            whole.setdefault(table, []).extend(rows)
    return whole


def _insert(db: sqlite3.Connection, rows: Rows) -> None:
    db.execute("BEGIN")
    for table, values in rows.items():
        if table == "team":
            db.executemany("INSERT INTO team (id, event_seq, chain_seq, chain_hash) VALUES (?, ?, ?, ?)", values)
            continue
        columns = TABLES[table]
        places = ", ".join("?" * len(columns.split(",")))
        db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)
    db.execute("COMMIT")
