"""After every writing run: what was acknowledged is in the database, once. Ends the whole bench with 1 otherwise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rich.console import Console


def check_received(console: Console, database: Path, acknowledged: set[str], refused: int) -> None:
    """Customers' messages, by the provider's ids."""
    with closing(sqlite3.connect(database)) as connection:
        stored = [row[0] for row in connection.execute("SELECT provider_id FROM message WHERE channel = 'sms'")]
    stored = [key for key in stored if key is not None]
    _say(
        console, "messages", len(acknowledged), len(acknowledged - set(stored)), len(stored) - len(set(stored)), refused
    )


def check_on_web(console: Console, database: Path, acknowledged: set[str], refused: int) -> None:
    """Visitors' messages, by their idempotency keys."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT provider_id FROM message WHERE channel = 'web' AND direction = 'in'")
        stored = [row[0].partition(":")[2] for row in rows]
    _say(
        console, "messages", len(acknowledged), len(acknowledged - set(stored)), len(stored) - len(set(stored)), refused
    )


def check_replied(console: Console, database: Path, acknowledged: set[str], refused: int) -> None:
    """Replies, by their idempotency keys: each names a message of its own that has its author's link in the chain and
    one delivery that was made; and there is no reply besides."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            """SELECT idempotency.key, message.id FROM idempotency
                 JOIN message ON message.id = CAST(json_extract(idempotency.answer, '$.id') AS INTEGER)
                 JOIN authorship ON authorship.message_id = message.id
                 JOIN delivery ON delivery.message_id = message.id AND delivery.state = 'sent'
                WHERE message.direction = 'out' AND message.body = json_extract(idempotency.answer, '$.body')"""
        ).fetchall()
        replies = connection.execute("SELECT count(*) FROM message WHERE direction = 'out'").fetchone()[0]
    missing = len(acknowledged - {key for key, _ in rows})
    _say(console, "replies", len(acknowledged), missing, replies - len({message for _, message in rows}), refused)


def _say(console: Console, what: str, acknowledged: int, missing: int, twice: int, refused: int) -> None:
    console.print(f"{acknowledged:,} {what} acknowledged, {missing:,} missing, {twice:,} twice, {refused:,} refused")
    if missing or twice:
        raise SystemExit(1)
