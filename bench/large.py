"""The large database: 1,000,000 messages in 100,000 threads over 50 teams, built once and kept under .cache/.

Built through the store's own migrations, row for row what the actions would have written: reach, heads, events,
deliveries, the authorship chain, and the search index by the store's own words. So `teamline verify` holds on it.
A few threads are long and most are short; everything is interleaved by time. What is in it is in its name: a change of
the schema, of the words or of what builds it makes a new one, and the old ones go.
"""

from __future__ import annotations

import hashlib
import inspect
import random
from collections.abc import Iterator
from itertools import islice
from typing import Final

from rich.progress import Progress

from bench import history, large_postgres, large_sqlite
from bench.database import Database, server
from bench.history import History, Rows
from bench.trial import CACHE, ENGINE, scaled
from gateway.domain import search
from gateway.store.migrate import migrations

MESSAGES: Final = scaled(1_000_000, least=1_000)
THREADS: Final = scaled(100_000, least=100)
STEP: Final = 5_000
"""Messages written at once, and so in one segment of SQLite's index."""


async def large_database(progress: Progress) -> Database:
    """The database; not to be written to."""
    if ENGINE == "sqlite":
        stamp = _stamp(inspect.getsource(large_sqlite), *(each.sql for each in migrations("sqlite")))
        return Database(large_sqlite.kept(CACHE, f"bench-large-{MESSAGES}-", stamp, _steps(progress)))
    stamp = _stamp(inspect.getsource(large_postgres), *(each.sql for each in migrations("postgres")))
    return Database(await large_postgres.kept(server().url, f"large_{MESSAGES}_", stamp, _steps(progress)))


def _stamp(*built_by: str) -> str:
    parts = (inspect.getsource(history), inspect.getsource(search), *built_by)
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:12]


def _steps(progress: Progress) -> Iterator[Rows]:
    """All rows, in the order in which they came to be; how it all stands comes last."""
    dealt = History(random.Random(4), THREADS, MESSAGES)
    task = progress.add_task(f"building {MESSAGES:,} messages", total=MESSAGES)
    yield dealt.people()
    messages = dealt.messages()
    while some := list(islice(messages, STEP)):
        yield _joined(some)
        progress.advance(task, len(some))
    yield dealt.states()


def _joined(parts: list[Rows]) -> Rows:
    whole: Rows = {}
    for part in parts:
        for table, rows in part.items():
            whole.setdefault(table, []).extend(rows)
    return whole
